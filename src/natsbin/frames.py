"""A store as tables of rows, in Arrow's memory: for pandas, polars, DuckDB, and files of other formats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from natsbin._util.extras import missing
from natsbin._util.files import new_file
from natsbin.adaptors.configurations import place_names
from natsbin.adaptors.opening import chosen_architectures, chosen_hp, open_batch, store_digits
from natsbin.errors import QuestionError
from natsbin.rules import mean
from natsbin.spaces import CHANNELS, OPERATIONS
from natsbin.store import Store
from natsbin.store.attached import attached_units, attached_values
from natsbin.store.forms import Scalar
from natsbin.store.layouts import MISSING

try:
    import pyarrow as pa
except ImportError as error:
    raise missing("natsbin.frames", "pyarrow", "pandas") from error

if TYPE_CHECKING:
    import pandas as pd

BLOCK_ROWS = 1 << 16
"""Rows that are in memory at a time while a table is streamed; more where one curve is longer."""

SETS = ("train", "valid", "valtest", "test")
QUANTITIES = {"accuracy": "percent", "loss": "1", "per_time": "s", "all_time": "s"}
COSTS = {"flops": "M", "params": "M", "latency": "s"}

_SCALARS = {"flops": "flop", "params": "params", "latency": "latency"}


@dataclass(frozen=True)
class Rows:
    """Which rows a table has, and of which store they are."""

    store: Store
    batch: Any
    hp: str
    datasets: tuple[str, ...]
    index: npt.NDArray[np.int32]
    epoch: int | None  # None for all: curves
    trials: bool

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns; the metadata of a field has its ``units``."""
        names = pa.dictionary(pa.int8(), pa.string())
        fields = [pa.field("architecture", pa.int32()), pa.field("dataset", names), pa.field("hp", names)]
        fields += [pa.field("seed", pa.int64())] if self.trials else []
        fields += [pa.field("epoch", pa.int32())]
        values = {f"{setname}_{quantity}": unit for setname in SETS for quantity, unit in QUANTITIES.items()}
        if self.epoch is not None:
            values |= COSTS | attached_units(self.store)
        fields += [pa.field(name, pa.float64(), metadata={"units": unit}) for name, unit in values.items()]
        if self.epoch is not None:
            fields += [pa.field("arch_str", pa.string())]
            fields += [
                pa.field(name, pa.uint8() if name.startswith("c") else names) for name in place_names(self.store.space)
            ]
        return pa.schema(fields)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, a block at a time: by dataset, architecture, seed, epoch."""
        epochs = self.store.epochs(self.hp) if self.epoch is None else 1
        for dataset in self.datasets:
            index, seed, costs = self._trials(dataset) if self.trials else (self.index, None, None)
            step = max(1, BLOCK_ROWS // epochs)
            for start in range(0, len(index), step):
                part = slice(start, start + step)
                own = None if costs is None else {name: values[part] for name, values in costs.items()}
                yield self._block(dataset, index[part], None if seed is None else seed[part], own)

    def _trials(self, dataset: str) -> tuple[Any, Any, dict[str, Any]]:
        """Index, seed and costs of the trials of a dataset, by architecture and seed."""
        table = self.store.table(self.hp, dataset)
        order = np.lexsort((table.seed, table.architecture))
        order = order[np.isin(table.architecture[order], self.index)]
        costs = {name: table.scalars[scalar][order] for name, scalar in _SCALARS.items()}
        for number, form in table.forms.items():  # which have numbers of odd types, and all of several latencies
            for name, scalar in _SCALARS.items():
                field = dict(form.fields).get(scalar)
                if isinstance(field, Scalar) and field.slot is None:
                    with suppress(TypeError, ValueError, ZeroDivisionError):  # of what is no number
                        value = field.value(MISSING)
                        costs[name][table.form[order] == number] = mean(list(value)) if name == "latency" else value
        return table.architecture[order], table.seed[order], costs

    def _block(self, dataset: str, index: Any, seed: Any, costs: dict[str, Any] | None) -> pa.RecordBatch:
        epoch = np.arange(self.store.epochs(self.hp)) if self.epoch is None else np.array([self.epoch])
        info = self.batch.get_more_info(
            index[:, None],
            dataset,
            epoch,
            self.hp,
            False if seed is None else seed[:, None],
            missing="mask",
        )
        n = len(index) * len(epoch)
        columns: dict[str, Any] = {
            "architecture": np.repeat(index, len(epoch)),
            "dataset": _one_name(dataset, self.datasets, n),
            "hp": _one_name(self.hp, (self.hp,), n),
            "epoch": np.tile(epoch.astype(np.int32), len(index)),
        }
        if seed is not None:
            columns["seed"] = np.repeat(seed, len(epoch))
        columns |= {
            name.replace("-", "_"): pa.array(values.data.reshape(-1), mask=_mask(values))
            for name, values in info.items()
            if name != "comment"
        }
        if self.epoch is not None:
            columns |= self._descriptions(dataset, index, costs)
        schema = self.schema
        arrays = [
            pa.nulls(n, field.type) if columns.get(field.name) is None else columns[field.name] for field in schema
        ]
        return pa.RecordBatch.from_arrays([pa.array(one) for one in arrays], schema=schema)

    def _descriptions(self, dataset: str, index: Any, costs: dict[str, Any] | None) -> dict[str, Any]:
        """What an architecture costs and consists of."""
        columns: dict[str, Any] = {}
        if costs is None:
            found = self.batch.get_cost_info(index, dataset, self.hp, missing="mask")
            columns |= {name: pa.array(found[name].data, mask=_mask(found[name])) for name in COSTS}
        else:
            columns |= {name: pa.array(values, mask=_missing(values)) for name, values in costs.items()}
        for name in attached_units(self.store):
            numbers_of = attached_values(self.store, name, dataset)[index]
            columns[name] = pa.array(numbers_of, mask=np.isnan(numbers_of))
        names = self.store.meta_archs
        columns["arch_str"] = pa.array([names[one] for one in index.tolist()])
        numbers = store_digits(self.store, index)
        for place, name in enumerate(place_names(self.store.space)):
            if name.startswith("c"):
                columns[name] = np.array(CHANNELS, np.uint8)[numbers[:, place]]
            else:
                columns[name] = pa.DictionaryArray.from_arrays(numbers[:, place].astype(np.int8), list(OPERATIONS))
        return columns


def rows(
    store: Store | str | Path,
    *,
    hp: str | int | None = None,
    epoch: int | None = None,
    datasets: str | Sequence[str] | None = None,
    architectures: Any = None,
    trials: bool = False,
    curves: bool = False,
) -> Rows:
    """The rows that ``frame`` describes, of which nothing is read yet."""
    opened, batch = open_batch(store)
    name = chosen_hp(opened, hp)
    have = opened.datasets(name)
    wanted = [datasets] if isinstance(datasets, str) else have if datasets is None else list(datasets)
    for dataset in wanted:
        if dataset not in have:
            raise QuestionError(f"no dataset {dataset!r} with hp {name}: there are {', '.join(have)}")
    epochs = opened.epochs(name)
    if curves and epoch is not None:
        raise QuestionError(f"epoch={epoch} of whole curves: expected one of the two")
    at = epochs - 1 if epoch is None else epoch
    if isinstance(at, bool) or not isinstance(at, (int, np.integer)) or not 0 <= at < epochs:
        raise QuestionError(f"epoch {epoch!r}: expected a whole number, 0 <= epoch < {epochs}")
    index = chosen_architectures(opened, batch, architectures)
    return Rows(opened, batch, name, tuple(wanted), index, None if curves else int(at), trials)


def table(store: Store | str | Path, **which: Any) -> pa.Table:
    """What ``frame`` gives, as an Arrow table: polars, DuckDB and others take it without a copy."""
    wanted = rows(store, **which)
    return pa.Table.from_batches(list(wanted.batches()), wanted.schema)


def frame(store: Store | str | Path, **which: Any) -> pd.DataFrame:
    """A store as a pandas data frame of Arrow columns: a row an architecture and dataset.

    Columns: ``architecture`` (index), ``dataset``, ``hp``, ``epoch``; accuracy (percent), loss, mean time of an epoch
    and time of all so far (seconds) of the sets ``train``, ``valid``, ``valtest``, ``test`` as ``get_more_info`` gives
    them; ``flops`` and ``params`` (M), ``latency`` (s), attached numbers (in
    their units); ``arch_str``; the operation of each edge (``op_0_1``) or the
    channels of each layer. Missing values are null. Names of datasets, hps and operations are categories.

    Args:
        store: a store or its path.
        hp: hyper-parameter set; that of most epochs for None.
        epoch: counted from 0; the last for None.
        datasets: one or several; all for None.
        architectures: indexes or strings; all that the store has for None.
        trials: a row a training (with its ``seed``), instead of the mean over the seeds.
        curves: a row an epoch, without costs and operations.

    Raises QuestionError for what the store does not have, ImportError where pandas or pyarrow are not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise missing("natsbin.frame", "pandas and pyarrow", "pandas") from error

    def mapped(kind: pa.DataType) -> pd.ArrowDtype | None:
        return None if pa.types.is_dictionary(kind) else pd.ArrowDtype(kind)

    return table(store, **which).to_pandas(types_mapper=mapped)


FORMATS = (".parquet", ".csv", ".arrow", ".feather")


def write_table(store: Store | str | Path, path: str | Path, *, force: bool = False, **which: Any) -> int:
    """Write the rows that ``frame`` describes to a file, of the format that its suffix names, a block at a time.

    Returns the number of rows. Raises OutputError where the file cannot be written, QuestionError for another suffix.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise QuestionError(f"{path}: expected a name that ends in {', '.join(FORMATS)}")
    wanted = rows(store, **which)
    count = 0
    with new_file(path, force) as (part, _), ExitStack() as stack:
        schema = wanted.schema
        if path.suffix == ".csv":  # has no dictionaries
            plain = [pa.field(f.name, pa.string()) if pa.types.is_dictionary(f.type) else f for f in schema]
            schema = pa.schema(plain)
        file = stack.enter_context(part.open("wb"))  # for Arrow, a path must be UTF-8
        writer = stack.enter_context(_writer(file, path.suffix, schema))
        for block in wanted.batches():
            writer.write(pa.Table.from_batches([block]).cast(schema))
            count += block.num_rows
    return count


def _writer(file: BinaryIO, suffix: str, schema: pa.Schema) -> Any:
    if suffix == ".parquet":
        from pyarrow import parquet

        return parquet.ParquetWriter(file, schema, compression="zstd")
    if suffix == ".csv":
        from pyarrow import csv

        return csv.CSVWriter(file, schema)
    options = pa.ipc.IpcWriteOptions(compression="lz4" if suffix == ".feather" else None)
    return pa.ipc.new_file(file, schema, options=options)


def _missing(values: Any) -> Any:
    """Which numbers a store does not have: all their bits are set."""
    return values.view(np.int64) == -1


def _mask(values: Any) -> Any:
    """Arrow's mask of a masked array; None where nothing is missing, so that the numbers are not copied."""
    mask = np.ma.getmaskarray(values).reshape(-1)
    return mask if mask.any() else None


def _one_name(name: str, names: tuple[str, ...], n: int) -> pa.DictionaryArray:
    """A column of one name, with the same dictionary in every block."""
    return pa.DictionaryArray.from_arrays(np.full(n, names.index(name), np.int8), list(names))
