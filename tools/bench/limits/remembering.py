"""What an open store adds to a process's memory, and what two processes share."""

from __future__ import annotations

import gc
import multiprocessing
import resource
from pathlib import Path
from typing import Any

import click
import isolate
import memory
from questions import DATASET, HPS
from report import Figure, figures_command, progress

POINTS = 100_000
DATA_LIMIT = 256 << 20
AT_ONCE = 1000  # questions drawn at a time, so that they are not what takes memory


@figures_command
@click.argument("store", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--points", default=POINTS, show_default=True)
def remembering(store: Path, points: int) -> list[Figure]:
    """Memory of opening STORE and asking it random points."""
    where: dict[str, Any] = {"store": str(store.resolve()), "points": points}
    with progress.status("Asking"):
        free = isolate.call("limits.remembering:added", limit=None, **where)
        limited = isolate.call("limits.remembering:added", limit=DATA_LIMIT, **where)
        rss, pss = isolate.call("limits.remembering:shared", **where)
    asked = f"{points:,} random points"
    return [
        Figure("numpy and h5py loaded: private", free["before"] / memory.MB, "MB"),
        Figure("a store and its answers add", free["added"] / memory.MB, "MB", 40, note=asked),
        Figure("the same under --data=268435456", limited["added"] / memory.MB, "MB", 40, note="done within the limit"),
        Figure("peak of the process", free["peak"] / memory.MB, "MB", note="pages of the mapped file included"),
        Figure("two processes: the store's pages, each", rss / memory.MB, "MB"),
        Figure("the part that each has alone", pss / rss, "", 0.6, note="0.5 where all are shared"),
    ]


def _ask(store: str, points: int) -> Any:
    """Open a store, ask it points of random architectures and epochs, and return the open API."""
    import h5py
    import numpy as np

    import natsbin

    with h5py.File(store) as file:
        space, archs = str(file.attrs["space"]), file["architecture"][()]
        hp = HPS[space]
        epochs = len(file[f"{hp}/{DATASET}/epoch"])
    random = np.random.default_rng(0)
    api = natsbin.create(store, space, verbose=False)
    for _ in range(points // AT_ONCE):
        asked, at = random.choice(archs, AT_ONCE).tolist(), random.integers(epochs, size=AT_ONCE).tolist()
        for arch, epoch in zip(asked, at, strict=True):
            api.get_more_info(arch, DATASET, iepoch=epoch, hp=hp, is_random=False)
    return api


def added(store: str, points: int, limit: int | None) -> dict[str, int]:
    """In a fresh process: private memory with numpy and h5py loaded, and what a store adds."""
    import h5py  # noqa: F401
    import numpy  # noqa: F401

    if limit is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    before = memory.private()
    api = _ask(store, points)
    gc.collect()
    after = memory.private()
    del api
    return {"before": before, "added": after - before, "peak": memory.peak()}


def shared(store: str, points: int) -> tuple[int, int]:
    """In a fresh process: resident and proportional size of a store's maps in one of two processes that use it."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(2), context.Queue()
    processes = [context.Process(target=_share, args=(store, points, barrier, answers)) for _ in range(2)]
    for process in processes:
        process.start()
    found = [answers.get(timeout=600) for _ in processes]
    for process in processes:
        process.join()
    return max(rss for rss, _ in found), max(pss for _, pss in found)


def _share(store: str, points: int, barrier: Any, answers: Any) -> None:
    api = _ask(store, points)
    barrier.wait()  # both have touched their pages
    found = memory.mapped(Path(store))
    barrier.wait()  # both have looked
    del api
    answers.put(found)
