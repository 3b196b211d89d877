"""What sweeps take: searches a second of CPU by algorithm, the share of the store, processes, memory and bytes.

Times are of CPU where not said otherwise, so that other work on the machine matters little.
"""

from __future__ import annotations

import dataclasses
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from natsbin.errors import QuestionError
from natsbin.search import Budget, StoredSimulation, find_algorithm, search_block
from natsbin.store import open_store
from natsbin.sweep import AlgorithmSpec, Sweep, run
from natsbin.sweep.parts import write_whole
from natsbin.sweep.stores import locate
from natsbin.sweep.unit import compute, units_of

PAPER = ("random", "rea", "reinforce", "bohb")


@click.group()
def main() -> None:
    """Measure sweeps on stores of whole spaces."""


@main.command()
@click.argument("store", type=click.Path(exists=True, path_type=Path))
@click.option("--runs", default=500, show_default=True)
@click.option("--names", default=",".join((*PAPER, "local-search", "successive-halving", "hyperband", "asha", "tpe")))
def lockstep(store: Path, runs: int, names: str) -> None:
    """Searches of 20,000 s on cifar10 with hp 12 in one block: how many a second of CPU, the best of three."""
    opened = open_store(store)
    simulation, reading = _timed(lambda: _read(StoredSimulation(opened, "cifar10", "12")))
    click.echo(f"reading all trainings of the store: {reading * 1e3:.0f} ms, once a process and dataset")
    for name in names.split(","):
        block: Any = find_algorithm(name).block
        if block is None:
            raise QuestionError(f"{name} has no lockstep")

        searched = partial(
            search_block, partial(block, simulation.space, 12), simulation, range(runs), Budget(seconds=20000.0)
        )
        took = [_timed(searched) for _ in range(3)]
        history, seconds = min(took, key=lambda one: one[1])
        trainings = int(history.lengths.sum())
        click.echo(
            f"{name:20} {runs / seconds:9,.0f} runs/s  {trainings / seconds / 1e6:6.2f} M trainings/s  "
            f"{trainings / runs:6.0f} trainings a run"
        )


@main.command()
@click.argument("stores", nargs=-1, required=True, metavar="SPACE=STORE...")
@click.option("--seeds", default=500, show_default=True)
@click.option("--engine", default="joblib", show_default=True)
@click.option("--jobs", default=2, show_default=True)
def paper(stores: tuple[str, ...], seeds: int, engine: str, jobs: int) -> None:
    """The paper's four algorithms on three datasets, 20,000 s: elapsed time, and CPU of this and worker processes."""
    sweep = _paper(dict(one.split("=", 1) for one in stores), seeds)
    with tempfile.TemporaryDirectory() as folder:
        before, begun = _cpu(), time.perf_counter()
        run(sweep, Path(folder), engine=engine, jobs=jobs)
        elapsed = time.perf_counter() - begun
        _end_workers()
        files = [path.stat().st_size for path in Path(folder).rglob("*.parquet")]
    searches = seeds * len(sweep.algorithms) * len(sweep.datasets) * len(sweep.places)
    click.echo(
        f"{searches:,} searches by {engine} on {jobs}: {elapsed:.1f} s elapsed, {_cpu() - before:.1f} s of CPU; "
        f"{len(files)} files, {sum(files) / 1e6:.1f} MB"
    )


@main.command()
@click.argument("stores", nargs=-1, required=True, metavar="SPACE=STORE...")
@click.option("--block", default=250, show_default=True)
def units(stores: tuple[str, ...], block: int) -> None:
    """What a scheduler sees: seconds of CPU and bytes of a unit, by algorithm, on warm workers."""
    sweep = dataclasses.replace(_paper(dict(one.split("=", 1) for one in stores), block), block=block)
    locations = {space: locate(url) for space, url in sweep.stores.items()}
    everything = units_of(sweep, locations)
    first = {(unit.space, unit.dataset): unit for unit in reversed(everything)}
    cold = sum(_timed(partial(compute, unit))[1] for unit in first.values())
    click.echo(f"first units of {len(first)} spaces and datasets, store opened and read: {cold:.2f} s")
    click.echo(f"a unit goes out as {len(pickle.dumps(everything[0]))} bytes")
    for algorithm in sweep.algorithms:
        took = [_timed(partial(compute, unit)) for unit in everything if unit.algorithm == algorithm]
        seconds = sum(one for _, one in took) / len(took)
        sizes = sum(len(data) for files, _ in took for data in files.values()) / len(took)
        click.echo(f"{algorithm.label:12} {seconds * 1e3:7.0f} ms and {sizes / 1e3:6.0f} kB a unit of {block} runs")


@main.command()
@click.option("--units", "count", default=500, show_default=True)
@click.option("--size", default=80_000, show_default=True, help="Bytes that a unit returns, in two parts.")
def dispatch(count: int, size: int) -> None:
    """How many units one process sends out, gets back and writes, on a local Dask cluster that does nothing."""
    import distributed

    part = bytes(size // 2)
    with (
        tempfile.TemporaryDirectory() as folder,
        distributed.Client(n_workers=1, threads_per_worker=1, dashboard_address=None) as client,
    ):
        client.submit(_returned, -1, part).result()
        begun, busy = time.perf_counter(), time.process_time()
        futures = [client.submit(_returned, place, part) for place in range(count)]
        back = 0.0
        for place, future in enumerate(distributed.as_completed(futures)):
            files = future.result()
            future.release()
            before = time.perf_counter()
            for kind, content in files.items():
                write_whole(Path(folder, kind, str(place)), content)
            back += time.perf_counter() - before
        elapsed, busy = time.perf_counter() - begun, time.process_time() - busy
    click.echo(
        f"{count} units of {size / 1e3:,.0f} kB: {elapsed / count * 1e3:.2f} ms a unit, "
        f"of which {back / count * 1e3:.2f} ms to write; {busy / count * 1e3:.2f} ms of CPU of the process that writes"
    )


def _returned(place: int, part: bytes) -> dict[str, bytes]:
    return {"incumbents": part, "runs": part}


@main.command()
@click.argument("stores", nargs=-1, required=True, metavar="SPACE=STORE...")
@click.option("--seeds", multiple=True, type=int, default=(500, 2000, 8000), show_default=True)
def memory(stores: tuple[str, ...], seeds: tuple[int, ...]) -> None:
    """The highest resident memory of a serial sweep of random search and evolution, in a process of its own."""
    for count in seeds:
        words = [sys.executable, __file__, "_peak", *stores, "--seeds", str(count)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        click.echo(f"{count:6,} seeds: {done.stdout.strip()}")


@main.command("_peak", hidden=True)
@click.argument("stores", nargs=-1, required=True)
@click.option("--seeds", type=int, required=True)
def peak(stores: tuple[str, ...], seeds: int) -> None:
    """One sweep, and what memory it took."""
    sweep = _paper(dict(one.split("=", 1) for one in stores), seeds)
    sweep = dataclasses.replace(sweep, algorithms=sweep.algorithms[:2], datasets=("cifar10",))
    with tempfile.TemporaryDirectory() as folder:
        run(sweep, Path(folder), engine="serial")
    private = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    click.echo(f"{private:.0f} MB, pages of the mapped store included")


def _paper(stores: dict[str, str], seeds: int) -> Sweep:
    return Sweep(stores=stores, algorithms=tuple(AlgorithmSpec(name) for name in PAPER), seeds=seeds, seconds=20000.0)


def _read(simulation: StoredSimulation) -> StoredSimulation:
    for epochs in (1, 4, 12):
        simulation.at(epochs)
    return simulation


def _timed(function: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.process_time()
    found = function()
    return found, time.process_time() - begun


def _cpu() -> float:
    own, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime


def _end_workers() -> None:
    """Workers of joblib stay for the next question; their CPU counts here once they have ended."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


if __name__ == "__main__":
    main()
