"""Finds and opens what a path or ``$TORCH_HOME`` holds: a store, or an original archive."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsbin.api.source import Source
from natsbin.api.utils import get_torch_home, time_string
from natsbin.errors import ArchiveError, MissingError
from natsbin.spaces import SearchSpace
from natsbin.store import open_store
from natsbin.store.file import is_store

if TYPE_CHECKING:
    from natsbin.roads.archive_source import ArchiveWeights


def in_torch_home(space: SearchSpace, fast_mode: bool) -> str:
    """What there is in ``$TORCH_HOME`` (or ``$HOME/.torch``), a store first. MissingError where there is nothing."""
    from pathlib import Path

    from natsbin.roads import cache

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


def open_path(path: str, space: SearchSpace, verbose: bool, benchmark: str = "NATS-Bench") -> Source:
    """A store; the store that an original archive was converted to; a full archive that was not, as it is.

    ArchiveError for one of another benchmark.
    """
    if not os.path.exists(path):  # unlike that of a Path, False for a name that is too long
        raise MissingError(f"{path} is neither a file or a dir.")
    source = open_store(path) if is_store(path) else _of_archive(path, space, verbose, benchmark)
    _check_benchmark(path, getattr(source, "benchmark", "NATS-Bench"), benchmark)
    if source.space.name != space.name:
        raise ArchiveError(
            f"{source.path}: architectures of the {source.space.title} space, but the {space.title} space was asked for"
        )
    return source


def _check_benchmark(path: str, found: str, expected: str) -> None:
    if found != expected:
        opened = {"NATS-Bench": "natsbin.create", "NAS-Bench-201": "natsbin.NASBench201API"}[found]
        raise ArchiveError(f"{path}: of {found}, which {opened} opens; {expected} was asked for")


def _of_archive(path: str, space: SearchSpace, verbose: bool, benchmark: str) -> Source:
    """A full archive that was not converted as it is, for that would take hours; the store of any other."""
    from pathlib import Path  # slow to import, as is what follows, and not needed for a store

    from natsbin.archive import benchmark_of, open_archive
    from natsbin.roads.archive_source import ArchiveSource
    from natsbin.roads.cache import converted, open_converted

    _check_benchmark(path, benchmark_of(Path(path)), benchmark)  # before a conversion that may take long
    if (store := converted(Path(path))) is not None:
        return store
    archive = open_archive(Path(path), space.name, weights=True)
    return ArchiveSource(archive) if archive.is_full() else open_converted(Path(path), space, verbose)


def open_in_place(path: str, space: SearchSpace, verbose: bool) -> Source:
    """A store, or an archive of one file an architecture as it is; a benchmark file is converted."""
    if is_store(path) or path.endswith(".pbz2"):
        return open_path(path, space, verbose)
    from pathlib import Path

    from natsbin.roads.archive_source import records_in

    return records_in(Path(path), space.name)


def weights_in_place(path: str, space: SearchSpace) -> ArchiveWeights | None:
    """The trained weights of an archive, which is read in place; None where it has none."""
    from pathlib import Path

    from natsbin.archive import is_full
    from natsbin.roads.archive_source import weights_in

    return weights_in(Path(path), space.name) if is_full(Path(path)) else None


def full_archive(space: SearchSpace) -> str | None:
    """The full archive in ``$TORCH_HOME`` (or ``$HOME/.torch``), None where there is none."""
    try:
        path = os.path.join(get_torch_home(), f"{space.archive_name}-full")
    except ValueError:
        return None
    return path if os.path.isdir(path) else None
