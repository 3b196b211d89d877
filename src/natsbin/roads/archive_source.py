"""An original archive as a source of single records, for `reload`: with its weights, and without converting it."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from natsbin.api.source import Record
from natsbin.api.weights import UnreadWeights
from natsbin.archive import Archive
from natsbin.weights.reader import Arrays, to_torch


class _Read:
    """Weights that are in memory as arrays."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays

    def state_dict(self) -> Any:
        copied: Arrays = OrderedDict((name, np.array(array)) for name, array in self._arrays.items())
        vars(copied).update(vars(self._arrays))
        return to_torch(copied)


class ArchiveSource:
    """Records straight from an archive of one file an architecture; each ``load`` reads and unpickles one."""

    def __init__(self, archive: Archive) -> None:
        assert archive.indexes is not None
        self._archive = archive
        self.space = archive.space
        self.path: Path | None = archive.path
        self.total = archive.total_archs
        self.meta_archs = archive.meta_archs
        self.indexes = np.array(archive.indexes, np.int32)
        self.hps = tuple(archive.space.epochs)

    def load(self, index: int) -> Record:
        """A record of its own; ArchiveError where there is none, or where it is not as published."""
        record: Record = OrderedDict(self._archive.read(index))
        for state in record.values():
            for trial in state["all_results"].values():
                if trial["net_state_dict"] is not None:
                    trial["net_state_dict"] = UnreadWeights(_Read(trial["net_state_dict"]), ())
        return record
