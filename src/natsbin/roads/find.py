"""Finds and opens what a path or ``$TORCH_HOME`` holds: a store, or an original archive."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from natsbin.api.source import Source
from natsbin.api.utils import get_torch_home, time_string
from natsbin.errors import ArchiveError, MissingError
from natsbin.roads import cache
from natsbin.spaces import SearchSpace

if TYPE_CHECKING:
    from natsbin.roads.archive_source import ArchiveSource, ArchiveWeights


def in_torch_home(space: SearchSpace, fast_mode: bool) -> str:
    """What there is in ``$TORCH_HOME`` (or ``$HOME/.torch``), a store first. MissingError where there is nothing."""
    home, name = get_torch_home(), space.archive_name
    stores = [f"{name}{cache.STORE_SUFFIX}", f"{name}-simple{cache.STORE_SUFFIX}", f"{name}-full{cache.STORE_SUFFIX}"]
    files = [f"{name}-simple", f"{name}-simple.tar"]
    benchmark = [f"{name}.pickle.pbz2"]
    originals = files + benchmark if fast_mode else benchmark + files
    looked_for = [os.path.join(home, one) for one in stores + originals]
    found = next(filter(os.path.exists, looked_for), None)
    for original in originals:  # rather than the store that it was converted to, which may be out of date
        path = os.path.join(home, original)
        if found and os.path.exists(path) and os.path.realpath(found) == str(next(cache.caches(Path(path)))):
            found = path
            break
    shown_path = None if fast_mode else found or os.path.join(home, *benchmark)
    print(  # nats_bench says this even where it is not to be verbose
        f"{time_string()} Try to use the default NATS-Bench ({space.title}) path from "
        f"fast_mode={fast_mode} and path={shown_path}."
    )
    if found is None:
        raise MissingError(f"no benchmark in {home}: looked for {', '.join(stores + originals)}")
    return found


def open_path(path: Path, space: SearchSpace, verbose: bool, benchmark: str = "NATS-Bench") -> Source:
    """A store; the store that an original archive was converted to; a full archive that was not, as it is.

    ArchiveError for one of another benchmark.
    """
    from natsbin.archive import benchmark_of
    from natsbin.store import open_store  # h5py is slow to import, and not needed for a dict

    if not os.path.exists(path):  # unlike that of a Path, False for a name that is too long
        raise MissingError(f"{path} is neither a file or a dir.")
    if cache.is_store(path):
        source: Source = open_store(path)
    else:
        _check_benchmark(path, benchmark_of(path), benchmark)  # before a conversion that may take long
        source = cache.converted(path) or _in_place(path, space) or cache.open_converted(path, space, verbose)
    _check_benchmark(path, getattr(source, "benchmark", "NATS-Bench"), benchmark)
    if source.space.name != space.name:
        raise ArchiveError(
            f"{source.path}: architectures of the {source.space.title} space, but the {space.title} space was asked for"
        )
    return source


def _check_benchmark(path: Path, found: str, expected: str) -> None:
    if found != expected:
        opened = {"NATS-Bench": "natsbin.create", "NAS-Bench-201": "natsbin.NASBench201API"}[found]
        raise ArchiveError(f"{path}: of {found}, which {opened} opens; {expected} was asked for")


def _in_place(path: Path, space: SearchSpace) -> ArchiveSource | None:
    """The records of a full archive, which would take hours to convert; None for others."""
    from natsbin.archive import open_archive
    from natsbin.roads.archive_source import ArchiveSource

    archive = open_archive(path, space.name, weights=True)
    return ArchiveSource(archive) if archive.is_full() else None


def open_in_place(path: Path, space: SearchSpace, verbose: bool) -> Source:
    """A store, or an archive of one file an architecture as it is; a benchmark file is converted."""
    from natsbin.roads.archive_source import records_in

    if cache.is_store(path) or path.name.endswith(".pbz2"):
        return open_path(path, space, verbose)
    return records_in(path, space.name)


def weights_in_place(path: Path, space: SearchSpace) -> ArchiveWeights | None:
    """The trained weights of an archive, which is read in place; None where it has none."""
    from natsbin.archive import is_full
    from natsbin.roads.archive_source import weights_in

    return weights_in(path, space.name) if is_full(path) else None


def full_archive(space: SearchSpace) -> str | None:
    """The full archive in ``$TORCH_HOME`` (or ``$HOME/.torch``), None where there is none."""
    try:
        path = os.path.join(get_torch_home(), f"{space.archive_name}-full")
    except ValueError:
        return None
    return path if os.path.isdir(path) else None
