"""A float32 array in memory, as other tabular benchmarks keep one: accuracies of one set, no losses, no costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from questions import Doubles, Ints, halving

from contenders import Setting, Work
from contenders.plain import PlainStore

Singles = npt.NDArray[np.float32]


def prepare(store: Path, space: str, path: Path) -> None:
    """Write the array of a store as an ``.npz``: (architecture, seed, epoch), NaN where there is none."""
    plain = PlainStore(store, space)
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


def open_works(setting: Setting) -> dict[str, Work]:
    """The work that needs accuracies and times alone."""
    questions = setting.questions
    accuracy: Singles
    with np.load(setting.table) as file:
        accuracy, seeds = file["accuracy"], file["seeds"]
        train_time, valid_time, latency = file["train_time"], file["x-valid_time"], file["latency"]
    mean = np.nansum(accuracy, axis=1) / np.maximum(1, (~np.isnan(accuracy)).sum(axis=1))
    trained = [np.flatnonzero(~np.isnan(one[:, -1])).tolist() for one in accuracy]
    calls: list[list[int]] = questions.calls.tolist()

    def simulate_train_eval() -> list[float]:
        taken = []
        for arch, epoch in calls:
            seed = trained[arch][epoch % len(trained[arch])]
            result = accuracy[arch, seed, epoch], latency[arch], train_time[arch] * (epoch + 1) + valid_time[arch]
            taken.append(result[2])
        return taken

    def points() -> Singles:
        arch, seed, epoch = questions.points.T
        answers: Singles = accuracy[arch, np.searchsorted(seeds, seed), epoch]
        return answers

    def curves() -> Singles:
        arch, seed = questions.curves.T
        answers: Singles = accuracy[arch, np.searchsorted(seeds, seed)]
        return answers

    def rung(archs: Ints, epoch: int) -> tuple[Doubles, Doubles]:
        return mean[archs, epoch].astype(np.float64), train_time[archs] * (epoch + 1)

    return {
        "simulate_train_eval": simulate_train_eval,
        "find_best, pool": lambda: [float(mean[questions.pool, -1].max())],
        "find_best, all": lambda: [float(mean[:, -1].max())],
        "points": points,
        "curves": curves,
        "halving sweep": lambda: halving(questions, rung),
    }
