"""Warm calls of natsbin and of ``nats_bench``, in one process, on the same architectures."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import isolate
import timing
from report import Figure, figures_command, progress

MORE = 100  # times as many calls in a pass of natsbin as in one of the original


NativeQuestions = list[tuple[int, str]]
"""Architectures and datasets."""


class Kind(NamedTuple):
    """Calls as a program writes them, and what one must reach: so many microseconds, so many times the original."""

    loop: Callable[[Any, NativeQuestions, str], None]
    most: float
    times: float
    wished: float


def _simulate(api: Any, asked: NativeQuestions, hp: str) -> None:
    for arch, dataset in asked:
        api.simulate_train_eval(arch, dataset, hp=hp)


def _cost(api: Any, asked: NativeQuestions, hp: str) -> None:
    for arch, dataset in asked:
        api.get_cost_info(arch, dataset, hp=hp)


def _mean(api: Any, asked: NativeQuestions, hp: str) -> None:
    for arch, dataset in asked:
        api.get_more_info(arch, dataset, hp=hp, is_random=False)


def _random(api: Any, asked: NativeQuestions, hp: str) -> None:
    for arch, dataset in asked:
        api.get_more_info(arch, dataset, hp=hp)


def _seed(api: Any, asked: NativeQuestions, hp: str) -> None:
    for arch, dataset in asked:
        api.get_more_info(arch, dataset, hp=hp, is_random=777)


KINDS = {
    "simulate_train_eval": Kind(_simulate, 1.5, 5_000, 10_000),
    "get_cost_info": Kind(_cost, 2, 5_000, 5_000),
    "get_more_info, mean": Kind(_mean, 2, 300, 400),
    "get_more_info, random": Kind(_random, 2, 300, 400),
    "get_more_info, one seed": Kind(_seed, 2, 300, 400),
}


@figures_command
@click.argument("archive", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--hp", default="200", show_default=True)
@click.option("--calls", default=100, show_default=True, help="Of the original in a pass.")
@timing.budgeted
def scalar(archive: Path, hp: str, calls: int, budget: float) -> list[Figure]:
    """Calls on ARCHIVE, a folder of a few architectures, warm, over all datasets, beside nats_bench in fast mode."""
    with progress.status("Asking both"):
        where = {"archive": str(archive), "hp": hp, "calls": calls, "budget": budget}
        measured: dict[str, list[float]] = isolate.call("limits.scalar:measure", **where)
    figures = []
    for name, (original, ours) in measured.items():
        kind = KINDS[name]
        note = f"nats_bench {original * 1e6:,.0f} µs; {kind.wished:,.0f} expected in issue 4"
        figures.append(Figure(f"{name}: a call", ours * 1e6, "µs", kind.most))
        figures.append(Figure(f"{name}: times faster", original / ours, "×", kind.times, least=True, note=note))
    return figures


def measure(archive: str, hp: str, calls: int, budget: float) -> dict[str, list[float]]:
    """In a fresh process: seconds a call of the original and of natsbin, by kind of call."""
    import tempfile

    import nats_bench

    import natsbin
    from natsbin.roads.convert import convert
    from natsbin.spaces import DATASETS
    from natsbin.store import open_store

    with tempfile.TemporaryDirectory() as folder:
        store = open_store(convert(archive, Path(folder, "store.h5"), jobs=1))
        space, archs = store.space.name, store.indexes.tolist()
        theirs = nats_bench.create(archive, space, fast_mode=True, verbose=False)
        ours = natsbin.create(store.path, space, fast_mode=True, verbose=False)

        def a_call(api: Any, kind: Kind, count: int) -> float:
            datasets = (name for name in DATASETS if name != "cifar10-valid" or kind.loop is not _simulate)
            asked = list(itertools.islice(itertools.cycle(itertools.product(archs, datasets)), count))
            return timing.best(lambda: kind.loop(api, asked, hp), budget) / count

        return {name: [a_call(theirs, kind, calls), a_call(ours, kind, calls * MORE)] for name, kind in KINDS.items()}
