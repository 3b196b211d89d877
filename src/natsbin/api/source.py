"""Where the API gets its records from."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from natsbin.errors import QuestionError
from natsbin.spaces import SearchSpace

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

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
        self.hps = tuple(OrderedDict.fromkeys(hp for index in self.indexes.tolist() for hp in self._records[index]))

    @cached_property
    def indexes(self) -> NDArray[np.int32]:
        """The indexes that have a record, sorted."""
        import numpy as np

        return np.array(sorted(self._records), dtype=np.int32)

    def load(self, index: int) -> Record:
        """A copy of the record; KeyError where there is none."""
        return copy.deepcopy(self._records[index])
