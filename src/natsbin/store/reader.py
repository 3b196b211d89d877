"""Reading a store: what belongs to all of it, its tables, and its records."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.errors import QuestionError, StoreError
from natsbin.spaces import DATASETS, SPACES, SearchSpace
from natsbin.store import format as fmt
from natsbin.store.assemble import Assembler
from natsbin.store.data import StoreFile, reading
from natsbin.store.format import ColumnKey
from natsbin.store.forms import Forms, RecordForm
from natsbin.store.table import Table, column_keys, read_table


class Store:
    """An open store. Threads may share it, it survives ``fork``, and it pickles to its path."""

    def __init__(self, path: Path, mmap: bool = True) -> None:
        self.path, self._mmap = Path(path), mmap
        self.file = StoreFile(self.path, mmap)
        attrs = self.file.index.attrs
        if attrs.get("format") != fmt.FORMAT_NAME:
            raise StoreError(f"{self.path}: an HDF5 file, but not a natsbin store (format {attrs.get('format')!r})")
        version = attrs.get("format_version")
        if version != (fmt.FORMAT_VERSION if self.file.indexed else 1):
            raise StoreError(
                f"{self.path}: format version {version}, expected 1 or {fmt.FORMAT_VERSION}: "
                "this natsbin is too old or the file is not one of its stores"
            )
        with reading(str(self.path)):
            self.space: SearchSpace = SPACES[attrs["space"]]
            self.attrs: dict[str, Any] = attrs
            self.total = int(attrs["total_architectures"])
            if not 0 < self.total <= len(self.space):
                raise ValueError(f"{self.total} architectures, of {len(self.space)} in the {self.space.title} space")
            self.indexes: npt.NDArray[np.int32] = self.file.data(fmt.ARCHITECTURE).array("<i4")
            _check_ascending(self.indexes, self.total)
        self._tables: dict[tuple[str, str], Table] = {}
        self.assembler = Assembler()

    def __reduce__(self) -> tuple[type[Store], tuple[Path, bool]]:
        return Store, (self.path.absolute(), self._mmap)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}: {self.space.name}, {len(self.indexes)} of {self.total} architectures)"

    @property
    def packed(self) -> bool:
        """Whether the store is in its compressed state."""
        return bool(self.attrs["state"] == fmt.PACKED)

    @property
    def benchmark(self) -> str:
        """The benchmark that its records are of: ``NATS-Bench`` or ``NAS-Bench-201``."""
        return str(self.attrs.get("benchmark", "NATS-Bench"))

    @cached_property
    def meta_archs(self) -> list[str]:
        """All architecture strings of the space, by index."""
        with reading(str(self.path)):
            if fmt.META_ARCHS not in self.file.index:
                return self.space.architectures
            return [name.decode() for name in self.file.data(fmt.META_ARCHS).array("S").tolist()]

    @cached_property
    def keys(self) -> list[tuple[str, str]]:
        """The (hp, dataset) pairs that have a table."""
        return sorted(self.file.index.tables)

    @cached_property
    def hps(self) -> tuple[str, ...]:
        """The hyper-parameter sets there are."""
        return tuple(sorted({hp for hp, _ in self.keys}))

    def datasets(self, hp: str) -> list[str]:
        """The datasets with an hp: those of the published archives in their order, then others by name."""
        have = [dataset for one, dataset in self.keys if one == hp]
        return [name for name in DATASETS if name in have] + [name for name in have if name not in DATASETS]

    def epochs(self, hp: str) -> int:
        """The epochs of the longest training with an hp; QuestionError where there is none."""
        if hp not in self.hps:
            raise QuestionError(f"no hyper-parameters {hp!r}: there are {', '.join(self.hps)}")
        paths = [f"{fmt.table_path(hp, dataset)}/{fmt.EPOCH}" for dataset in self.datasets(hp)]
        with reading(str(self.path)):
            return max(self.file.index.dataset(path).shape[0] for path in paths)

    @cached_property
    def longest_hp(self) -> str:
        """The hyper-parameter set of most epochs."""
        return max(self.hps, key=self.epochs)

    @cached_property
    def forms(self) -> Forms:
        """The forms of records and trials; see ``natsbin.store.forms``."""
        with reading(f"{self.path}: {fmt.FORMS}"):
            return Forms.loads(self.file.data(fmt.FORMS).array("|u1").tobytes())

    @cached_property
    def record(self) -> npt.NDArray[np.uint32]:
        """The number of the form of each present architecture's record."""
        with reading(f"{self.path}: {fmt.RECORD}"):
            found = self.file.data(fmt.RECORD).array("<u4")
            if found.shape != self.indexes.shape:
                raise ValueError(f"{found.shape} forms of {self.indexes.shape} records")
            return found

    @cached_property
    def regular(self) -> npt.NDArray[np.bool_]:
        """Whether tables alone can answer for each architecture of the space; False where it is absent."""
        found = np.zeros(self.total, np.bool_)
        numbers, place = np.unique(self.record, return_inverse=True)
        with reading(f"{self.path}: {fmt.FORMS}"):
            by_form = np.array([self.forms.record(number).regular for number in numbers.tolist()])
        found[self.indexes] = by_form[place]
        return found

    def table(self, hp: str, dataset: str) -> Table:
        """A table, read on first use. KeyError where there is none."""
        key = (hp, dataset)
        table = self._tables.get(key)
        if table is None:
            if key not in self.keys:
                raise KeyError(key)
            table = self._tables[key] = read_table(self.file, hp, dataset, self.forms, self.regular)
        return table

    def record_form(self, index: int) -> RecordForm:
        """The form of an architecture's record. KeyError where it is absent."""
        place = int(self.indexes.searchsorted(index))
        if place == len(self.indexes) or self.indexes[place] != index:
            raise KeyError(index)
        with reading(f"{self.path}: architecture {index}"):
            return self.forms.record(int(self.record[place]))

    def load(self, index: int) -> OrderedDict[str, dict[str, Any]]:
        """The record of an architecture, ``{hp: state}``, deep-equal to the archive's. KeyError where it is absent."""
        form = self.record_form(index)
        with reading(f"{self.path}: architecture {index}"):
            return self.assembler.record(form, index, self.meta_archs[index], self.table)

    def columns(self, hp: str, dataset: str) -> list[ColumnKey]:
        """The columns of a table that have epochs."""
        return column_keys(self.file, hp, dataset)

    def value_bytes(self, hp: str, dataset: str) -> int:
        """Bytes in the file of a table's accuracies, losses and times, with what decodes them."""
        keys = {str(key) for key in self.columns(hp, dataset)}
        names = [name for name in self.file.index.tables[hp, dataset] if name.removesuffix(fmt.TAIL) in keys]
        path = fmt.table_path(hp, dataset)
        return sum(self.file.data(f"{path}/{name}").stored_bytes for name in names)


def _check_ascending(indexes: npt.NDArray[np.int32], total: int) -> None:
    if not len(indexes) or (np.diff(indexes) <= 0).any() or not 0 <= indexes[0] <= indexes[-1] < total:
        raise ValueError(f"indexes are not ascending within {total}")


def open_store(path: Path, *, mmap: bool = True) -> Store:
    """Open a store. Raises StoreError, which is also an OSError, for what is not one.

    Without ``mmap`` chunks are copied as they are first used. That takes memory, but what happens to the file later
    cannot change or end the program; see docs/reliability.md.
    """
    return Store(path, mmap)
