"""The store that an original archive is converted to once: where it is kept, and whether it may be used.

A store is used if it is of this archive as it is now, and nobody else can have planted it. A file is replaced if it is
a store of an earlier state of this archive, to which nothing was attached. Anything else is left, and the next place is
used. docs/reliability.md says what is promised.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from natsbin._util.signals import stoppable
from natsbin._util.system import user
from natsbin.errors import OutputError, StoreError
from natsbin.spaces import SearchSpace
from natsbin.store.file import is_store
from natsbin.store.format import ATTACHED

if TYPE_CHECKING:
    from natsbin.archive import Fingerprint
    from natsbin.store import Store

STORE_SUFFIX = ".h5"
PATIENCE = 2.0  # seconds that a conversion may take without a word


def converted(archive: Path) -> Store | None:
    """The store that an original archive was converted to before, if it is of the archive as it is now."""
    from natsbin.archive import fingerprint_of

    places = [place for place in caches(archive) if os.path.exists(place)]
    if not places:
        return None
    state = fingerprint_of(archive)
    return next(filter(None, (_current(place, archive, state) for place in places)), None)


def open_converted(archive: Path, space: SearchSpace, verbose: bool) -> Store:
    """The store of an original archive, which is converted now unless it was before.

    Processes and threads that come at the same time wait for the first. Raises ArchiveError for what is no archive, and
    OutputError where there is no place for the store.
    """
    from natsbin._util.files import only_one
    from natsbin._util.progress import patient
    from natsbin.archive import fingerprint_of

    state = fingerprint_of(archive)
    places = list(caches(archive))
    for place in places:
        if store := _current(place, archive, state):
            return store
    usable = [place for place in places if _writable(place, archive, state)]
    if not usable:
        raise OutputError(
            f"{archive}: no place for its store: cannot write to any of {', '.join(map(str, places)) or 'none'}"
        )
    place = usable[0]
    waiting = f"Waiting for another process that converts {archive.name}"
    try:
        with stoppable(), patient(waiting, verbose) as wait, only_one(place, wait):
            return _current(place, archive, state) or _convert(archive, place, space, verbose)
    except OSError as error:
        if isinstance(error, (OutputError, StoreError)):
            raise
        raise OutputError(f"{place}: cannot be written: {error}") from error


def caches(archive: Path) -> Iterator[Path]:
    """Where the store of an archive is kept: beside it, or in the user's cache folder."""
    from natsbin._util.files import cache_home

    archive = Path(os.path.realpath(archive))
    stem = archive.name
    for suffix in (".tar", ".pickle.pbz2", ".pth"):
        stem = stem.removesuffix(suffix)
    yield archive.with_name(stem + STORE_SUFFIX)
    home = cache_home()
    if home is not None:
        digest = hashlib.sha256(os.fsencode(archive)).hexdigest()[:12]
        name = os.fsdecode(os.fsencode(stem)[:200])
        yield home / "natsbin" / f"{name}-{digest}{STORE_SUFFIX}"


def _convert(archive: Path, place: Path, space: SearchSpace, verbose: bool) -> Store:
    from natsbin._util.progress import progress
    from natsbin.roads.convert import convert
    from natsbin.store import open_store

    with progress(f"Converting {archive.name} once, to {place}", quiet=not verbose, patience=PATIENCE) as show:
        return open_store(convert(archive, place, space=space.name, force=place.exists(), progress=show))


def _current(place: Path, archive: Path, state: Fingerprint) -> Store | None:
    """The store at a place, if it is of the archive as it is now and can be trusted."""
    store = _store_of(place, archive, state)
    if store is None:
        return None
    recorded = store.attrs.get("source_fingerprint")
    fresh = recorded == state.text if recorded else place.stat().st_mtime_ns >= state.newest
    return store if fresh else None


def _store_of(place: Path, archive: Path, state: Fingerprint) -> Store | None:
    """The store at a place, if it says that it came from this archive, in whatever state, and can be trusted."""
    from natsbin.store import open_store

    try:
        if not is_store(place) or not _trusted(place, archive):
            return None
        store = open_store(place)
    except OSError:  # among them StoreError
        return None
    recorded = store.attrs.get("source_fingerprint")
    if recorded:
        return store if recorded.startswith(f"{state.origin}: ") else None
    return store if store.attrs.get("source") == archive.name else None  # made by natsbin 0.1


def _trusted(path: Path, archive: Path) -> bool:
    """Whether only this user, root, or the owner of an archive that is beside it can have put a store here."""
    path = Path(os.path.realpath(path))
    found, folder = path.stat(), path.parent.stat()
    me = user()
    if me is None:  # Windows says with other means who may write, and a user's folders are that user's by default
        return True
    owners = {me, 0}
    if path.parent == Path(os.path.realpath(archive)).parent:
        owners.add(os.stat(archive).st_uid)
    return found.st_uid in owners and not found.st_mode & stat.S_IWOTH and _is_private(folder)


def _is_private(folder: os.stat_result) -> bool:
    """Whether others cannot replace files of a folder: it is not writable for them, or is sticky, as /tmp is."""
    return user() is None or not folder.st_mode & stat.S_IWOTH or bool(folder.st_mode & stat.S_ISVTX)


def _writable(place: Path, archive: Path, state: Fingerprint) -> bool:
    """Whether a store may be put at this place. The mode counts too: it does not bind root, but it was meant."""
    folder = place.parent
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, mode=0o700)
        found = folder.stat()
        if not os.access(folder, os.W_OK) or not found.st_mode & 0o222 or not _is_private(found):
            return False
        if not os.path.lexists(place):
            return True
        if (store := _store_of(place, archive, state)) is not None:
            return not any(path.startswith(f"{ATTACHED}/") for path in store.file.index.paths)  # a user's own numbers
        # In the user's cache folder names are natsbin's own: what is damaged there was a store.
        own = folder != Path(os.path.realpath(archive)).parent
        return own and stat.S_ISREG(place.lstat().st_mode) and user() in (None, place.stat().st_uid)
    except OSError:
        return False
