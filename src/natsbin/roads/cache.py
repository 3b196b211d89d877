"""The store that an original archive is converted to once: where it is kept, and whether it is up to date."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from natsbin.errors import OutputError
from natsbin.spaces import SearchSpace

STORE_SUFFIX = ".h5"

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


def is_store(path: Path) -> bool:
    """Whether a file starts as HDF5 files do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HDF5_MAGIC)) == _HDF5_MAGIC


def converted(archive: Path, space: SearchSpace, verbose: bool) -> Path:
    """The store of an original archive, converted now unless there is one that is not older than the archive."""
    places = list(caches(archive))
    for place in places:
        if is_store(place) and place.stat().st_mtime >= archive.stat().st_mtime:
            return place
    for place in places:
        if _writable(place.parent):
            return _convert(archive, place, space, verbose)
    raise OutputError(f"{archive}: no place for its store: cannot write to any of {', '.join(map(str, places))}")


def _convert(archive: Path, store: Path, space: SearchSpace, verbose: bool) -> Path:
    from natsbin._util.progress import progress
    from natsbin.roads.convert import convert

    with progress(f"Converting {archive.name} once", quiet=not verbose) as show:
        return convert(archive, store, space=space.name, force=store.exists(), progress=show)


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
    """Whether a store may be put into this folder. The mode counts too: it does not bind root, but it was meant."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.access(folder, os.W_OK) and bool(folder.stat().st_mode & 0o222)
    except OSError:
        return False
