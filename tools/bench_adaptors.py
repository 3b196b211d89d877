"""Measure the adaptors on a whole store of the topology space; limits are those that the documentation promises.

    python tools/bench_adaptors.py TSS.h5

Each line is the best of several calls, warm, but for *open* and *first*, which are in a new process that has imported
the other libraries. All but the DataLoaders are in processor time, which other programs on the machine change little.
Exits with 1 where a limit is not kept.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from natsbin import encodings
from natsbin.store import open_store

OPEN = """
import sys, time
import h5py, pandas, xarray as xr
import natsbin.batch
from natsbin.adaptors.xarray import NatsbinBackend
xr.Dataset({"a": ("x", [1.0])}, {"x": [1]}).sel(x=1)
xr.DataTree.from_dict({"/": xr.Dataset(), "/a": xr.Dataset()})
def memory():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("RssAnon")) / 1024
before, start = memory(), time.process_time()
found = eval(sys.argv[2])
print(time.process_time() - start, memory() - before)
"""


FRAME = """
import sys, time
import h5py, pandas, pyarrow
start = time.process_time()
import natsbin
natsbin.frame(sys.argv[1])
print(time.process_time() - start)
"""


def in_new_process(script: str, *words: str) -> list[float]:
    """The numbers that a script prints, from a new process, which finds natsbin compiled as an installed one is."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", script, *words]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return [float(word) for word in run.stdout.split()]


def best(call: Callable[[], Any], repeat: int = 5, clock: Callable[[], float] = time.process_time) -> float:
    """Milliseconds of the fastest of several calls."""
    times = []
    for _ in range(repeat):
        start = clock()
        call()
        times.append(clock() - start)
    return 1000 * min(times)


class Report:
    """Prints figures with their limits, and remembers whether all were kept."""

    def __init__(self) -> None:
        self.kept = True

    def line(self, what: str, value: float, limit: float, unit: str = "ms") -> None:
        """One figure; zero is no limit."""
        kept = not limit or value <= limit
        self.kept &= kept
        told = f"at most {limit:g} {unit}" if limit else ""
        click.echo(f"{what:58} {value:10.2f} {unit:3} {told}{'' if kept else '  NOT KEPT'}")


def bench_encodings(report: Report) -> None:
    """Every encoding of all cells."""
    every = np.arange(15_625)
    calls: dict[str, Callable[[], Any]] = {
        "one_hot": lambda: encodings.one_hot("tss", every),
        "edges": lambda: encodings.edges(every),
        "nodes": lambda: encodings.nodes(every),
        "paths": lambda: encodings.paths(every),
        "unique_cells": lambda: _fresh(encodings.unique_cells, encodings._unique_cells),
        "neighbours": lambda: encodings.neighbours("tss", every),
        "channels (32,768 sizes)": lambda: encodings.channels(np.arange(32_768)),
    }
    for name, call in calls.items():
        report.line(f"encodings.{name}", best(call), 50)


def _fresh(call: Callable[[], Any], cached: Any) -> None:
    cached.cache_clear()
    call()


def bench_frames(report: Report, path: Path) -> None:
    """15,625 architectures x 4 datasets."""
    from natsbin import frames

    store = open_store(path)
    first = min(in_new_process(FRAME, str(path))[0] for _ in range(3))
    report.line("frame, first in a new process, with opening", 1000 * first, 500)
    report.line("frame, 62,500 rows", best(lambda: frames.frame(store)), 500)
    report.line("frame of 157,676 trials", best(lambda: frames.frame(store, trials=True), 3), 0)
    for suffix in frames.FORMATS:
        out = Path(f"bench_adaptors{suffix}")
        try:
            report.line(f"write_table {suffix}", best(partial(frames.write_table, store, out, force=True), 2), 0)
        finally:
            out.unlink(missing_ok=True)


def bench_xarray(report: Report, path: Path) -> None:
    """Opening, a mean over the space at one epoch."""
    import xarray as xr

    from natsbin.adaptors.opening import open_batch
    from natsbin.adaptors.xarray import NatsbinBackend

    for what, call in {
        "open_dataset": "xr.open_dataset(sys.argv[1], engine=NatsbinBackend, hp='200', dataset='cifar10')",
        "open_datatree": "xr.open_datatree(sys.argv[1], engine=NatsbinBackend)",
    }.items():
        runs = [in_new_process(OPEN, str(path), call) for _ in range(3)]
        report.line(f"xarray {what}", 1000 * min(run[0] for run in runs), 300)
        report.line(f"xarray {what}, memory", max(run[1] for run in runs), 50, "MB")
    found = xr.open_dataset(path, engine=NatsbinBackend, hp="200", dataset="cifar10")
    store, batch = open_batch(path)
    index, seeds = store.indexes[:, None], found.seed.values
    lazy = best(lambda: found.accuracy.sel(set="ori-test", epoch=150).mean().item(), 20)
    direct = best(lambda: np.nanmean(batch.points(index, "cifar10", "ori-test", "accuracy", 150, "200", seeds)), 20)
    report.line("xarray mean over the space at one epoch", lazy, 0)
    report.line("the same with Batch.points and numpy", direct, 0)
    report.line("ratio of the two", lazy / direct, 2, "")


def bench_torch(report: Report, path: Path) -> None:
    """An epoch over all architectures."""
    from torch.utils.data import BatchSampler, DataLoader, RandomSampler

    from natsbin.torch import ArchitectureDataset

    data = ArchitectureDataset(path)
    for start in ("fork", "spawn"):
        workers: Any = {"num_workers": 2, "multiprocessing_context": start, "persistent_workers": True}
        loader = DataLoader(data, batch_size=256, shuffle=True, **workers)
        begin = time.perf_counter()
        first = sum(len(y) for _, y in loader)
        report.line(f"DataLoader, 2 workers by {start}, first epoch", 1000 * (time.perf_counter() - begin), 0)
        assert first == len(data)
        again = best(partial(list, loader), 3, time.perf_counter)
        report.line(f"DataLoader, 2 workers by {start}, next epochs", again, 1000)
        del loader
    whole = DataLoader(data, sampler=BatchSampler(RandomSampler(data), 256, False), batch_size=None)
    report.line("DataLoader without collating, no workers", best(lambda: list(whole), 5, time.perf_counter), 1000)


@click.command()
@click.argument("store", type=click.Path(exists=True, path_type=Path))
def main(store: Path) -> None:
    """Measure the adaptors on STORE, a whole store of the topology space."""
    report = Report()
    bench_encodings(report)
    bench_frames(report, store)
    bench_xarray(report, store)
    bench_torch(report, store)
    sys.exit(0 if report.kept else 1)


if __name__ == "__main__":
    main()
