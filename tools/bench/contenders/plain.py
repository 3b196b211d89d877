"""h5py on a store, without natsbin: what any HDF5 program can do with the documented columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from questions import DATASET, HPS, Doubles, Ints, Questions, halving

from contenders import Setting, Work

_SCALARS = ("flop", "params", "latency", "train_time", "x-valid_time", "ori-test_time")
_SETS = ("train", "x-valid", "ori-test")


class PlainStore:
    """One (hp, dataset) of a store: small columns in memory, large ones read where they are asked."""

    def __init__(self, path: Path, space: str) -> None:
        import h5py

        group = h5py.File(path)[f"{HPS[space]}/{DATASET}"]
        self.scalars: dict[str, Any] = {
            name: group[name][()] * group[name].attrs.get("scale_factor", 1.0) for name in _SCALARS
        }
        names = [f"{part}_{quantity}" for part in _SETS for quantity in ("accuracy", "loss")]
        self.columns: dict[str, Any] = {name: group[name] for name in names}
        attributes = {name: dict(column.attrs) for name, column in self.columns.items()}
        self._scale = {name: attrs.get("scale_factor", 1.0) for name, attrs in attributes.items()}
        self._fill = {name: attrs.get("_FillValue") for name, attrs in attributes.items()}
        self.architecture: Ints = group["architecture"][()].astype(np.int64)
        self.seed: Ints = group["seed"][()].astype(np.int64)
        self.rows: dict[int, list[int]] = {}
        for row, arch in enumerate(self.architecture.tolist()):
            self.rows.setdefault(arch, []).append(row)
        self.row_of = {(arch, int(self.seed[row])): row for arch, rows in self.rows.items() for row in rows}

    def read(self, name: str, where: Any) -> Any:
        """Values of a large column at ``column[where]``, NaN where there is none."""
        raw = self.columns[name][where]
        fill = self._fill[name]
        values = raw * self._scale[name]
        return values if fill is None else np.where(raw == fill, np.nan, values)

    def mean(self, name: str, epoch: int, rows: list[int]) -> float:
        """The mean over trials of a large column."""
        return float(sum(self.read(name, (epoch, row)) for row in rows) / len(rows))

    def more_info(self, arch: int, epoch: int) -> dict[str, float]:
        """What ``get_more_info`` tells, as means over the seeds."""
        rows = self.rows[arch]
        found: dict[str, float] = {}
        for part in _SETS:
            per_time = self.scalars[f"{part}_time"][rows[0]]
            found[f"{part}-loss"] = self.mean(f"{part}_loss", epoch, rows)
            found[f"{part}-accuracy"] = self.mean(f"{part}_accuracy", epoch, rows)
            found[f"{part}-per-time"], found[f"{part}-all-time"] = per_time, per_time * (epoch + 1)
        return found


def means(values: Doubles, rows: Ints, count: int) -> Doubles:
    """Means of values that belong to ``rows`` of ``count`` architectures, NaN for an architecture without any."""
    with np.errstate(invalid="ignore"):
        return np.bincount(rows, values, count) / np.bincount(rows, minlength=count)


def open_works(setting: Setting) -> dict[str, Work]:
    """All work, with whole epochs read at once where that suits it."""
    questions = setting.questions
    store = PlainStore(setting.store, questions.space)
    return _works(store, questions)


def _works(store: PlainStore, questions: Questions) -> dict[str, Work]:
    calls: list[list[int]] = questions.calls.tolist()
    points: list[list[int]] = questions.points.tolist()
    curves: list[list[int]] = questions.curves.tolist()
    column, scalars, rows = "x-valid_accuracy", store.scalars, store.rows
    size = int(store.architecture.max()) + 1
    valid_time, train_time = scalars["x-valid_time"], scalars["train_time"]

    def get_cost_info() -> list[float]:
        infos = [{name: scalars[name][rows[arch]].mean() for name in _SCALARS} for arch, _ in calls]
        return [info["latency"] for info in infos]

    def simulate_train_eval() -> list[float]:
        taken = []
        for arch, epoch in calls:
            row = rows[arch][epoch % len(rows[arch])]
            result = (
                store.read(column, (epoch, row)),
                scalars["latency"][row],
                train_time[row] * (epoch + 1) + valid_time[row],
            )
            taken.append(result[2])
        return taken

    def last() -> Doubles:
        return means(store.read(column, -1), store.architecture, size)

    def rung(archs: Ints, epoch: int) -> tuple[Doubles, Doubles]:
        accuracy = means(store.read(column, epoch), store.architecture, size)[archs]
        return accuracy, train_time[[rows[arch][0] for arch in archs.tolist()]] * (epoch + 1)

    return {
        "get_more_info": lambda: [store.more_info(arch, epoch)["x-valid-accuracy"] for arch, epoch in calls],
        "simulate_train_eval": simulate_train_eval,
        "get_cost_info": get_cost_info,
        "find_best, pool": lambda: [np.nanmax(last()[questions.pool])],
        "find_best, all": lambda: [np.nanmax(last())],
        "points": lambda: [
            float(store.read(column, (epoch, store.row_of[arch, seed]))) for arch, seed, epoch in points
        ],
        "curves": lambda: np.concatenate(
            [store.read(column, (slice(None), store.row_of[arch, seed])) for arch, seed in curves]
        ),
        "halving sweep": lambda: halving(questions, rung),
    }
