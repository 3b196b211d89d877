"""Stores where searches run: by a path that all share, or fetched once a node from any URL that fsspec knows."""

from __future__ import annotations

import functools
import os
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import xxhash

from natsbin._util.files import cache_home, only_one
from natsbin.errors import MissingError, OutputError, StoreError
from natsbin.store import Store, open_store

CACHE_VARIABLE = "NATSBIN_STORE_CACHE"
_PIECE = 1 << 22


@dataclass(frozen=True)
class Location:
    """Where a store is, and the xxh3_128 of the whole file, by which a worker knows that it has the right one.

    ``seen`` is the file as it was when it was digested: the machine, and the system's record of the file. A worker that
    sees the very same file need not read it all again.
    """

    url: str
    digest: str
    seen: tuple[object, ...] = field(default=(), compare=False)


def locate(url: str, digest: str | None = None) -> Location:
    """A store as it is now; with ``digest``, a URL is not fetched again for it. StoreError for what is no store."""
    if _local(url) is None and digest is not None:
        return Location(url, digest)
    path = _path(url) or _fetched(url, digest)
    open_store(path)
    seen = _seen(path)
    return Location(url, _digest(path), seen)


@functools.cache
def opened(location: Location) -> Store:
    """The store of a location, checked and opened once a process.

    MissingError where it is not on this machine, StoreError where it is another one than the sweep began with.
    """
    path = _path(location.url)
    if path is None:
        return open_store(_fetched(location.url, location.digest))
    if location.seen and _seen(path) == location.seen:
        return open_store(path)
    found = _digest(path)
    if found != location.digest:
        raise StoreError(
            f"{path} on {socket.gethostname()}: digest {found}, expected {location.digest}: "
            "not the store that this sweep was started with"
        )
    return open_store(path)


def cache_folder() -> Path:
    """Where fetched stores are kept: ``$NATSBIN_STORE_CACHE``, or below the user's cache folder."""
    return Path(os.environ.get(CACHE_VARIABLE) or Path(cache_home() or tempfile.gettempdir(), "natsbin", "stores"))


def _local(url: str) -> Path | None:
    return None if "://" in url else Path(url)


def _path(url: str) -> Path | None:
    path = _local(url)
    if path is not None and not path.is_file():
        raise MissingError(
            f"no store at {path} on {socket.gethostname()}: expected a path that all machines share, or a URL"
        )
    return path


def _seen(path: Path) -> tuple[object, ...]:
    found = path.stat()
    when = found.st_mtime_ns, found.st_ctime_ns
    return socket.gethostname(), str(path.resolve()), found.st_dev, found.st_ino, found.st_size, *when


def _digest(path: Path) -> str:
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _fetched(url: str, digest: str | None) -> Path:
    """The cached file of a URL, named by its digest; whoever comes first fetches it, others wait for the lock.

    The name alone is not believed: the folder may be one that several users share.
    """
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        cached = folder / f"{digest or 'new'}.h5"
        with only_one(cached):
            if digest is not None and cached.is_file() and _digest(cached) == digest:
                return cached
            return _fetch(url, digest, folder)
    except OSError as error:
        if isinstance(error, (StoreError, MissingError)):
            raise
        raise OutputError(f"{folder}: cannot keep {url}: {error}") from error


def _fetch(url: str, digest: str | None, folder: Path) -> Path:
    import fsspec

    descriptor, name = tempfile.mkstemp(suffix=".partial", dir=folder)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as target:
            try:
                with fsspec.open(url, "rb") as source:
                    while piece := source.read(_PIECE):
                        target.write(piece)
            except (FileNotFoundError, ValueError, ImportError) as error:
                raise MissingError(f"{url}: cannot be fetched: {type(error).__name__}: {error}") from error
        found = _digest(partial)
        if digest is not None and found != digest:
            raise StoreError(f"{url}: digest {found}, expected {digest}: not the store that this sweep began with")
        path = folder / f"{found}.h5"
        partial.replace(path)
        return path
    finally:
        partial.unlink(missing_ok=True)
