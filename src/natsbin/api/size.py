"""The size search space: 32,768 settings of five channels."""

from __future__ import annotations

from typing import Any

from natsbin.api.benchmark import NASBenchMetaAPI
from natsbin.api.results import ArchResults
from natsbin.api.text import page
from natsbin.spaces import SSS

ALL_BASE_NAMES = [SSS.archive_name]


def print_information(information: ArchResults, extra_info: Any = None, show: bool = False) -> list[str]:
    """The lines of text about an architecture, printed too with ``show``."""
    return page(information, extra_info, show, (("train", "train"), ("valid", "x-valid"), ("test", "ori-test")))


class NATSsize(NASBenchMetaAPI):
    """The size search space of NATS-Bench."""

    _space = SSS
    _untimed = False
    _print_information = staticmethod(print_information)

    @property
    def is_size(self) -> bool:
        """Whether this is the size space."""
        return True

    @property
    def is_topology(self) -> bool:
        """Whether this is the topology space."""
        return False

    @property
    def full_epochs_in_paper(self) -> int:
        """The epochs of the trainings that the paper reports."""
        return 90
