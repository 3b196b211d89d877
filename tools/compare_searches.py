"""Are final choices of natsbin's searches distributed as those of plain loops? Two-sample Kolmogorov-Smirnov tests."""

from __future__ import annotations

import functools
import random
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from paper_loops import LOOPS, trainer
from scipy import stats

import natsbin
from natsbin.search import Budget, StoredSimulation, find_algorithm, search_block
from natsbin.store import open_store
from natsbin.sweep.quality import Quality


@click.command()
@click.argument("store", type=click.Path(exists=True, path_type=Path))
@click.option("--dataset", default="cifar10", show_default=True)
@click.option("--hp", default="12", show_default=True)
@click.option("--seconds", default=20000.0, show_default=True, help="Budget of a search, simulated.")
@click.option("--seeds", default=500, show_default=True)
@click.option("--algorithm", "names", multiple=True, type=click.Choice(sorted(LOOPS)), help="[default: all]")
def main(store: Path, dataset: str, hp: str, seconds: float, seeds: int, names: tuple[str, ...]) -> None:
    """Compare SEEDS runs of each algorithm on STORE with as many of a plain loop over the scalar API."""
    opened = open_store(store)
    simulation, quality = StoredSimulation(opened, dataset, hp), Quality.of(opened, dataset)
    click.echo(f"{opened.space.name} {dataset} hp {hp}, {seconds:,.0f} s, {seeds} seeds: two-sample tests, D and p")
    for name in names or LOOPS:
        begun = time.process_time()
        plain = _plain(name, opened.space.name, simulation, seconds, seeds)
        middle = time.process_time()
        block: Any = find_algorithm(name).block
        make = functools.partial(block, simulation.space, simulation.epochs)
        history = search_block(make, simulation, range(seeds), Budget(seconds=seconds))
        rows, final = np.arange(seeds), history.final()
        ours = np.stack([history.index[rows, final], history.accuracy[rows, final], history.lengths], axis=1)
        click.echo(f"{name}: plain loop {middle - begun:.1f} s of CPU, lockstep {time.process_time() - middle:.2f} s")
        for what, (a, b) in {
            "validation accuracy when chosen": (plain[:, 1], ours[:, 1]),
            "test accuracy of the choice": (
                quality.test[plain[:, 0].astype(int)],
                quality.test[ours[:, 0].astype(int)],
            ),
            "number of trainings": (plain[:, 2], ours[:, 2]),
        }.items():
            found: Any = stats.ks_2samp(a, b)
            click.echo(
                f"  {what:32} mean {np.nanmean(a):8.3f} and {np.nanmean(b):8.3f}   "
                f"D = {found.statistic:.3f}, p = {found.pvalue:.3f}"
            )


def _plain(name: str, space: str, simulation: StoredSimulation, seconds: float, seeds: int) -> Any:
    """Final index, its accuracy, and the number of trainings of each run."""
    api = natsbin.create(simulation.store, space, fast_mode=True, verbose=False)
    found = []
    for seed in range(seeds):
        random.seed(seed)
        if name == "reinforce":
            import torch

            torch.manual_seed(seed)
        api.reset_time()
        seen: list[tuple[int, float, float]] = []
        LOOPS[name](space, trainer(api, simulation.dataset, simulation.hp, seen), lambda: api.used_time >= seconds)
        best = max(seen, key=lambda one: one[1])
        found.append((best[0], best[1], len(seen)))
    return np.array(found)


if __name__ == "__main__":
    main()
