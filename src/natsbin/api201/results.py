"""``ArchResults`` and ``ResultsCount`` of ``nas_201_api``: those of ``nats_bench``, with numpy's mean and sum.

``numpy.mean`` gives a ``numpy.float64``, and from eight values on adds in another order than ``sum``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natsbin.api import results, trial
from natsbin.api.stored import StoredObjects, UnreadResults
from natsbin.rules import mean


class ResultsCount(trial.ResultsCount):
    """One training of one architecture on one dataset with one seed."""

    _mean = staticmethod(np.mean)
    _sum = staticmethod(np.sum)

    def get_latency(self) -> Any:
        """The mean of the measured latencies in seconds, by ``sum``; -1.0 where none was measured."""
        return -1.0 if self.latency is None else mean(self.latency)


class ArchResults(results.ArchResults):
    """All trainings of one architecture with one set of hyper-parameters."""

    _mean = staticmethod(np.mean)
    _trial_class = ResultsCount

    def show(self, is_print: bool = False) -> Any:
        """``print_information`` of this architecture."""
        from natsbin.api201.text import print_information

        return print_information(self, None, is_print)


class _Unread(UnreadResults, ArchResults):
    """An ``ArchResults`` whose attributes are made when any of them is first used."""

    _plain: ClassVar[type[results.ArchResults]] = ArchResults


_Unread.__name__ = _Unread.__qualname__ = ArchResults.__name__


class Objects(StoredObjects):
    """Makes these objects from a store, by hyper-parameter set in the order 12, 200."""

    unread_class = _Unread
    trial_class = ResultsCount

    def _makers(self, index: int) -> Any:
        makers = super()._makers(index)
        return {hp: makers[hp] for hp in sorted(makers)}
