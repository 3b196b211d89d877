"""Numbers from a file to a side table of a store: latencies of a device, scores of a proxy, energies."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from natsbin._pickle import Unpickler
from natsbin.errors import ArchiveError, NoArchiveError, QuestionError
from natsbin.roads.parquet import Table
from natsbin.spaces import DATASETS
from natsbin.store import Store, open_store
from natsbin.store.attached import write_attached
from natsbin.store.layouts import Floats

FORMATS = (".csv", ".parquet", ".json", ".pickle", ".pkl")
_ARCHITECTURES = ("architecture", "index", "arch_str", "arch")
_LIMIT = 1 << 28  # bytes of a pickle

Row = tuple[Any, Any, Any]
"""An architecture (an index or a string), a dataset or None, and a number."""


def attach(
    store: str | os.PathLike[str],
    table: str | os.PathLike[str],
    name: str,
    unit: str = "1",
    *,
    column: str | None = None,
    force: bool = False,
) -> int:
    """Write the numbers of a file beside the originals of a store, under ``name``; returns for how many architectures.

    Args:
        store: the path of a store, which is replaced by a new file that has the numbers too.
        table: a ``.csv`` or ``.parquet`` of rows with a column ``architecture`` (also ``index``, ``arch_str`` or
            ``arch``: indexes or strings), perhaps ``dataset``, and the numbers; or a ``.json``, ``.pickle`` or ``.pkl``
            of such rows, of ``{architecture: number}``, or of ``{dataset: {architecture: number}}``.
        name: what limits, Pareto metrics, frame columns and coordinates call them.
        unit: their unit.
        column: which column has the numbers; ``name``, or the only other one, for None.
        force: replace numbers of that name.

    Datasets are those of the store, or published ones. An empty number, or None, is missing. Raises ArchiveError where
    the file is no such table or has an architecture that is not in the space, or one twice; QuestionError, OutputError
    and StoreError as ``write_attached``.
    """
    path, place = Path(store), Path(table)
    opened = open_store(path)
    datasets = list(dict.fromkeys([*DATASETS, *(dataset for _, dataset in opened.keys)]))
    rows = _rows(place, name, column, opened.total * (len(datasets) + 1))
    columns = _columns(opened, datasets, rows, str(place))
    write_attached(path, name, unit, columns, force=force)
    present = ~np.isnan(np.stack([values[opened.indexes] for values in columns.values()])).all(axis=0)
    return int(present.sum())


def _columns(store: Store, datasets: list[str], rows: Iterable[Row], source: str) -> dict[str | None, Floats]:
    """The numbers by official index, by dataset."""
    index_of = {arch: index for index, arch in enumerate(store.meta_archs)}
    columns: dict[str | None, Floats] = {}
    seen: set[tuple[int, str | None]] = set()
    for number, (arch, dataset, value) in enumerate(rows, 1):
        where = f"{source}: row {number}"
        index = index_of.get(arch, -1) if isinstance(arch, str) and not arch.isdecimal() else _whole(arch)
        if not 0 <= index < store.total:
            raise ArchiveError(
                f"{where}: architecture {arch!r:.100}; an index below {store.total} or a string of the "
                f"{store.space.title} space was expected"
            )
        if dataset is not None and dataset not in datasets:
            raise ArchiveError(f"{where}: dataset {dataset!r:.60}; one of {', '.join(datasets)} was expected")
        if (index, dataset) in seen:
            raise ArchiveError(f"{where}: architecture {arch!r:.100} is there twice")
        seen.add((index, dataset))
        if dataset not in columns:
            columns[dataset] = np.full(store.total, np.nan)
        columns[dataset][index] = _number(value, where)
    if not columns:
        raise ArchiveError(f"{source}: no rows; a number an architecture was expected")
    return columns


def _whole(value: Any) -> int:
    if isinstance(value, str):
        return int(value)
    return int(value) if isinstance(value, (int, np.integer)) and not isinstance(value, bool) else -1


def _number(value: Any, where: str) -> float:
    if value is None or value == "":
        return float("nan")
    try:
        if not isinstance(value, bool):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise ArchiveError(f"{where}: {value!r:.60}; a number was expected")


def _rows(path: Path, name: str, column: str | None, most: int) -> Iterator[Row]:
    if path.suffix not in FORMATS:
        raise QuestionError(f"{path}: expected a name that ends in {', '.join(FORMATS)}")
    if not os.path.isfile(path):
        raise NoArchiveError(f"{path}: no such file; a table was expected")
    try:
        if path.suffix == ".csv":
            with path.open(newline="", encoding="utf-8-sig") as file:
                yield from _from_records(csv.DictReader(file), path, name, column)
        elif path.suffix == ".parquet":
            yield from _from_parquet(path, name, column, most)
        else:
            value = json.loads(path.read_bytes()) if path.suffix == ".json" else _unpickled(path)
            yield from _from_value(value, path, name, column)
    except (OSError, ValueError, csv.Error, RecursionError) as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"{path}: cannot be read as {path.suffix[1:]}: {error}") from error


def _unpickled(path: Path) -> Any:
    """The value of a pickle that holds plain data; nothing in it is run."""
    unpickler = Unpickler(str(path), _LIMIT)
    unpickler.feed(path.read_bytes(), last=True)
    return unpickler.value


def _from_parquet(path: Path, name: str, column: str | None, most: int) -> Iterator[Row]:
    with Table(path, most) as table:
        architecture, numbers = _chosen(table.names, path, name, column)
        if "dataset" in table.names:
            for arch, dataset, value in table.rows([architecture, "dataset", numbers]):
                yield arch, dataset or None, value
        else:
            for arch, value in table.rows([architecture, numbers]):
                yield arch, None, value


def _from_value(value: Any, path: Path, name: str, column: str | None) -> Iterator[Row]:
    if isinstance(value, list):
        yield from _from_records(value, path, name, column)
    elif isinstance(value, dict) and value and all(isinstance(one, dict) for one in value.values()):
        for dataset, numbers in value.items():
            for arch, number in numbers.items():
                yield arch, dataset, number
    elif isinstance(value, dict):
        for arch, number in value.items():
            yield arch, None, number
    else:
        raise ArchiveError(f"{path}: a {type(value).__name__}; rows, or numbers by architecture, were expected")


def _from_records(records: Iterable[Any], path: Path, name: str, column: str | None) -> Iterator[Row]:
    for record in records:
        if not isinstance(record, Mapping):
            raise ArchiveError(f"{path}: a row is a {type(record).__name__}; one with named columns was expected")
        architecture, numbers = _chosen(record, path, name, column)
        yield record[architecture], record.get("dataset") or None, record[numbers]


def _chosen(names: Collection[Any], path: Path, name: str, column: str | None) -> tuple[str, str]:
    """The columns of architectures and of numbers."""
    known = next((one for one in _ARCHITECTURES if one in names), None)
    if known is None:
        raise ArchiveError(f"{path}: columns {list(names)[:8]}; one of {', '.join(_ARCHITECTURES)} was expected")
    others = [one for one in names if one not in (*_ARCHITECTURES, "dataset")]
    chosen = column if column is not None else name if name in names else others[0] if len(others) == 1 else None
    if chosen is None or chosen not in names:
        raise ArchiveError(f"{path}: columns {list(names)[:8]}; say which one has the numbers (--column)")
    return known, chosen
