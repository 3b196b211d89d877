"""Finds and opens what a path or ``$TORCH_HOME`` holds: a store, or an original archive."""

from __future__ import annotations

import os

from natsbin.api.source import Source
from natsbin.api.utils import get_torch_home, time_string
from natsbin.errors import ArchiveError, MissingError
from natsbin.spaces import SearchSpace
from natsbin.store import open_store
from natsbin.store.file import is_store


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


def open_path(path: str, space: SearchSpace, verbose: bool) -> Source:
    """A store, or the store that an original archive was converted to."""
    if not os.path.exists(path):  # unlike that of a Path, False for a name that is too long
        raise MissingError(f"{path} is neither a file or a dir.")
    if is_store(path):
        source = open_store(path)
    else:
        from pathlib import Path  # slow to import, as is what follows, and not needed for a store

        from natsbin.roads.cache import open_converted

        source = open_converted(Path(path), space, verbose)
    if source.space.name != space.name:
        raise ArchiveError(
            f"{source.path}: architectures of the {source.space.title} space, but the {space.title} space was asked for"
        )
    return source


def open_in_place(path: str, space: SearchSpace, verbose: bool) -> Source:
    """A store, or an archive of one file an architecture as it is; a benchmark file is converted."""
    if not is_store(path):
        from pathlib import Path

        from natsbin.archive import open_archive
        from natsbin.roads.archive_source import ArchiveSource

        archive = open_archive(Path(path), space.name, weights=True)
        if archive.indexes is not None:
            return ArchiveSource(archive)
    return open_path(path, space, verbose)


def full_archive(space: SearchSpace) -> str | None:
    """The full archive in ``$TORCH_HOME`` (or ``$HOME/.torch``), None where there is none."""
    try:
        path = os.path.join(get_torch_home(), f"{space.archive_name}-full")
    except ValueError:
        return None
    return path if os.path.isdir(path) else None
