"""Questions in arrays: time a value beside numpy in memory, whole-space searches, and two threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import isolate
import timing
from questions import DATASET, HPS, SEARCHED
from report import Figure, figures_command, progress

VALUES = 1_000_000


@figures_command
@click.argument("store", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--values", default=VALUES, show_default=True)
@timing.budgeted
def batches(store: Path, values: int, budget: float) -> list[Figure]:
    """Batches of questions to STORE, a whole space, warm."""
    with progress.status("Asking"):
        took = isolate.call("limits.batches:measure", store=str(store), values=values, budget=budget)
    many = f"{values:,}"
    numpy, by_arch, points, simulate = (took[name] for name in ("numpy", "numpy, by arch", "points", "simulate"))
    return [
        Figure("numpy: array[epoch, archs, seeds]", numpy * 1e9, "ns", note=f"{many} values of float64"),
        Figure("numpy: array[archs, seeds, epoch]", by_arch * 1e9, "ns", note="the layout of other packages"),
        Figure("natsbin: the same, from the file", points * 1e9, "ns"),
        Figure("in terms of array[epoch, archs, seeds]", points / numpy, "×", 1),
        Figure("in terms of array[archs, seeds, epoch]", points / by_arch, "×", 1),
        Figure("simulate_train_eval: a pair", simulate * 1e9, "ns", 60, note=f"{many} pairs"),
        Figure("find_best, whole space", took["best"] * 1e3, "ms", 1),
        Figure("Pareto front of three metrics", took["pareto"] * 1e3, "ms", 10),
        Figure("two threads beside one: points", points / took["points, two"], "×", 1.7, least=True),
        Figure("two threads beside one: simulation", simulate / took["simulate, two"], "×", 1.7, least=True),
        Figure("two threads beside one: numpy", by_arch / took["numpy, two"], "×", note="what the machine gives"),
    ]


def measure(store: str, values: int, budget: float) -> dict[str, float]:
    """In a fresh process: seconds a value or a pair, and of one search."""
    import h5py
    import numpy as np

    from natsbin import Batch
    from natsbin.store import open_store

    with h5py.File(store) as file:
        space = str(file.attrs["space"])
        hp = HPS[space]
        group = file[f"{hp}/{DATASET}"]
        trials = np.stack([group["architecture"][()], group["seed"][()]]).astype(np.int64)
        epochs = len(group["epoch"])
    random = np.random.default_rng(0)
    chosen = random.integers(trials.shape[1], size=values)
    archs, seeds = trials[0, chosen], trials[1, chosen]
    at = random.integers(epochs, size=values)
    batch = Batch(open_store(Path(store)))
    every, place = np.unique(trials[1], return_inverse=True)
    by_epoch = np.full((epochs, int(trials[0].max()) + 1, len(every)), np.nan)
    for epoch in range(epochs):
        by_epoch[epoch, trials[0], place] = batch.points(
            trials[0], DATASET, "x-valid", iepoch=epoch, hp=hp, is_random=trials[1]
        )
    by_arch = np.ascontiguousarray(by_epoch.transpose(1, 2, 0))
    columns, last = np.searchsorted(every, seeds), epochs - 1

    def points() -> Any:
        return batch.points(archs, DATASET, "x-valid", hp=hp, is_random=seeds)

    def simulate() -> Any:
        return batch.simulate_train_eval(archs, SEARCHED, iepoch=at, hp=hp, rng=np.random.default_rng(0))

    assert np.array_equal(points(), by_epoch[last, archs, columns], equal_nan=True)
    metrics = ("accuracy", "params", "latency")

    def best(work: Callable[[], Any]) -> float:
        return timing.best(work, budget)

    def by_architecture() -> Any:
        return by_arch[archs, columns, last]

    with ThreadPoolExecutor(2) as pool:

        def two(work: Callable[[], Any]) -> float:
            return best(lambda: [done.result() for done in [pool.submit(work), pool.submit(work)]]) / 2

        found = {
            "numpy": best(lambda: by_epoch[last, archs, columns]),
            "numpy, by arch": best(by_architecture),
            "numpy, two": two(by_architecture),
            "points": best(points),
            "points, two": two(points),
            "simulate": best(simulate),
            "simulate, two": two(simulate),
        }
    return {
        **{name: seconds / values for name, seconds in found.items()},
        "best": best(lambda: batch.find_best(SEARCHED, "valid", hp=hp)),
        "pareto": best(lambda: batch.pareto_front(metrics, SEARCHED, hp=hp)),
    }
