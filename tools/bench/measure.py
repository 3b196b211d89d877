"""How benchmarks measure: each measurement in a fresh process, its seconds and its memory, and the machine."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import re
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any, ParamSpec, TypeVar

import click
import psutil
from pages import MB as MB
from pages import PACKAGES

P = ParamSpec("P")
T = TypeVar("T")

LEAST_PASSES, MOST_PASSES = 2, 50

budget_option = click.option(
    "--budget", default=1.0, show_default=True, help="Seconds of warm passes, of which there are 2 to 50."
)


# -- processes ----------------------------------------------------------------------------------------------


def fresh(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function of these modules returns in a new interpreter, which nothing has warmed or filled before.

    What it prints goes to stderr. Raises ClickException if it fails, with its traceback on stderr.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), _print_to_stderr) as pool:
        try:
            return pool.submit(function, *args, **kwargs).result()
        except Exception as error:
            traceback.print_exception(error)
            raise click.ClickException(f"{function.__name__} failed: {error!r}") from error


def _print_to_stderr() -> None:
    sys.stdout = sys.stderr


def drop_from_cache(path: Path) -> None:
    """Ask the kernel to drop a file, or a folder's files, from the page cache, so that they are read from the disk."""
    for file in path.iterdir() if path.is_dir() else [path]:
        with contextlib.suppress(OSError), file.open("rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


# -- time ---------------------------------------------------------------------------------------------------


def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def warm(work: Callable[[], Any], budget: float) -> list[float]:
    """Seconds of each of several passes: as many as ``budget`` seconds allow, at least two, at most fifty."""
    passes: list[float] = []
    while len(passes) < LEAST_PASSES or (sum(passes) < budget and len(passes) < MOST_PASSES):
        passes.append(seconds(work))
    return passes


def best(work: Callable[[], Any], budget: float) -> float:
    """The fewest seconds of several passes, after one that is not counted: other programs only ever slow one down."""
    work()
    return min(warm(work, budget))


# -- memory, in bytes ---------------------------------------------------------------------------------------


def private() -> int:
    """The pages that only this process has. Pages of shared maps belong to the page cache and are not counted."""
    maps = psutil.Process().memory_maps(grouped=False)
    return sum(one.private_clean + one.private_dirty for one in maps if "s" not in one.perms)


def mapped(path: Path) -> tuple[int, int]:
    """Of one file's maps in this process: resident bytes, and those divided by the processes that share them."""
    found = [one for one in psutil.Process().memory_maps(grouped=False) if one.path == str(path)]
    return sum(one.rss for one in found), sum(one.pss for one in found)


def peak(pid: int | str = "self") -> int:
    """The highest resident size that a process ever had."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


@contextlib.contextmanager
def watched(pause: float = 0.1, *, own: bool = True) -> Iterator[Counter[int | str]]:
    """Peaks of this process (if ``own``) and its descendants, sampled by a thread: by process id, and ``"together"``.

    The last is the highest sum at one time, with each shared page counted once.
    """
    peaks, done = Counter[int | str](), threading.Event()

    def watch() -> None:
        while not done.is_set():
            done.wait(pause)
            together = 0
            with contextlib.suppress(
                psutil.Error, FileNotFoundError, ProcessLookupError
            ):  # a process may end meanwhile
                for one in (*[psutil.Process()][: int(own)], *psutil.Process().children(recursive=True)):
                    peaks[one.pid] = max(peaks[one.pid], peak(one.pid))
                    together += one.memory_full_info().pss
            peaks["together"] = max(peaks["together"], together)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


# -- the machine --------------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """Processor, cores, memory (bytes), kernel, versions, and the load when the benchmark began."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"),
        "processor": model[1] if model else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.release()}",
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        **{name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
