"""What every contender is asked: drawn once from a store, seeded, the same for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

SEARCHED = "cifar10"
DATASET = "cifar10-valid"
"""What ``simulate_train_eval`` and ``find_best`` read for ``cifar10``; its sets have values at every epoch."""

HPS = {"tss": "200", "sss": "90"}
WORK = (
    *("get_more_info", "simulate_train_eval", "get_cost_info", "find_best, pool", "find_best, all"),
    *("points", "curves", "halving sweep"),
)
"""The kinds of work."""

ETA = 3  # a sweep keeps one architecture in three, and trains it three times as long


@dataclass(frozen=True)
class Questions:
    """Architectures by official index, seeds, epochs from 0.

    ``calls`` are rows of (architecture, epoch), ``points`` of (architecture, seed, epoch), ``curves`` of
    (architecture, seed), ``starts`` of a sweep's first architectures; all of them lie in ``pool``.
    """

    pool: Ints
    calls: Ints
    points: Ints
    curves: Ints
    starts: Ints
    epochs: int
    hp: str

    def counts(self) -> dict[str, int]:
        """How many questions each kind of work asks."""
        calls, points, curves, sweeps = map(len, (self.calls, self.points, self.curves, self.starts))
        return dict(zip(WORK, (calls, calls, calls, 1, 1, points, curves, sweeps), strict=True))

    def rungs(self) -> list[int]:
        """The epochs, from 0, after which a sweep looks at what is left, until one architecture is."""
        size, epochs = self.starts.shape[1], [self.epochs - 1]
        while size >= ETA ** len(epochs) * ETA and epochs[0] >= ETA:
            epochs.insert(0, epochs[0] // ETA)
        return epochs


def space_of(store: Path) -> str:
    """The search space of a store, without natsbin."""
    with h5py.File(store) as file:
        return str(file.attrs["space"])


def draw(store: Path, pool: int, scale: int, seed: int = 0) -> Questions:
    """Questions about at most ``pool`` of a store's architectures; ``scale`` divides how many are asked."""
    random, hp = np.random.default_rng(seed), HPS[space_of(store)]
    with h5py.File(store) as file:
        group = file[f"{hp}/{DATASET}"]
        column = group["x-valid_accuracy"]
        fill = column.attrs.get("_FillValue")
        there = np.ones(column.shape[1], bool) if fill is None else (column[()] != fill).all(axis=0)
        trials = np.stack([group["architecture"][()], group["seed"][()]], axis=1).astype(np.int64)
        timed = [_timed(file[f"{hp}/{name}"]) for name in (DATASET, SEARCHED)]
        epochs = int(column.shape[0])
    complete = np.setdiff1d(trials[there, 0], trials[~there, 0])  # every seed has every epoch
    for architectures in timed:
        complete = np.intersect1d(complete, architectures)
    chosen = np.sort(random.choice(complete, min(pool, len(complete)), replace=False))
    trials = trials[np.isin(trials[:, 0], chosen)]

    def some(count: int) -> Ints:
        return trials[random.integers(len(trials), size=max(2, count // scale))]

    def at_epochs(rows: Ints) -> Ints:
        return np.column_stack([rows, random.integers(epochs, size=len(rows))])

    starts = [random.choice(chosen, min(ETA**5, len(chosen)), replace=False) for _ in range(max(1, 10 // scale))]
    calls, points = at_epochs(some(500)[:, :1]), at_epochs(some(10_000))
    return Questions(chosen, calls, points, some(1_000), np.stack(starts), epochs, hp)


def _timed(group: Any) -> Ints:
    """The architectures that have a latency in each trial: nats_bench raises an error for some others."""
    architecture: Ints = group["architecture"][()].astype(np.int64)
    return np.setdiff1d(architecture, architecture[~(group["latency"][()] > 0)])


Ask = Callable[[Ints, int], tuple[Sequence[float] | Doubles, Sequence[float] | Doubles]]
"""(architectures, epoch) to their validation accuracy, the mean over the seeds, and training time until then."""


def halving(questions: Questions, ask: Ask) -> list[float]:
    """Successive halving from each start: the best accuracy and the seconds of training, pausing and resuming."""
    results: list[float] = []
    for start in questions.starts:
        archs, before, clock = start, np.zeros(len(start)), 0.0
        accuracy: Doubles = np.empty(0)
        for rung, epoch in enumerate(questions.rungs()):
            if rung:
                keep = np.argsort(-accuracy, kind="stable")[: len(archs) // ETA]
                archs, before = archs[keep], before[keep]
            accuracy, trained = map(np.asarray, ask(archs, epoch))
            clock += float((trained - before).sum())
            before = trained
        results += [float(accuracy.max()), clock]
    return results
