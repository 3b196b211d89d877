"""Split records to a store, in bounded memory: spooled by column as they come, encoded column by column at the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from natsbin._util.system import can_fork
from natsbin._util.workers import few, ordered
from natsbin._version import __version__
from natsbin.errors import ArchiveError, OutputError
from natsbin.spaces import SAMPLES, SearchSpace
from natsbin.store import codec
from natsbin.store import format as fmt
from natsbin.store.format import ColumnKey
from natsbin.store.index import most_text_bytes
from natsbin.store.layouts import MISSING, Floats, Unsigned, is_missing
from natsbin.store.split import Split
from natsbin.store.spool import Spool
from natsbin.store.tree import Chunk, TreeWriter, new_store, refuse_existing

AHEAD = 1  # columns a process that wait to be written; the largest take 30 MB


@dataclass
class _Table:
    """What is known of a table's trials, in the order they came."""

    index: list[npt.NDArray[np.int32]] = field(default_factory=list)
    seed: list[npt.NDArray[np.int64]] = field(default_factory=list)
    form: list[npt.NDArray[np.uint32]] = field(default_factory=list)
    values: list[npt.NDArray[np.int32]] = field(default_factory=list)
    scalars: dict[str, list[Floats]] = field(default_factory=lambda: defaultdict(list))
    trials: int = 0


class StoreWriter:
    """A store in the making: ``add`` splits, then ``write`` the file."""

    def __init__(self, path: Path, space: SearchSpace, architectures: list[str], *, force: bool = False) -> None:
        refuse_existing(path, force)
        self._path, self._space, self._names, self._force = path, space, architectures, force
        self._records: dict[int, int] = {}
        self._forms: dict[str, int] = {}
        self._tables: dict[tuple[str, str], _Table] = defaultdict(_Table)
        try:
            self._spool = Spool(path.parent)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error}") from error

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.__exit__(kind, error, trace)

    def add(self, split: Split) -> None:
        """Take records. Raises ArchiveError for an architecture that came before, OutputError for a full disk."""
        for index, form in split.records:
            if index in self._records:
                raise ArchiveError(f"architecture {index} comes twice")
            self._records[index] = self._number(form)
        try:
            for part in split.parts:
                key = (part.hp, part.dataset)
                if key not in self._tables and len(self._tables) == fmt.MOST_TABLES:
                    raise ArchiveError(f"hp {key[0]!r} on {key[1]!r}: expected at most {fmt.MOST_TABLES} such pairs")
                table = self._tables[key]
                for block in part.blocks:
                    self._spool.add(key, block, table.trials)
                numbers = np.array([self._number(form) for form in part.forms], np.uint32)
                table.form.append(numbers[part.form])
                table.index.append(part.index)
                table.seed.append(part.seed)
                table.values.append(part.values_a_trial)
                for name, values in part.scalars.items():
                    table.scalars[name].append(values)
                table.trials += len(part.index)
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written: {error}") from error

    def write(
        self,
        source: str = "",
        digest: str = "",
        fingerprint: str = "",
        *,
        attributes: Mapping[str, str] | None = None,
        jobs: int = 1,
    ) -> None:
        """Write the store from all records; ``source`` and ``digest`` name where they came from.

        ``fingerprint`` says in which state that was, see ``natsbin.archive.fingerprint``. ``attributes`` are further
        ones of the whole store. ``jobs`` processes encode columns, each in its turn.
        """
        if not self._records:
            raise ArchiveError(f"{source or 'the archive'}: no architecture in it")
        with new_store(self._path, fmt.MAPPED, force=self._force) as tree:
            tree.file.attrs.update(
                {
                    "Conventions": fmt.CONVENTIONS,
                    "title": f"NATS-Bench, {self._space.title} search space",
                    "format": fmt.FORMAT_NAME,
                    "format_version": fmt.FORMAT_VERSION,
                    "state": fmt.MAPPED,
                    "space": self._space.name,
                    "total_architectures": len(self._names),
                    "source": source,
                    "source_digest": digest,
                    "source_fingerprint": fingerprint,
                    "writer": f"natsbin {__version__}",
                    **(attributes or {}),
                }
            )
            indexes = np.array(sorted(self._records), np.int32)
            records = np.array([self._records[index] for index in indexes.tolist()], np.uint32)
            tree.scale(fmt.ARCHITECTURE, len(indexes), indexes, {"long_name": "official index of an architecture"})
            tree.array(
                fmt.RECORD,
                records,
                dims=(fmt.ARCHITECTURE,),
                attrs={"long_name": "number of its record's form"},
            )
            names = np.array([name.encode() for name in self._names])
            label = {"long_name": "architecture"}
            tree.array(fmt.NAMES, names[indexes], dims=(fmt.ARCHITECTURE,), attrs=label)
            if not self._space.is_official(self._names):
                tree.scale(fmt.INDEX, len(names))
                tree.array(fmt.META_ARCHS, names, dims=(fmt.INDEX,))
            text = ("[" + ",\n".join(self._forms) + "]\n").encode()
            tree.scale(fmt.FORMS_BYTE, len(text))
            tree.array(fmt.FORMS, np.frombuffer(text, np.uint8), dims=(fmt.FORMS_BYTE,))
            self._spool.flush()
            shared = _Columns(self._spool, {key: _row_of(table) for key, table in self._tables.items()})
            items = [(key, column) for key in sorted(self._tables) for column in self._spool.columns(key)]
            if few(len(self._records)) or not can_fork():
                jobs = 1  # only forked processes have the spool
            with closing(ordered(_encode, shared, items, min(jobs, max(1, len(items))), AHEAD)) as encoded:
                for key in sorted(self._tables):
                    self._write_table(tree, key, encoded)
            stored = sum(stop - start for start, stop in tree.chunks)
            if len(text) > most_text_bytes(stored):
                raise ArchiveError(
                    f"{source or 'the archive'}: records of {len(self._forms):,} forms, {len(text):,} bytes, with "
                    f"{stored:,} bytes of numbers; at most {most_text_bytes(stored):,} bytes of forms can be read again"
                )

    def _number(self, form: str) -> int:
        return self._forms.setdefault(form, len(self._forms))

    def _write_table(self, tree: TreeWriter, key: tuple[str, str], encoded: Iterator[_Encoded]) -> None:
        table, path = self._tables[key], fmt.table_path(*key)
        index, seed, order = np.concatenate(table.index), np.concatenate(table.seed), _order(table)
        epochs, trial, epoch = self._spool.epochs(key), f"{path}/{fmt.TRIAL}", f"{path}/{fmt.EPOCH}"
        tree.scale(trial, len(order))
        tree.scale(epoch, epochs, np.arange(epochs, dtype=np.int32), {"long_name": "epoch, from 0"})
        per_trial: dict[str, tuple[npt.NDArray[Any], dict[str, str]]] = {
            fmt.ARCHITECTURE: (index.astype(np.int32), {"long_name": "official index of an architecture"}),
            fmt.SEED: (_small(seed), {"long_name": "random seed of a trial"}),
            fmt.FORM: (np.concatenate(table.form), {"long_name": "number of the trial's form"}),
        }
        for name, (values, attrs) in per_trial.items():
            tree.array(f"{path}/{name}", values[order], dims=(trial,), attrs=attrs)
        for name in fmt.SCALARS:
            scalars = np.concatenate(table.scalars[name])[order]
            column = _encode_column(name, fmt.QUANTITIES[name].samples, scalars)
            _write_column(tree, f"{path}/{name}", name, column, (trial,))
        for place in self._spool.columns(key):
            column = next(encoded)
            dims = (epoch, trial)[-len(column.shape) :]
            _write_column(tree, f"{path}/{place}", place.quantity, column, dims)


def _order(table: _Table) -> npt.NDArray[np.intp]:
    """A table's trials in the order of the store.

    Those with the most values come first, so that an epoch that only some have takes only their chunks.
    """
    return np.lexsort((np.concatenate(table.seed), np.concatenate(table.index), -np.concatenate(table.values)))


def _row_of(table: _Table) -> npt.NDArray[np.int32]:
    """The place of each trial in that order."""
    order = _order(table)
    row_of = np.empty(len(order), np.int32)
    row_of[order] = np.arange(len(order), dtype=np.int32)
    return row_of


def _small(seeds: npt.NDArray[np.int64]) -> npt.NDArray[np.int16] | npt.NDArray[np.int64]:
    """Seeds in two bytes where all fit: there is one a trial."""
    small = seeds.astype(np.int16)
    return small if (small == seeds).all() else seeds


_COORDINATES = {"coordinates": f"{fmt.ARCHITECTURE} {fmt.SEED}"}


class _Columns(NamedTuple):
    """What encoders share: the spool, and for each table the place of each trial."""

    spool: Spool
    row_of: dict[tuple[str, str], npt.NDArray[np.int32]]


class _Encoded(NamedTuple):
    """A column as it is written: its chunks, and those of the counts of the last batch if it has them."""

    coding: codec.Coding
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    chunks: list[Chunk]
    tails: list[Chunk]


def _encode(columns: _Columns, place: tuple[tuple[str, str], ColumnKey]) -> _Encoded:
    """A column of the spool, encoded."""
    table, column = place
    shape: tuple[int, ...] = (columns.spool.epochs(table), len(columns.row_of[table]))
    if columns.spool.is_constant(table, column):
        shape = shape[1:]
    values = columns.spool.gather(table, column, shape, columns.row_of[table])
    return _encode_column(column.quantity, SAMPLES.get((table[1], column.set)), values)


def _encode_column(quantity: str, samples: int | None, values: Floats) -> _Encoded:
    chunk = chunk_shape(values)
    coding, numbers, tail = codec.encode(quantity, samples, values)
    chunks: list[Chunk] = []
    tails: list[Chunk] = []
    for start in map(tuple, _filled(values, chunk).tolist()):
        place = tuple(slice(s, s + step) for s, step in zip(start, chunk, strict=True))
        chunks.append((start, codec.pack(coding.layout, _padded(numbers[place], chunk, MISSING))))
        if tail is not None:
            part = _padded(tail[place], chunk, codec.TAIL_LAYOUT.missing)
            tails.append((start, np.ascontiguousarray(part)[..., None]))
    return _Encoded(coding, values.shape, chunk, chunks, tails)


def _padded(part: npt.NDArray[Any], chunk: tuple[int, ...], missing: float) -> npt.NDArray[Any]:
    """What a chunk holds of a column, filled up where the chunk goes past the column's end."""
    if part.shape == chunk:
        return part
    whole = np.full(chunk, missing, part.dtype)
    whole[tuple(slice(length) for length in part.shape)] = part
    return whole


def _write_column(tree: TreeWriter, path: str, quantity: str, column: _Encoded, dims: tuple[str, ...]) -> None:
    coding = column.coding
    units = fmt.QUANTITIES[quantity].units
    attrs: dict[str, object] = {"units": units, **_COORDINATES, "coding": coding.kind}
    if coding.kind != fmt.PLAIN:
        attrs |= {"samples": coding.samples, "shift": coding.shift, "scale_factor": coding.scale_factor}
    parts = [(path, coding.layout, column.chunks, attrs)]
    if coding.tail:
        label = "correct samples of the last, incomplete batch"
        described: dict[str, object] = {"units": "1", **_COORDINATES, "long_name": label}
        parts.append((path + fmt.TAIL, codec.TAIL_LAYOUT, column.tails, described))
    for place, layout, chunks, described in parts:
        fill: float = np.nan
        if isinstance(layout, Unsigned):
            fill = layout.missing
            described = {**described, "_FillValue": np.array(fill, f"<u{layout.size}")}
        tree.dataset(place, layout.kind, column.shape, column.chunk, chunks, dims=dims, attrs=described, fill=fill)


def chunk_shape(values: Floats) -> tuple[int, ...]:
    """Chunks of about ``CHUNK_ITEMS`` values: many trials of one epoch, or more epochs where trials are few.

    A column with gaps has chunks of one epoch that hold just the leading trials which have every epoch, so that
    the epochs of the others take no space.
    """
    trials = values.shape[-1]
    across = _evenly(trials, fmt.CHUNK_ITEMS)
    if values.ndim == 1:
        return (across,)
    there = ~is_missing(values)
    partial = there[~there.all(axis=1)]
    if not len(partial):
        return (_evenly(values.shape[0], max(1, fmt.CHUNK_ITEMS // across)), across)
    leading = int(np.flatnonzero(partial.any(axis=0)).max(initial=-1)) + 1
    if not leading:
        return (1, across)
    return (1, min(across, max(leading, fmt.LEAST_CHUNK_ITEMS)))


def _evenly(length: int, most: int) -> int:
    """The length of parts of at most ``most``, as few and as even as can be: what is over would be padding."""
    return -(-length // -(-length // most))


def _filled(values: Floats, chunk: tuple[int, ...]) -> npt.NDArray[np.intp]:
    """Where chunks start that have any value: shape (chunks, axes)."""
    there = ~is_missing(values)
    for axis, step in enumerate(chunk):
        there = np.logical_or.reduceat(there, np.arange(0, there.shape[axis], step), axis=axis)
    starts: npt.NDArray[np.intp] = np.argwhere(there) * np.array(chunk)
    return starts
