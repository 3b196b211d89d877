"""Reading a store: what belongs to all of it, its tables, and its records.

Opening one reads its seal and its index, with the standard library alone. Numpy, and the modules that need it, are
imported with the first thing that is read of the data, so that a program is quick to start.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from natsbin.errors import QuestionError, StoreError
from natsbin.spaces import DATASETS, SPACES, SearchSpace
from natsbin.store import format as fmt
from natsbin.store.file import StoreFile, reading

if TYPE_CHECKING:
    from collections import OrderedDict
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from natsbin.store.assemble import Assembler
    from natsbin.store.data import Data
    from natsbin.store.format import ColumnKey
    from natsbin.store.forms import Forms, RecordForm
    from natsbin.store.table import Table


class Store:
    """An open store. Threads may share it, it survives ``fork``, and it pickles to its path."""

    def __init__(self, path: str | os.PathLike[str], mmap: bool = True) -> None:
        self._path, self._mmap = os.fspath(path), mmap
        self.file = StoreFile(self._path, mmap)
        attrs = self.file.index.attrs
        if attrs.get("format") != fmt.FORMAT_NAME:
            raise StoreError(f"{path}: an HDF5 file, but not a natsbin store (format {attrs.get('format')!r})")
        version = attrs.get("format_version")
        if version != (fmt.FORMAT_VERSION if self.file.indexed else 1):
            raise StoreError(
                f"{path}: format version {version}, expected 1 or {fmt.FORMAT_VERSION}: "
                "this natsbin is too old or the file is not one of its stores"
            )
        with reading(self._path):
            self.space: SearchSpace = SPACES[attrs["space"]]
            self.attrs: dict[str, Any] = attrs
            self.total = int(attrs["total_architectures"])
            if not 0 < self.total <= len(self.space):
                raise ValueError(f"{self.total} architectures, of {len(self.space)} in the {self.space.title} space")
        self._tables: dict[tuple[str, str], Table] = {}

    @cached_property
    def path(self) -> Path:
        """The file."""
        from pathlib import Path

        return Path(self._path)

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

    def data(self, path: str) -> Data:
        """The dataset at a path of the tree."""
        from natsbin.store.data import Data

        return Data(self.file, path)

    @cached_property
    def indexes(self) -> npt.NDArray[np.int32]:
        """The official indexes of the architectures that are here, ascending."""
        with reading(self._path):
            found = self.data(fmt.ARCHITECTURE).array("<i4")
            if not len(found) or not (found[:-1] < found[1:]).all() or not 0 <= found[0] <= found[-1] < self.total:
                raise ValueError(f"indexes are not ascending within {self.total}")
            return found

    @cached_property
    def meta_archs(self) -> list[str]:
        """All architecture strings of the space, by index."""
        with reading(self._path):
            if fmt.META_ARCHS not in self.file.index:
                return self.space.architectures
            return [name.decode() for name in self.data(fmt.META_ARCHS).array("S").tolist()]

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
        with reading(self._path):
            return max(self.data(path).shape[0] for path in paths)

    @cached_property
    def longest_hp(self) -> str:
        """The hyper-parameter set of most epochs. StoreError where there is none."""
        if not self.hps:
            raise StoreError(f"{self.path}: has no table of any hyper-parameter set")
        return max(self.hps, key=self.epochs)

    @cached_property
    def forms(self) -> Forms:
        """The forms of records and trials; see ``natsbin.store.forms``."""
        from natsbin.store.forms import Forms

        with reading(f"{self._path}: {fmt.FORMS}"):
            return Forms.loads(self.data(fmt.FORMS).array("|u1").tobytes())

    @cached_property
    def assembler(self) -> Assembler:
        """What puts records together."""
        from natsbin.store.assemble import Assembler

        return Assembler()

    @cached_property
    def record(self) -> npt.NDArray[np.uint32]:
        """The number of the form of each present architecture's record."""
        with reading(f"{self._path}: {fmt.RECORD}"):
            found = self.data(fmt.RECORD).array("<u4")
            if found.shape != self.indexes.shape:
                raise ValueError(f"{found.shape} forms of {self.indexes.shape} records")
            return found

    @cached_property
    def regular(self) -> npt.NDArray[np.bool_]:
        """Whether tables alone can answer for each architecture of the space; False where it is absent."""
        import numpy as np

        from natsbin.store.table import distinct

        found = np.zeros(self.total, np.bool_)
        with reading(f"{self._path}: {fmt.FORMS}"):
            numbers, place = distinct(self.record, len(self.forms))
            by_form = np.array([self.forms.record(number).regular for number in numbers])
        found[self.indexes] = by_form[place]
        return found

    def table(self, hp: str, dataset: str) -> Table:
        """A table, read on first use. KeyError where there is none."""
        key = (hp, dataset)
        table = self._tables.get(key)
        if table is None:
            from natsbin.store.table import read_table

            if key not in self.keys:
                raise KeyError(key)
            table = self._tables[key] = read_table(self.file, hp, dataset, self.forms, self.regular)
        return table

    def record_form(self, index: int) -> RecordForm:
        """The form of an architecture's record. KeyError where it is absent."""
        place = int(self.indexes.searchsorted(index))
        if place == len(self.indexes) or self.indexes[place] != index:
            raise KeyError(index)
        with reading(f"{self._path}: architecture {index}"):
            return self.forms.record(int(self.record[place]))

    def load(self, index: int) -> OrderedDict[str, dict[str, Any]]:
        """The record of an architecture, ``{hp: state}``, deep-equal to the archive's. KeyError where it is absent."""
        form = self.record_form(index)
        with reading(f"{self._path}: architecture {index}"):
            return self.assembler.record(form, index, self.meta_archs[index], self.table)

    def columns(self, hp: str, dataset: str) -> list[ColumnKey]:
        """The columns of a table that have epochs."""
        return fmt.columns_among(self.file.index.tables[hp, dataset])

    def value_bytes(self, hp: str, dataset: str) -> int:
        """Bytes in the file of a table's accuracies, losses and times, with what decodes them."""
        keys = {str(key) for key in self.columns(hp, dataset)}
        names = [name for name in self.file.index.tables[hp, dataset] if name.removesuffix(fmt.TAIL) in keys]
        path = fmt.table_path(hp, dataset)
        return sum(self.data(f"{path}/{name}").stored_bytes for name in names)


def open_store(path: str | os.PathLike[str], *, mmap: bool = True) -> Store:
    """Open a store. Raises StoreError, which is also an OSError, for what is not one.

    Without ``mmap`` chunks are copied as they are first used. That takes memory, but what happens to the file later
    cannot change or end the program; see docs/reliability.md.
    """
    return Store(path, mmap)
