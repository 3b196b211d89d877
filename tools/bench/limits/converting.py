"""Converting a folder, beside decompressing and safely unpickling its files and nothing else."""

from __future__ import annotations

import bz2
import io
import multiprocessing
import os
import pickle
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import isolate
import memory
import timing
from report import Figure, figures_command, progress

WHOLE = 15_625


@figures_command
@click.argument("archive", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rounds", default=3, show_default=True, help="Both are timed in turns; the best of each counts.")
@click.option("--jobs", default=len(os.sched_getaffinity(0)), show_default=True)
def converting(archive: Path, rounds: int, jobs: int) -> list[Figure]:
    """Converting ARCHIVE, a folder: time, peak memory, and the time of each step in a single process."""
    files = len(list(archive.glob("[0-9]*.pickle.pbz2")))
    where = {"archive": str(archive), "jobs": jobs}
    reads, converts = [], []
    with progress.status("Converting"):
        for _ in range(rounds):
            reads.append(isolate.call("limits.converting:read", **where))
            converts.append(isolate.call("limits.converting:convert_all", **where))
        main, worker, together = isolate.call("limits.converting:peaks", **where)
        steps = isolate.call("limits.converting:split", archive=str(archive))
    reading, converted = min(reads), min(converts)
    most = 1e9 if files >= WHOLE else 5e8
    return [
        Figure("reading: bz2 and stdlib unpickling", reading, "s", note=f"{files:,} files, {jobs} processes"),
        Figure("converting", converted, "s"),
        Figure("converting in terms of reading", converted / reading, "×", 1.3),
        Figure("main process, peak", main / memory.MB, "MB", 500),
        Figure("largest worker, peak", worker / memory.MB, "MB", 500),
        Figure(
            "all processes, peak of the sum", together / memory.MB, "MB", most / memory.MB, note="shared pages once"
        ),
        *(Figure(f"an architecture, one process: {name}", seconds * 1e3, "ms") for name, seconds in steps.items()),
    ]


class _Unpickler(pickle.Unpickler):
    """The standard library's, admitting what archives contain and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in {
            ("collections", "OrderedDict"),
            ("numpy", "dtype"),
            ("numpy.core.multiarray", "scalar"),
            ("numpy._core.multiarray", "scalar"),
        }:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not admitted")


def _read(path: Path) -> None:
    _Unpickler(io.BytesIO(bz2.decompress(path.read_bytes()))).load()


def read(archive: str, jobs: int) -> float:
    """In a fresh process: seconds of decompressing and unpickling all files."""
    import numpy  # noqa: F401  # before the workers fork, as natsbin does

    files = sorted(Path(archive).glob("[0-9]*.pickle.pbz2"))

    def read_all() -> None:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
            for _ in pool.map(_read, files, chunksize=16):
                pass

    return timing.seconds(read_all)


def convert_all(archive: str, jobs: int) -> float:
    """In a fresh process: seconds of converting."""
    from natsbin.roads.convert import convert

    with tempfile.TemporaryDirectory() as folder:
        return timing.seconds(lambda: convert(archive, Path(folder, "store.h5"), jobs=jobs))


def peaks(archive: str, jobs: int) -> tuple[int, int, int]:
    """In a fresh process: the peaks of this one, of its largest worker, and of all together."""
    from natsbin.roads.convert import convert

    with tempfile.TemporaryDirectory() as folder, memory.Watch(os.getpid()) as watch:
        convert(archive, Path(folder, "store.h5"), jobs=jobs)
    main = watch.peaks.pop(os.getpid())
    return main, max(watch.peaks.values(), default=0), watch.together


def split(archive: str) -> dict[str, float]:
    """In a fresh process: seconds an architecture of each step of a conversion, in this one process."""
    from natsbin.archive import open_archive
    from natsbin.roads.convert import TOGETHER
    from natsbin.store.split import Splitter
    from natsbin.store.writer import StoreWriter

    opened = open_archive(archive)
    assert opened.indexes is not None
    spent = dict.fromkeys(("bz2", "unpickling, stdlib", "unpickling and checking", "taking apart", "writing"), 0.0)

    @contextmanager
    def step(name: str) -> Iterator[None]:
        start = perf_counter()
        yield
        spent[name] += perf_counter() - start

    splitter = Splitter()
    with (
        tempfile.TemporaryDirectory() as folder,
        StoreWriter(Path(folder, "store.h5"), opened.space, opened.meta_archs) as writer,
    ):
        for index, task in zip(opened.indexes, opened.tasks(), strict=True):
            packed = Path(archive, f"{index:06d}.pickle.pbz2").read_bytes()
            with step("bz2"):
                plain = bz2.decompress(packed)
            with step("unpickling, stdlib"):
                _Unpickler(io.BytesIO(plain)).load()
            with step("unpickling and checking"):
                (record,) = task.read()
            with step("taking apart"):
                splitter.add(*record)
                split = splitter.take() if index % TOGETHER == 0 else None
            if split is not None:
                with step("writing"):
                    writer.add(split)
        with step("writing"):
            writer.add(splitter.take())
            writer.write(source=opened.path.name, digest="")
    spent["unpickling and checking"] -= spent["bz2"]  # a task reads from the file
    return {name: seconds / len(opened.indexes) for name, seconds in spent.items()}
