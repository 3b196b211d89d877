"""One (hp, dataset) of a store: its trials, and its columns as the kernel reads them from the mapped file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from natsbin import _column, _table
from natsbin.errors import StoreError
from natsbin.store import codec, layouts
from natsbin.store import format as fmt
from natsbin.store.data import Data
from natsbin.store.file import StoreFile, reading
from natsbin.store.format import ColumnKey
from natsbin.store.forms import Forms, TrialForm
from natsbin.store.latencies import find_latencies


@dataclass(frozen=True)
class Table:
    """The data of one (hp, dataset). Arrays have one entry a trial, in the order of the columns.

    Attributes:
        epochs: how many epochs the columns have.
        architecture: official indexes.
        seed: random seeds.
        form: numbers of forms.
        forms: the forms of its trials, by number.
        scalars: ``params``, ``flop`` and ``latency``.
        columns: the columns with epochs, by set and quantity.
        kernel: the same for the kernel, by architecture and seed.
    """

    epochs: int
    architecture: npt.NDArray[np.int32]
    seed: npt.NDArray[np.int64]
    form: npt.NDArray[np.uint32]
    forms: dict[int, TrialForm]
    scalars: dict[str, npt.NDArray[np.float64]]
    columns: dict[ColumnKey, _column.Column]
    kernel: _table.Table


def read_table(file: StoreFile, hp: str, dataset: str, forms: Forms, regular: npt.NDArray[np.bool_]) -> Table:
    """The table of an hp and a dataset.

    ``regular`` says for every architecture of the space whether tables alone can answer for its record. Raises
    StoreError where the table is damaged.
    """
    path = fmt.table_path(hp, dataset)
    index = Data(file, f"{path}/{fmt.ARCHITECTURE}").array("<i4")
    seed = Data(file, f"{path}/{fmt.SEED}").array("<i2", "<i8").astype(np.int64)
    form = Data(file, f"{path}/{fmt.FORM}").array("<u4")
    scalars = {name: _values(file, f"{path}/{name}") for name in fmt.SCALARS}
    names = fmt.columns_among(file.index.tables[hp, dataset])
    columns = {key: _read_column(file, f"{path}/{key}") for key in names}
    epochs = Data(file, f"{path}/{fmt.EPOCH}").shape[0]
    with reading(f"{file.path}: {path}"):
        lengths = {len(index), len(seed), len(form), *map(len, scalars.values())}
        if len(lengths) > 1:
            raise ValueError(f"arrays by trial of lengths {lengths}")
        row, order = _by_architecture(index, seed)
        if len(index) and not 0 <= index.min() <= index.max() < len(regular):
            raise ValueError(f"architectures {index.min()} to {index.max()} of {len(regular)}")
        numbers, form_of_trial = distinct(form, len(forms))
        used = {number: forms.trial(number) for number in numbers}
        usual = np.array([one.epochs == epochs for one in used.values()], np.bool_)
        needed = (curve.column(run) for one in used.values() for curve in one.curves for run in curve.runs)
        if absent := set(needed) - columns.keys():
            raise ValueError(f"no column {', '.join(sorted(map(str, absent)))}")
        answered = regular.astype(np.uint8)
        latencies = find_latencies(list(used.values()), form_of_trial, scalars["latency"])
        answered[index[~usual[form_of_trial] | latencies.irregular]] = 0
        kernel = _table.Table(
            epochs,
            np.append(0, np.cumsum(np.bincount(index, minlength=len(regular)))).astype(np.int32),
            row,
            seed[order],
            answered,
            {name: values[order] for name, values in (scalars | {"latency": latencies.values}).items()},
            latencies.are_float64[order],
            form_of_trial[order].astype(np.int32),
            [one.evaluated_sets for one in used.values()],
            _sets(columns),
        )
        return Table(epochs, index, seed, form, used, scalars, columns, kernel)


def _by_architecture(
    index: npt.NDArray[np.int32], seed: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32] | slice]:
    """The rows of trials by architecture and seed, and what sorts arrays so: a slice, which copies nothing, if it can.

    Rows stand so unless trials of an architecture have different numbers of values.
    """
    same = index[1:] == index[:-1]
    if ((index[1:] > index[:-1]) | (same & (seed[1:] > seed[:-1]))).all():
        return np.arange(len(index), dtype=np.int32), slice(None)
    rows = np.lexsort((seed, index)).astype(np.int32)
    return rows, rows


def distinct(numbers: npt.NDArray[np.uint32], total: int) -> tuple[list[int], npt.NDArray[np.intp]]:
    """The numbers that occur, ascending, and the place of each entry among them. ValueError for one beyond ``total``.

    As ``numpy.unique`` gives them, in a tenth of its time: there are few forms.
    """
    if len(numbers) and numbers.max() >= total:
        raise ValueError(f"form {numbers.max()} of {total}")
    occurs = np.bincount(numbers, minlength=total) > 0
    return np.flatnonzero(occurs).tolist(), (np.cumsum(occurs) - 1)[numbers]


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


def _values(file: StoreFile, path: str) -> npt.NDArray[np.float64]:
    """All values of a column by trial alone."""
    column = _read_column(file, path)
    if column.epochs:
        raise StoreError(f"{file.path}: {path}: damaged: {column.epochs} epochs")
    trials, values = np.arange(column.trials, dtype=np.int32), np.empty(column.trials)
    column.points(np.zeros_like(trials), trials, values)
    return values


def _read_column(file: StoreFile, path: str) -> _column.Column:
    data = Data(file, path)
    with reading(data.place):
        coding = column_coding(data)
        tail = None
        if coding.tail:
            counts = Data(file, path + fmt.TAIL)
            if counts.layout() != codec.TAIL_LAYOUT:
                raise ValueError(f"counts of the last batch as {counts.layout()}")
            tail = _column.Column(counts.shape, counts.chunk, (1,), fmt.PLAIN, 1, 0, [], None, counts.load)
        layout, samples = coding.layout, coding.samples
        numbers = (layout.exponent_bits, layout.bias) if isinstance(layout, layouts.Float) else ()
        last_batch = codec.last_batch(samples).tolist() if coding.kind == fmt.COUNT else []
        return _column.Column(
            data.shape,
            data.chunk,
            (layout.size, *numbers),
            coding.kind,
            samples,
            coding.shift,
            last_batch,
            tail,
            data.load,
        )


def _sets(columns: dict[ColumnKey, _column.Column]) -> dict[str, _column.SetColumns]:
    return {
        name: _column.SetColumns(
            name, columns.get(ColumnKey(name, "accuracy")), columns.get(ColumnKey(name, "loss")), time
        )
        for (name, quantity), time in columns.items()
        if quantity == "time"
    }
