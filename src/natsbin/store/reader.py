"""Reading a store: its tables as kernel columns, straight from the mapped file."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from natsbin import _column, _table
from natsbin.errors import StoreError
from natsbin.spaces import SPACES, SearchSpace
from natsbin.store import codec, forms, layouts
from natsbin.store import format as fmt
from natsbin.store.assemble import assemble
from natsbin.store.data import Data, MappedFile, reading
from natsbin.store.latencies import find_latencies


@dataclass(frozen=True)
class Table:
    """One (hp, dataset): arrays by row (trial in the order of the columns), columns by name, and the kernel's view."""

    epochs: int
    architecture: npt.NDArray[np.int32]
    seed: npt.NDArray[np.int64]
    form: npt.NDArray[np.uint32]
    scalars: dict[str, npt.NDArray[np.float64]]
    columns: dict[str, _column.Column]
    kernel: _table.Table


class Store:
    """An open store. Threads may share it, it survives ``fork``, and it pickles to its path."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.file = MappedFile(self.path)
        with reading(str(self.path)):
            attrs: dict[str, Any] = dict(self.file.hdf5.attrs)
        if attrs.get("format") != fmt.FORMAT_NAME:
            raise StoreError(f"{self.path}: an HDF5 file, but not a natsbin store (format {attrs.get('format')!r})")
        version = attrs.get("format_version")
        if version != fmt.FORMAT_VERSION:
            raise StoreError(
                f"{self.path}: format version {version}, expected {fmt.FORMAT_VERSION}: "
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

    def __reduce__(self) -> tuple[Callable[[Path], Store], tuple[Path]]:
        return open_store, (self.path.absolute(),)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}: {self.space.name}, {len(self.indexes)} of {self.total} architectures)"

    @property
    def packed(self) -> bool:
        """Whether the store is in its compressed state."""
        return bool(self.attrs["state"] == fmt.PACKED)

    @cached_property
    def meta_archs(self) -> list[str]:
        """All architecture strings of the space, by index."""
        with reading(str(self.path)):
            if fmt.META_ARCHS not in self.file.hdf5:
                return self.space.architectures
            return [name.decode() for name in self.file.data(fmt.META_ARCHS).array("S").tolist()]

    @cached_property
    def keys(self) -> list[tuple[str, str]]:
        """The (hp, dataset) pairs that have a table."""
        with reading(str(self.path)):
            groups = {hp: node for hp, node in self.file.hdf5.items() if isinstance(node, h5py.Group)}
            return [(hp, dataset) for hp, group in groups.items() if hp != fmt.CHECKSUMS for dataset in group]

    @cached_property
    def hps(self) -> tuple[str, ...]:
        """The hyper-parameter sets there are."""
        return tuple(sorted({hp for hp, _ in self.keys}))

    @cached_property
    def forms(self) -> list[dict[str, Any]]:
        """The forms of records and trials; see ``natsbin.store.forms``."""
        with reading(f"{self.path}: {fmt.FORMS}"):
            parsed = json.loads(self.file.data(fmt.FORMS).array("|u1").tobytes())
            if not isinstance(parsed, list) or not all(isinstance(form, dict) for form in parsed):
                raise ValueError("expected a list of objects")
            return parsed

    @cached_property
    def record_forms(self) -> npt.NDArray[np.uint32]:
        """The form of each present architecture's record."""
        with reading(f"{self.path}: {fmt.RECORD}"):
            found = self.file.data(fmt.RECORD).array("<u4")
            if found.shape != self.indexes.shape or found.max() >= len(self.forms):
                raise ValueError(f"{found.shape} forms up to {found.max()} of {len(self.forms)}")
            return found

    def table(self, hp: str, dataset: str) -> Table:
        """A table, read on first use. KeyError where there is none."""
        key = (hp, dataset)
        table = self._tables.get(key)
        if table is None:
            if key not in self.keys:
                raise KeyError(key)
            table = self._tables[key] = self._read_table(hp, dataset)
        return table

    def load(self, index: int) -> OrderedDict[str, dict[str, Any]]:
        """The record of an architecture, ``{hp: state}``, deep-equal to the archive's. KeyError where it is absent."""
        place = int(np.searchsorted(self.indexes, index))
        if place == len(self.indexes) or self.indexes[place] != index:
            raise KeyError(index)
        with reading(f"{self.path}: architecture {index}"):
            record: OrderedDict[str, dict[str, Any]] = assemble(self, index, self.forms[self.record_forms[place]])
            return record

    def column_names(self, hp: str, dataset: str) -> list[str]:
        """The columns of a table by set and quantity, e.g. ``x-valid_accuracy``."""
        with reading(f"{self.path}: {hp}/{dataset}"):
            return [name for name in self.file.hdf5[f"{hp}/{dataset}"] if name.rpartition("_")[2] in fmt.UNITS]

    def value_bytes(self, hp: str, dataset: str) -> int:
        """Bytes in the file of a table's accuracies, losses and times, with what decodes them."""
        path = f"{hp}/{dataset}"
        with reading(f"{self.path}: {path}"):
            names = [
                name for name in self.file.hdf5[path] if name.removesuffix(fmt.TAIL).rpartition("_")[2] in fmt.UNITS
            ]
        return sum(self.file.data(f"{path}/{name}").stored_bytes for name in names)

    def _read_table(self, hp: str, dataset: str) -> Table:
        path = f"{hp}/{dataset}"
        index = self.file.data(f"{path}/{fmt.ARCHITECTURE}").array("<i4")
        seed = self.file.data(f"{path}/{fmt.SEED}").array("<i2", "<i8").astype(np.int64)
        form = self.file.data(f"{path}/{fmt.FORM}").array("<u4")
        scalars = {name: self._values(f"{path}/{name}") for name in fmt.SCALARS}
        columns = {name: self._column(f"{path}/{name}") for name in self.column_names(hp, dataset)}
        epochs = self.file.data(f"{path}/{fmt.EPOCH}").shape[0]
        with reading(f"{self.path}: {path}"):
            lengths = {len(index), len(seed), len(form), *map(len, scalars.values())}
            if len(lengths) > 1:
                raise ValueError(f"arrays by trial of lengths {lengths}")
            order = np.lexsort((seed, index)).astype(np.int32)
            if len(index) and not 0 <= index.min() <= index.max() < self.total:
                raise ValueError(f"architectures {index.min()} to {index.max()} of {self.total}")
            if len(form) and form.max() >= len(self.forms):
                raise ValueError(f"form {form.max()} of {len(self.forms)}")
            usual = np.array([f.get("epochs") == epochs for f in self.forms])
            regular = np.zeros(self.total, np.uint8)
            regular[self.indexes] = np.array([f.get("regular") is True for f in self.forms])[self.record_forms]
            latencies = find_latencies(self.forms, form, scalars["latency"])
            regular[index[~usual[form] | latencies.irregular]] = 0
            sets = _sets(columns)
            kernel = _table.Table(
                epochs,
                np.searchsorted(index[order], np.arange(self.total + 1)).astype(np.int32),
                order,
                seed[order],
                regular,
                {name: values[order] for name, values in (scalars | {"latency": latencies.values}).items()},
                latencies.are_float64[order],
                *self._set_orders(form[order]),
                sets,
            )
            return Table(epochs, index, seed, form, scalars, columns, kernel)

    def _set_orders(self, form: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.int32], list[tuple[str, ...]]]:
        """For each trial the number of its tuple of evaluated sets, and those tuples."""
        used = np.flatnonzero(np.bincount(form))
        order = np.searchsorted(used, form).astype(np.int32)
        return order, [forms.evaluated_sets(self.forms[number]) for number in used.tolist()]

    def _values(self, path: str) -> npt.NDArray[np.float64]:
        """All values of a column by trial alone."""
        column = self._column(path)
        if column.epochs:
            raise StoreError(f"{self.path}: {path}: damaged: {column.epochs} epochs")
        trials, values = np.arange(column.trials, dtype=np.int32), np.empty(column.trials)
        column.points(np.zeros_like(trials), trials, values)
        return values

    def _column(self, path: str) -> _column.Column:
        data = self.file.data(path)
        with reading(f"{self.path}: {path}"):
            coding = column_coding(data)
            tail = None
            if coding.tail:
                counts = self.file.data(path + fmt.TAIL)
                if counts.layout() != codec.TAIL_LAYOUT:
                    raise ValueError(f"counts of the last batch as {counts.layout()}")
                tail = _column.Column(counts.shape, counts.chunk, (1,), codec.PLAIN, 1, 0, [], None, counts.load)
            layout = coding.layout
            shape = (
                (layout.size, layout.exponent_bits, layout.bias)
                if isinstance(layout, layouts.Float)
                else (layout.size,)
            )
            last_batch = codec.last_batch(coding.samples).tolist() if coding.kind == codec.COUNT else []
            return _column.Column(
                data.shape,
                data.chunk,
                shape,
                coding.kind,
                coding.samples,
                coding.shift,
                last_batch,
                tail,
                data.load,
            )


def column_coding(data: Data) -> codec.Coding:
    """How a column's values come from its numbers. StoreError for what no writer writes."""
    with reading(data.place):
        kind = data.attrs["coding"]
        samples, shift = int(data.attrs.get("samples", 0)), int(data.attrs.get("shift", 0))
        if kind not in (codec.PLAIN, codec.SUM, codec.COUNT) or (kind != codec.PLAIN and not 0 < samples < 2**31):
            raise ValueError(f"coding {kind!r} over {samples} samples")
        if not 0 <= shift < 1024:
            raise ValueError(f"shift {shift}")
        tail = kind == codec.COUNT and codec.needs_tail(samples)
        return codec.Coding(kind, samples, shift, data.layout(), tail)


def _sets(columns: dict[str, _column.Column]) -> dict[str, _column.SetColumns]:
    parts: dict[str, dict[str, _column.Column]] = {}
    for name, column in columns.items():
        set_name, _, quantity = name.rpartition("_")
        parts.setdefault(set_name, {})[quantity] = column
    return {
        name: _column.SetColumns(name, found.get("accuracy"), found.get("loss"), found["time"])
        for name, found in parts.items()
        if "time" in found
    }


def _check_ascending(indexes: npt.NDArray[np.int32], total: int) -> None:
    if not len(indexes) or (np.diff(indexes) <= 0).any() or not 0 <= indexes[0] <= indexes[-1] < total:
        raise ValueError(f"indexes are not ascending within {total}")


def open_store(path: Path) -> Store:
    """Open a store. Raises StoreError, which is also an OSError, for what is not one."""
    return Store(path)
