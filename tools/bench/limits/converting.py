"""Converting a folder, beside decompressing and safely unpickling its files and nothing else."""

from __future__ import annotations

import bz2
import io
import os
import pickle
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import click
import isolate
import memory
import timing
from report import Figure, figures_command, progress

SAMPLE = 100  # architectures whose steps are timed one by one
WHOLE = 15_625


@figures_command
@click.argument("archive", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rounds", default=3, show_default=True, help="Both are timed in turns; the best of each counts.")
@click.option("--jobs", default=len(os.sched_getaffinity(0)), show_default=True)
def converting(archive: Path, rounds: int, jobs: int) -> list[Figure]:
    """Converting ARCHIVE, a folder; most memory, and where the time goes."""
    files = len(list(archive.glob("[0-9]*.pickle.pbz2")))
    with progress.status("Converting"):
        measured = isolate.call("limits.converting:measure", archive=str(archive), jobs=jobs, rounds=rounds)
        main, worker, together = isolate.call("limits.converting:peaks", archive=str(archive), jobs=jobs)
        steps = isolate.call("limits.converting:split", archive=str(archive))
    most = 1e9 if files >= WHOLE else 5e8
    return [
        Figure("reading: bz2 and stdlib unpickling", measured["read"], "s", note=f"{files:,} files, {jobs} processes"),
        Figure("converting", measured["convert"], "s"),
        Figure("converting in terms of reading", measured["convert"] / measured["read"], "×", 1.3),
        Figure("main process, peak", main / memory.MB, "MB", 500),
        Figure("largest worker, peak", worker / memory.MB, "MB", 500),
        Figure(
            "all processes, peak of the sum", together / memory.MB, "MB", most / memory.MB, note="shared pages once"
        ),
        *(Figure(f"an architecture: {name}", seconds * 1e3, "ms") for name, seconds in steps.items()),
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


def measure(archive: str, jobs: int, rounds: int) -> dict[str, float]:
    """In a fresh process: the best seconds of reading all files, and of converting them."""
    from natsbin.convert import convert

    files = sorted(Path(archive).glob("[0-9]*.pickle.pbz2"))
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(jobs) as pool:

        def read() -> None:
            for _ in pool.map(_read, files, chunksize=16):
                pass

        read()  # starts the processes and fills the page cache
        works: dict[str, Callable[[], Any]] = {
            "read": read,
            "convert": lambda: convert(archive, Path(folder, "store.h5"), force=True, jobs=jobs),
        }
        return timing.interleaved(works, rounds)


def peaks(archive: str, jobs: int) -> tuple[int, int, int]:
    """In a fresh process: the peaks of this one, of its largest worker, and of all together."""
    from natsbin.convert import convert

    with tempfile.TemporaryDirectory() as folder, memory.Watch(os.getpid()) as watch:
        convert(archive, Path(folder, "store.h5"), jobs=jobs)
    main = watch.peaks.pop(os.getpid())
    return main, max(watch.peaks.values(), default=0), watch.together


def split(archive: str) -> dict[str, float]:
    """In a fresh process: seconds an architecture of each step, one after another in one process."""
    from natsbin.archive import open_archive
    from natsbin.archive.base import unpickle
    from natsbin.convert import convert
    from natsbin.store.batch import Splitter
    from natsbin.store.writer import StoreWriter

    opened = open_archive(archive)
    assert opened.indexes is not None
    tasks = [task for _, task in zip(range(SAMPLE), opened.tasks(), strict=False)]
    count = len(tasks)
    packed = [(Path(archive) / f"{index:06d}.pickle.pbz2").read_bytes() for index in opened.indexes[:count]]
    splitter = Splitter()
    with tempfile.TemporaryDirectory() as folder:
        plain = [bz2.decompress(one) for one in packed]
        decompress = timing.seconds(lambda: [bz2.decompress(one) for one in packed])
        stdlib = timing.seconds(lambda: [_Unpickler(io.BytesIO(one)).load() for one in plain])
        unpickling = timing.seconds(lambda: [unpickle(one, archive) for one in packed]) - decompress
        records = [record for task in tasks for record in task.read()]
        reading = timing.seconds(lambda: [list(task.read()) for task in tasks])

        def take() -> None:
            for record in records:
                splitter.add(*record)

        taking = timing.seconds(take)
        whole = timing.seconds(lambda: convert(archive, Path(folder, "whole.h5"), jobs=1))
        with StoreWriter(Path(folder, "part.h5"), opened.space, opened.meta_archs) as writer:
            batch = splitter.take()

            def write() -> None:
                writer.add(batch)
                writer.write(source=archive, digest="")

            writing = timing.seconds(write)
    return {
        "bz2": decompress / count,
        "unpickling, stdlib": stdlib / count,
        "unpickling, natsbin": unpickling / count,
        "checking": (reading - decompress - unpickling) / count,
        "taking apart": taking / count,
        "writing": writing / count,
        "all, in one process": whole / len(opened.indexes),
    }
