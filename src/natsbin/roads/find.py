"""Where records are found: a dict, a store, an original archive (converted once), or ``$TORCH_HOME``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from natsbin.api.source import DictSource, Source
from natsbin.api.utils import get_torch_home, time_string
from natsbin.errors import ArchiveError, MissingError, OutputError, QuestionError
from natsbin.spaces import SearchSpace

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
STORE_SUFFIX = ".h5"


def find_source(
    given: str | os.PathLike[str] | Mapping[str, Any] | Source | None,
    space: SearchSpace,
    fast_mode: bool,
    verbose: bool,
) -> tuple[Source, str | None]:
    """What to read from, and the path that it was found at (None in memory)."""
    if isinstance(given, Mapping):
        return DictSource(given, space), None
    if given is not None and not isinstance(given, (str, os.PathLike)):
        if hasattr(given, "load") and hasattr(given, "indexes"):
            return given, None if given.path is None else str(given.path)
        raise QuestionError(f"a benchmark is a path or a dict, not {type(given)}: {given!r:.80}")
    path = _in_torch_home(space, fast_mode) if given is None else os.fspath(given)
    if verbose:
        print(
            f"{time_string()} Try to create the NATS-Bench ({space.title}) api from {path} with fast_mode={fast_mode}"
        )
    return open_path(Path(path), space, verbose), path


def _in_torch_home(space: SearchSpace, fast_mode: bool) -> str:
    home, name = get_torch_home(), space.archive_name
    stores = [f"{name}{STORE_SUFFIX}", f"{name}-simple{STORE_SUFFIX}", f"{name}-full{STORE_SUFFIX}"]
    files = [f"{name}-simple", f"{name}-simple.tar"]
    benchmark = [f"{name}.pickle.pbz2"]
    originals = files + benchmark if fast_mode else benchmark + files
    looked_for = [os.path.join(home, one) for one in stores + originals]
    found = next(filter(os.path.exists, looked_for), None)
    told = None if fast_mode else found or os.path.join(home, *benchmark)
    print(  # nats_bench says this even where it is not to be verbose
        f"{time_string()} Try to use the default NATS-Bench ({space.title}) path from "
        f"fast_mode={fast_mode} and path={told}."
    )
    if found is None:
        raise MissingError(f"no benchmark in {home}: looked for {', '.join(stores + originals)}")
    return found


def open_path(path: Path, space: SearchSpace, verbose: bool) -> Source:
    """A store, or the store that an original archive was converted to."""
    from natsbin.store import open_store  # h5py is slow to import, and not needed for a dict

    if not path.exists():
        raise MissingError(f"{path} is neither a file or a dir.")
    if not is_store(path):
        path = converted(path, space, verbose)
    source = open_store(path)
    if source.space.name != space.name:
        raise ArchiveError(
            f"{path}: architectures of the {source.space.title} space, but the {space.title} space was asked for"
        )
    return source


def open_in_place(path: Path, space: SearchSpace, verbose: bool) -> Source:
    """A store, or an archive of one file an architecture as it is; a benchmark file is converted."""
    from natsbin.archive import open_archive
    from natsbin.roads.archive_source import ArchiveSource

    if not is_store(path):
        archive = open_archive(path, space.name, weights=True)
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


def is_store(path: Path) -> bool:
    """Does this file start as HDF5 files do?"""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HDF5_MAGIC)) == _HDF5_MAGIC


def converted(archive: Path, space: SearchSpace, verbose: bool) -> Path:
    """The store of an original archive, made now unless it was made since the archive last changed."""
    places = list(caches(archive))
    for place in places:
        if is_store(place) and place.stat().st_mtime >= archive.stat().st_mtime:
            return place
    for place in places:
        if _writable(place.parent):
            return _convert(archive, place, space, verbose)
    raise OutputError(f"{archive}: no place for its store: cannot write to any of {', '.join(map(str, places))}")


def _convert(archive: Path, store: Path, space: SearchSpace, verbose: bool) -> Path:
    from rich.console import Console
    from rich.progress import Progress

    from natsbin.roads.convert import convert

    with Progress(console=Console(stderr=True), disable=not verbose) as bar:
        task = bar.add_task(f"Converting {archive.name} once", total=None)
        return convert(
            archive,
            store,
            space=space.name,
            force=store.exists(),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def caches(archive: Path) -> Iterator[Path]:
    """Where the store of an archive is kept: beside it, or in the user's cache folder."""
    archive = archive.resolve()
    stem = archive.name
    for suffix in (".tar", ".pickle.pbz2"):
        stem = stem.removesuffix(suffix)
    yield archive.with_name(stem + STORE_SUFFIX)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    digest = hashlib.sha256(os.fsencode(archive)).hexdigest()[:12]
    yield Path(home) / "natsbin" / f"{stem}-{digest}{STORE_SUFFIX}"


def _writable(folder: Path) -> bool:
    """May a store be put into this folder? The mode is asked too: it does not bind root, but it was meant."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.access(folder, os.W_OK) and bool(folder.stat().st_mode & 0o222)
    except OSError:
        return False


def presence(source: Source) -> bytes:
    """A byte for every index of the space: 1 where the source has a record."""
    mask = np.zeros(source.total, np.uint8)
    mask[source.indexes] = 1
    return mask.tobytes()
