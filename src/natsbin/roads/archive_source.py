"""An original archive whose records and trained weights are read in place, one architecture at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from natsbin.api.source import Record
from natsbin.api.weights import UnreadWeights
from natsbin.archive import Archive, open_archive
from natsbin.weights.reader import Arrays, to_torch

if TYPE_CHECKING:
    from torch import Tensor

Networks = dict[tuple[str, str, int], Arrays]
"""The weights of an architecture by hp, dataset and seed."""


class ArchiveWeights:
    """The trained weights of an archive of one file an architecture. One architecture's are in memory at a time."""

    def __init__(self, archive: Archive) -> None:
        self.path, self._archive = archive.path, archive
        self._last: tuple[int, Networks] | None = None

    def __reduce__(self) -> tuple[Callable[[Path, str], ArchiveWeights], tuple[Path, str]]:
        return weights_in, (self.path.absolute(), self._archive.space.name)

    def state_dict(self, index: int, hp: str, dataset: str, seed: int) -> OrderedDict[str, Tensor] | None:
        """Tensors of the caller's own; None where the archive has none of this network."""
        arrays = self._networks(index).get((hp, dataset, seed))
        return None if arrays is None else to_torch(arrays, copy=True)

    def has(self, index: int, hp: str, dataset: str) -> bool:
        """Whether there are weights of an architecture's trainings on a dataset."""
        return any(key[:2] == (hp, dataset) for key in self._networks(index))

    def read(self, index: int) -> Record:
        """An architecture's record, its weights unread, which are then at hand. ArchiveError where there is none."""
        return self._split(index)[0]

    def _split(self, index: int) -> tuple[Record, Networks]:
        record: Record = OrderedDict(self._archive.read(index))
        networks: Networks = {}
        for hp, state in record.items():
            for (dataset, seed), trial in state["all_results"].items():
                if trial["net_state_dict"] is not None:
                    networks[hp, dataset, seed] = trial["net_state_dict"]
                    trial["net_state_dict"] = UnreadWeights(self, (index, hp, dataset, seed))
        self._last = index, networks
        return record, networks

    def _networks(self, index: int) -> Networks:
        last = self._last  # once, as other threads may replace it
        return last[1] if last is not None and last[0] == index else self._split(index)[1]


class ArchiveSource:
    """Records straight from an archive of one file an architecture; each ``load`` reads and unpickles one."""

    def __init__(self, archive: Archive) -> None:
        assert archive.indexes is not None
        self.weights = ArchiveWeights(archive)
        self.space = archive.space
        self.path: Path | None = archive.path
        self.total = archive.total_archs
        self.meta_archs = archive.meta_archs
        self.indexes = np.array(archive.indexes, np.int32)
        self.hps = tuple(archive.space.epochs)

    def __reduce__(self) -> tuple[Callable[[Path, str], ArchiveSource], tuple[Path, str]]:
        assert self.path is not None
        return records_in, (self.path.absolute(), self.space.name)

    def load(self, index: int) -> Record:
        """A record of its own; ArchiveError where there is none, or where it is not as published."""
        return self.weights.read(index)


def records_in(path: Path, space: str) -> ArchiveSource:
    """The records of a folder or a tar, and their weights."""
    return ArchiveSource(open_archive(path, space, weights=True))


def weights_in(path: Path, space: str) -> ArchiveWeights:
    """The weights alone."""
    return ArchiveWeights(open_archive(path, space, weights=True))
