"""Results as Parquet: whole files or none, and the same bytes wherever they were computed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from natsbin._util.files import new_file
from natsbin.errors import OutputError
from natsbin.search.history import History
from natsbin.sweep.quality import Quality

if TYPE_CHECKING:
    from natsbin.sweep.unit import Unit

Files = dict[str, bytes]
KINDS = ("trajectories", "incumbents", "runs")
"""In the order of writing: a unit is done when its runs are there."""

METADATA = "natsbin"
"""The key of what a file says, as JSON, of the whole space: accuracies of the best and the average architecture."""


def files_of(unit: Unit, history: History, quality: Quality) -> Files:
    """The files of a unit by kind."""
    seeds = np.arange(unit.first, unit.first + unit.count)
    tables = {"incumbents": _incumbents(unit, seeds, history, quality), "runs": _runs(seeds, history, quality)}
    if unit.trajectories:
        tables["trajectories"] = _trajectories(seeds, history)
    known = {METADATA: json.dumps(quality.space_wide)}
    return {kind: _parquet(unit, columns, known) for kind, columns in tables.items()}


def write_parts(folder: Path, unit: Unit, files: Files) -> None:
    """Write the files of a unit, each whole or not at all. OutputError where the disk refuses."""
    for kind in KINDS:
        if kind in files:
            write_whole(part_path(folder, kind, unit.name), files[kind])


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; it replaces an older one. OutputError where the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error}") from error
    with new_file(path, force=True) as (_, descriptor), open(descriptor, "wb", closefd=False) as file:
        file.write(content)


def part_path(folder: Path, kind: str, name: str) -> Path:
    """Where a part of a unit is."""
    return folder / kind / f"{name}.parquet"


def read_parts(folder: Path, kind: str) -> pa.Table:
    """All parts of a kind as one table, in the order of their names. OutputError names a damaged one."""
    tables = []
    for path in sorted((folder / kind).glob("*.parquet")):
        try:
            with path.open("rb") as file:  # for Arrow, a path must be UTF-8
                tables.append(pq.read_table(file))
        except (OSError, pa.ArrowException) as error:
            raise OutputError(f"{path}: not a part of a sweep, or damaged: {error}; remove it and go on") from error
    if not tables:
        raise OutputError(f"{folder}: no {kind} of a sweep in it")
    return pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()


def space_wide(folder: Path) -> dict[tuple[str, str], dict[str, float]]:
    """What runs say of whole spaces, by space and dataset."""
    found = {}
    for path in sorted((folder / "runs").glob("*.parquet")):
        space, dataset, _ = path.name.split("_", 2)
        if (space, dataset) not in found:
            with path.open("rb") as file:
                found[space, dataset] = json.loads(pq.read_schema(file).metadata[METADATA.encode()])
    return found


Columns = dict[str, npt.NDArray[Any]]


def _runs(seeds: npt.NDArray[np.int64], history: History, quality: Quality) -> Columns:
    rows, place = np.arange(len(seeds)), history.final()
    return {
        "seed": seeds,
        **_chosen(history.index[rows, place], quality),
        "accuracy": history.accuracy[rows, place],
        "epochs": history.epochs[rows, place],
        "trainings": history.lengths.astype(np.int32),
        "seconds": history.clock[rows, history.lengths - 1],
    }


def _incumbents(unit: Unit, seeds: npt.NDArray[np.int64], history: History, quality: Quality) -> Columns:
    """The best by each of ``times`` moments; where there is a limit of seconds, parts of it, else of trainings."""
    times = moments(unit)
    if unit.budget.seconds is not None:
        place = history.at(times)
    else:
        done = np.minimum(times.astype(np.int64), history.lengths[:, None])
        place = np.take_along_axis(history.best(), done - 1, axis=1)
    there = np.maximum(place, 0)
    index = np.where(place < 0, -1, np.take_along_axis(history.index, there, axis=1)).reshape(-1)
    accuracy = np.where(place < 0, np.nan, np.take_along_axis(history.accuracy, there, axis=1)).reshape(-1)
    return {
        "seed": np.repeat(seeds, len(times)),
        "at": np.tile(times, len(seeds)),
        **_chosen(index.astype(np.int32), quality),
        "accuracy": accuracy,
    }


def moments(unit: Unit) -> npt.NDArray[np.float64]:
    """When incumbents are noted: simulated seconds, or numbers of trainings without a limit of seconds."""
    steps = np.arange(1, unit.times + 1) / unit.times
    if unit.budget.seconds is not None:
        return steps * unit.budget.seconds
    return np.unique(np.maximum(np.floor(steps * (unit.budget.trainings or 1)), 1.0))


def _trajectories(seeds: npt.NDArray[np.int64], history: History) -> Columns:
    run, step = np.nonzero(np.arange(history.clock.shape[1]) < history.lengths[:, None])
    return {
        "seed": seeds[run],
        "training": step.astype(np.int32),
        "index": history.index[run, step],
        "epochs": history.epochs[run, step],
        "accuracy": history.accuracy[run, step],
        "seconds": history.clock[run, step],
    }


def _chosen(index: npt.NDArray[np.int32], quality: Quality) -> Columns:
    """An architecture and how good it is after a whole training; regret is what the best one has more, in percent."""
    best_valid, best_test = quality.best
    valid, test = (np.where(index < 0, np.nan, one[index]) for one in (quality.valid, quality.test))
    return {
        "index": index,
        "valid": valid,
        "test": test,
        "valid_regret": best_valid - valid,
        "test_regret": best_test - test,
    }


def _parquet(unit: Unit, columns: Columns, known: dict[str, str]) -> bytes:
    rows = len(next(iter(columns.values())))
    constants = {"space": unit.space, "dataset": unit.dataset, "hp": unit.hp, "algorithm": unit.algorithm.label}
    arrays: dict[str, Any] = {
        name: pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([text]))
        for name, text in constants.items()
    }
    table = pa.table({**arrays, **{name: pa.array(values) for name, values in columns.items()}}, metadata=known)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=1, row_group_size=1 << 20)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def missing_parts(folder: Path, units: Iterable[Unit]) -> list[Unit]:
    """The units whose runs are not there yet."""
    done = {path.stem for path in (folder / KINDS[-1]).glob("*.parquet")}
    return [unit for unit in units if unit.name not in done]
