"""Where the API gets its records from, and what a native fast path promises it."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from natsbin.errors import QuestionError
from natsbin.spaces import SearchSpace

Record = OrderedDict[str, dict[str, Any]]
"""An architecture's record as in an archive: the state behind an ``ArchResults`` by hyper-parameter set."""


class Source(Protocol):
    """Records by index. A store is one."""

    @property
    def space(self) -> SearchSpace:
        """The search space of the records."""

    @property
    def path(self) -> Path | None:
        """The file or folder behind it; None for records in memory."""

    @property
    def total(self) -> int:
        """How many architectures the space has."""

    @property
    def meta_archs(self) -> Sequence[str]:
        """Every architecture string of the space, by index."""

    @property
    def indexes(self) -> NDArray[np.int32]:
        """The indexes that have a record, sorted."""

    @property
    def hps(self) -> tuple[str, ...]:
        """The hyper-parameter sets that occur."""

    def load(self, index: int) -> Record:
        """A record of its own (a caller may change it); KeyError where there is none."""


class FastPath(Protocol):
    """Answers about records that no program has touched, straight from a store.

    The API normalises arguments, prints, touches architectures, draws seeds and keeps the clock; a fast path
    only looks numbers up. Every method may return None for "ask the objects": a value that is missing or odd,
    an unknown name, an epoch out of range. It must never raise for those, so that errors have one origin.
    An answer must equal the object path's to the bit, in type and in the order of keys. As the object path
    does, it must return None for one seed's value at an epoch that another seed of the same trial lacks.
    """

    def seeds(self, index: int, dataset: str, hp: str) -> Sequence[int] | None:
        """The seeds on a dataset in the order of ``get_dataset_seeds``: the API draws from them."""

    def more_info(
        self, index: int, dataset: str, hp: str, iepoch: int | None, seed: int | None
    ) -> dict[str, Any] | None:
        """The answer of ``get_more_info``; ``seed`` None is the mean over the seeds, ``iepoch`` None the last."""

    def cost_info(self, index: int, dataset: str, hp: str) -> dict[str, Any] | None:
        """The answer of ``get_cost_info``."""

    def simulate(
        self, index: int, dataset: str, hp: str, iepoch: int | None, seed: int
    ) -> tuple[float, Any, float] | None:
        """Accuracy, latency and seconds of ``simulate_train_eval`` where ``valid-accuracy`` exists.

        ``dataset`` is the caller's: ``cifar10`` reads ``cifar10-valid`` and takes its latency from ``cifar10``.
        """

    def find_best(
        self,
        indexes: Sequence[int],
        dataset: str,
        setname: str,
        flop_max: float | None,
        param_max: float | None,
        hp: str,
    ) -> tuple[int, float | None] | None:
        """The first of these untouched architectures with the highest last accuracy within the limits."""

    def seed_counts(self, indexes: Sequence[int], dataset: str, hp: str) -> dict[int, int] | None:
        """How many of these architectures have so many seeds, in order of first appearance."""


class DictSource:
    """Records in memory: the dict that a benchmark file holds."""

    path = None

    def __init__(self, benchmark: Mapping[str, Any], space: SearchSpace) -> None:
        for key in ("meta_archs", "arch2infos", "evaluated_indexes"):
            if key not in benchmark:
                raise QuestionError(f"no {key!r} in this dict: it has {list(benchmark)}")
        archs = benchmark["meta_archs"]
        if len(set(archs)) < len(archs):
            twice = next(arch for place, arch in enumerate(archs) if archs.index(arch) < place)
            raise QuestionError(f"meta_archs has {twice!r} more than once: each architecture has one index")
        self.space = space
        self.total = len(archs)
        self.meta_archs: Sequence[str] = copy.deepcopy(archs)
        self._records: Mapping[int, Record] = benchmark["arch2infos"]
        if not isinstance(self._records, Mapping):
            raise QuestionError(
                f"arch2infos is {self._records!r}: expected a dict of records by index; the records of a "
                "folder's meta file are the files beside it, so give the folder"
            )
        self.evaluated: Iterable[int] = copy.deepcopy(benchmark["evaluated_indexes"])
        self.indexes = np.array(sorted(self._records), dtype=np.int32)
        self.hps = tuple(OrderedDict.fromkeys(hp for index in self.indexes.tolist() for hp in self._records[index]))

    def load(self, index: int) -> Record:
        """A copy of the record; KeyError where there is none."""
        return copy.deepcopy(self._records[index])
