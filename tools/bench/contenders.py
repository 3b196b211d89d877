"""The contenders: each opens one file and gives the work that it can do.

A work is a function without arguments that asks all its questions and returns their answers as numbers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from questions import DATASET, SEARCHED, Doubles, Ints, Questions, halving

Work = Callable[[], "Sequence[float] | npt.NDArray[np.floating[Any]]"]
Works = dict[str, Work]


# -- APIs with the methods of nats_bench --------------------------------------------------------------------


def _calls(api: Any, questions: Questions) -> Works:
    """The work as a program written for ``nats_bench`` does it: call by call, public methods only."""
    hp = questions.hp
    calls: list[list[int]] = questions.calls.tolist()
    points: list[list[int]] = questions.points.tolist()
    pool: list[int] = questions.pool.tolist()

    def info(arch: int, epoch: int, seed: int | bool = False) -> dict[str, float]:
        found: dict[str, float] = api.get_more_info(arch, DATASET, iepoch=epoch, hp=hp, is_random=seed)
        return found

    def simulate_train_eval() -> list[float]:
        random.seed(0)
        return [api.simulate_train_eval(arch, SEARCHED, iepoch=epoch, hp=hp)[2] for arch, epoch in calls]

    def find_best() -> list[float]:
        if len(api.evaluated_indexes) < len(pool):  # it searches the architectures that were asked for before
            for arch in pool:
                api.get_cost_info(arch, DATASET, hp=hp)
        return [api.find_best(SEARCHED, "valid", hp=hp, enforce_all=False)[1]]

    def curves() -> list[float]:  # from a copy of each architecture's objects: the quick way in nats_bench
        answers: list[float] = []
        for arch, seed in questions.curves.tolist():
            trial = api.query_by_index(arch, DATASET, hp)[seed]
            answers += [trial.get_eval("x-valid", epoch)["accuracy"] for epoch in range(questions.epochs)]
        return answers

    def rung(archs: Ints, epoch: int) -> tuple[list[float], list[float]]:
        infos = [info(arch, epoch) for arch in archs.tolist()]
        return [one["valid-accuracy"] for one in infos], [one["train-all-time"] for one in infos]

    return {
        "get_more_info": lambda: [info(arch, epoch)["valid-accuracy"] for arch, epoch in calls],
        "simulate_train_eval": simulate_train_eval,
        "get_cost_info": lambda: [api.get_cost_info(arch, DATASET, hp=hp)["latency"] for arch, _ in calls],
        "find_best, pool": find_best,
        "points": lambda: [info(arch, epoch, seed)["valid-accuracy"] for arch, seed, epoch in points],
        "curves": curves,
        "halving sweep": lambda: halving(questions, rung),
    }


def open_original(folder: Path, space: str, questions: Questions) -> Works:
    """``nats_bench`` in fast mode makes the objects of an architecture when it is first asked for."""
    import nats_bench

    return _calls(nats_bench.create(str(folder), space, fast_mode=True, verbose=False), questions)


def open_loaded(file: Path, space: str, questions: Questions) -> Works:
    """``nats_bench`` with its benchmark file in memory; there it searches all, of which some have no latency."""
    import nats_bench

    works = _calls(nats_bench.create(str(file), space, fast_mode=False, verbose=False), questions)
    del works["find_best, pool"]
    return works


def open_scalar(store: Path, space: str, questions: Questions) -> Works:
    """natsbin asked by the same program; ``find_best`` of the whole space on an API without fast mode."""
    import natsbin

    hp, epochs = questions.hp, range(questions.epochs)
    api = natsbin.create(store, space, fast_mode=True, verbose=False)
    whole: list[Any] = []

    def find_best() -> list[float]:
        if not whole:
            whole.append(natsbin.create(store, space, verbose=False))
        return [whole[0].find_best(SEARCHED, "valid", hp=hp)[1]]

    def curves() -> list[float]:  # a call an epoch: the quick way where a call takes a microsecond
        return [
            api.get_more_info(arch, DATASET, iepoch=epoch, hp=hp, is_random=seed)["valid-accuracy"]
            for arch, seed in questions.curves.tolist()
            for epoch in epochs
        ]

    return {**_calls(api, questions), "find_best, all": find_best, "curves": curves}


def open_batch(store: Path, space: str, questions: Questions) -> Works:
    """natsbin asked for arrays."""
    from natsbin.batch import Batch
    from natsbin.store import open_store

    hp, batch = questions.hp, Batch(open_store(store))
    (archs, at), (curved, curve_seeds) = questions.calls.T, questions.curves.T
    pointed, point_seeds, point_epochs = questions.points.T

    def rung(archs: Ints, epoch: int) -> tuple[Doubles, Doubles]:
        accuracy: Doubles = batch.points(archs, DATASET, "x-valid", iepoch=epoch, hp=hp)
        return accuracy, batch.train_time(archs, epoch + 1, dataset=DATASET, hp=hp)

    def simulate_train_eval() -> Doubles:
        seconds: Doubles = batch.simulate_train_eval(archs, SEARCHED, iepoch=at, hp=hp, rng=np.random.default_rng(0))[2]
        return seconds

    return {
        "get_more_info": lambda: batch.get_more_info(archs, DATASET, iepoch=at, hp=hp)["valid-accuracy"],
        "simulate_train_eval": simulate_train_eval,
        "get_cost_info": lambda: batch.get_cost_info(archs, DATASET, hp=hp)["latency"],
        "find_best, pool": lambda: [batch.points(questions.pool, DATASET, "x-valid", hp=hp).max()],
        "find_best, all": lambda: [batch.find_best(SEARCHED, "valid", hp=hp)[1] or np.nan],
        "points": lambda: batch.points(pointed, DATASET, "x-valid", iepoch=point_epochs, hp=hp, is_random=point_seeds),
        "curves": lambda: batch.curves(curved, DATASET, "x-valid", hp=hp, seed=curve_seeds),
        "halving sweep": lambda: halving(questions, rung),
    }


# -- without natsbin ----------------------------------------------------------------------------------------

_SCALARS = ("flop", "params", "latency", "train_time", "x-valid_time", "ori-test_time")
_SETS = ("train", "x-valid", "ori-test")


class PlainStore:
    """One (hp, dataset) of a store through h5py: small columns in memory, large ones read when they are asked."""

    def __init__(self, path: Path, hp: str) -> None:
        import h5py

        group = h5py.File(path)[f"{hp}/{DATASET}"]
        self.scalars: dict[str, Any] = {
            name: group[name][()] * group[name].attrs.get("scale_factor", 1.0) for name in _SCALARS
        }
        self.columns: dict[str, tuple[Any, float, Any]] = {}  # dataset, scale, missing code
        for name in (f"{part}_{quantity}" for part in _SETS for quantity in ("accuracy", "loss")):
            attrs = dict(group[name].attrs)
            self.columns[name] = group[name], attrs.get("scale_factor", 1.0), attrs.get("_FillValue")
        self.architecture: Ints = group["architecture"][()].astype(np.int64)
        self.seed: Ints = group["seed"][()].astype(np.int64)
        self.rows: dict[int, list[int]] = {}
        for row, arch in enumerate(self.architecture.tolist()):
            self.rows.setdefault(arch, []).append(row)
        self.row_of = {(arch, int(self.seed[row])): row for arch, rows in self.rows.items() for row in rows}

    def read(self, name: str, where: Any) -> Any:
        """Values of a large column at ``column[where]``, NaN where there is none."""
        column, scale, fill = self.columns[name]
        raw = column[where]
        return raw * scale if fill is None else np.where(raw == fill, np.nan, raw * scale)

    def means(self, epoch: int) -> Doubles:
        """The mean validation accuracy over the seeds by official index, NaN where there is none."""
        values, size = self.read("x-valid_accuracy", epoch), int(self.architecture.max()) + 1
        with np.errstate(invalid="ignore"):
            return np.bincount(self.architecture, values, size) / np.bincount(self.architecture, minlength=size)

    def more_info(self, arch: int, epoch: int) -> dict[str, float]:
        """What ``get_more_info`` answers, as means over the seeds."""
        rows = self.rows[arch]
        found: dict[str, float] = {}
        for part in _SETS:
            for quantity in ("loss", "accuracy"):
                values = [self.read(f"{part}_{quantity}", (epoch, row)) for row in rows]
                found[f"{part}-{quantity}"] = float(sum(values) / len(rows))
            per_time = self.scalars[f"{part}_time"][rows[0]]
            found[f"{part}-per-time"], found[f"{part}-all-time"] = per_time, per_time * (epoch + 1)
        return found


def open_plain(path: Path, space: str, questions: Questions) -> Works:
    """What any HDF5 program can do with the documented columns; whole epochs are read at once where that helps."""
    store = PlainStore(path, questions.hp)
    calls: list[list[int]] = questions.calls.tolist()
    points: list[list[int]] = questions.points.tolist()
    curves: list[list[int]] = questions.curves.tolist()
    column, scalars, rows, row_of = "x-valid_accuracy", store.scalars, store.rows, store.row_of
    valid_time, train_time, latency = scalars["x-valid_time"], scalars["train_time"], scalars["latency"]

    def get_cost_info() -> list[float]:
        infos = [{name: scalars[name][rows[arch]].mean() for name in _SCALARS} for arch, _ in calls]
        return [info["latency"] for info in infos]

    def simulate_train_eval() -> list[float]:
        taken = []
        for arch, epoch in calls:
            row = rows[arch][epoch % len(rows[arch])]
            seconds = train_time[row] * (epoch + 1) + valid_time[row]
            taken.append((store.read(column, (epoch, row)), latency[row], seconds)[2])
        return taken

    def rung(archs: Ints, epoch: int) -> tuple[Doubles, Doubles]:
        return store.means(epoch)[archs], train_time[[rows[arch][0] for arch in archs.tolist()]] * (epoch + 1)

    return {
        "get_more_info": lambda: [store.more_info(arch, epoch)["x-valid-accuracy"] for arch, epoch in calls],
        "simulate_train_eval": simulate_train_eval,
        "get_cost_info": get_cost_info,
        "find_best, pool": lambda: [np.nanmax(store.means(-1)[questions.pool])],
        "find_best, all": lambda: [np.nanmax(store.means(-1))],
        "points": lambda: [float(store.read(column, (epoch, row_of[arch, seed]))) for arch, seed, epoch in points],
        "curves": lambda: np.concatenate([store.read(column, (slice(None), row_of[a, seed])) for a, seed in curves]),
        "halving sweep": lambda: halving(questions, rung),
    }


def make_table(store: Path, hp: str, path: Path) -> None:
    """Write a store's accuracies as float32 (architecture, seed, epoch), NaN where there is none, to an ``.npz``."""
    plain = PlainStore(store, hp)
    values = plain.read("x-valid_accuracy", slice(None))
    seeds = np.unique(plain.seed)
    size = int(plain.architecture.max()) + 1
    accuracy = np.full((size, len(seeds), len(values)), np.nan, np.float32)
    accuracy[plain.architecture, np.searchsorted(seeds, plain.seed)] = values.T
    arrays: dict[str, Any] = {"accuracy": accuracy, "seeds": seeds}
    for name in ("train_time", "x-valid_time", "latency"):
        arrays[name] = np.zeros(size)
        arrays[name][plain.architecture] = plain.scalars[name]
    np.savez(path, **arrays)


def open_table(path: Path, space: str, questions: Questions) -> Works:
    """An array in memory, as other tabular benchmarks keep one: accuracies of one set, no losses, no costs."""
    accuracy: npt.NDArray[np.float32]
    with np.load(path) as file:
        accuracy, seeds = file["accuracy"], file["seeds"]
        train_time, valid_time, latency = file["train_time"], file["x-valid_time"], file["latency"]
    mean = np.nansum(accuracy, axis=1) / np.maximum(1, (~np.isnan(accuracy)).sum(axis=1))
    trained = [np.flatnonzero(~np.isnan(one[:, -1])).tolist() for one in accuracy]
    calls: list[list[int]] = questions.calls.tolist()
    (arch, seed, epoch), (curved, curve_seed) = questions.points.T, questions.curves.T

    def simulate_train_eval() -> list[float]:
        taken = []
        for arch, epoch in calls:
            seed = trained[arch][epoch % len(trained[arch])]
            seconds = train_time[arch] * (epoch + 1) + valid_time[arch]
            taken.append((accuracy[arch, seed, epoch], latency[arch], seconds)[2])
        return taken

    def rung(archs: Ints, epoch: int) -> tuple[Doubles, Doubles]:
        return mean[archs, epoch].astype(np.float64), train_time[archs] * (epoch + 1)

    return {
        "simulate_train_eval": simulate_train_eval,
        "find_best, pool": lambda: [float(mean[questions.pool, -1].max())],
        "find_best, all": lambda: [float(mean[:, -1].max())],
        "points": lambda: accuracy[arch, np.searchsorted(seeds, seed), epoch],
        "curves": lambda: accuracy[curved, np.searchsorted(seeds, curve_seed)],
        "halving sweep": lambda: halving(questions, rung),
    }


@dataclass(frozen=True)
class Contender:
    """What tables call it, which form of the benchmark it reads, and how that is opened."""

    title: str
    source: str
    open: Callable[[Path, str, Questions], Works]


CONTENDERS = {
    "original": Contender("nats_bench, fast mode", "archive", open_original),
    "loaded": Contender("nats_bench, loaded file", "benchmark", open_loaded),
    "table": Contender("float32 array in memory", "table", open_table),
    "plain": Contender("h5py on our file", "store", open_plain),
    "scalar": Contender("natsbin, call by call", "store", open_scalar),
    "batch": Contender("natsbin, in batches", "store", open_batch),
}
TITLES = {name: contender.title for name, contender in CONTENDERS.items()}
