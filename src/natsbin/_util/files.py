"""Files that are replaced whole or not at all, and locks, on every file system: also those of clusters."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from natsbin._util import system
from natsbin._util.system import lock, sync_folder
from natsbin.errors import NatsbinError, OutputError

_NAME_MAX = 255  # bytes
_PART_SUFFIX = re.compile(r"[0-9a-f]{8}\.part")

BEAT, DEAD = 2.0, 20.0
"""Seconds between signs of life in a lock file, and without one until its owner counts as dead."""

_WAIT = 0.05


def target(path: Path, force: bool) -> Path:
    """The file that a new one at ``path`` becomes or, with ``force``, replaces: links are followed.

    Raises OutputError where that cannot be: only regular files are replaced.
    """
    try:
        if path.is_dir():
            raise OutputError(f"{path}: is a folder, expected the path of a new file")
        if os.path.lexists(path):
            if not force:
                raise OutputError(f"{path}: exists already; say force (--force) to replace it")
            if not path.exists():
                raise OutputError(
                    f"{path}: a link to {os.path.realpath(path)}, which does not exist; it is not replaced"
                )
            if not path.is_file():
                raise OutputError(f"{path}: not a regular file; it is not replaced")
        if not path.parent.is_dir():
            raise OutputError(f"{path}: there is no folder {path.parent}")
        found = Path(os.path.realpath(path))
        if len(os.fsencode(found.name)) > _NAME_MAX:
            raise OutputError(f"{path}: its name has {len(os.fsencode(found.name))} bytes, at most {_NAME_MAX} can be")
        return found
    except (OSError, ValueError) as error:  # a name too long, a folder that may not be read, a null byte
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"{os.fspath(path)!r}: cannot be written: {error}") from error


def printable(text: str) -> str:
    """A text that every terminal and file takes: names of files may be any bytes."""
    return text.encode(errors="backslashreplace").decode()


def hidden(path: Path, suffix: str) -> Path:
    """A hidden name beside ``path``: ``.NAME.SUFFIX``, in which a name that would become too long is a digest."""
    name = path.name
    if len(os.fsencode(f".{name}.{suffix}")) > _NAME_MAX:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return path.with_name(f".{name}.{suffix}")


def cache_home() -> Path | None:
    """The folder of the user's caches; a relative ``$XDG_CACHE_HOME`` is ignored, as its specification says.

    None where the user has no home.
    """
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) if os.path.isabs(home) else None


def new_part(path: Path) -> Path:
    """A name for the unfinished ``path``, which no other writer has."""
    return hidden(path, f"{secrets.token_hex(4)}.part")


def open_part(path: Path) -> tuple[Path, int]:
    """A new unfinished file for ``path``, locked, and its descriptor."""
    while True:
        part = new_part(path)
        descriptor = os.open(part, system.CREATE, 0o666)
        if system.OPEN_FILES_MOVE:
            lock(descriptor)  # a locked file has a living writer; elsewhere no one can remove what it has open
        if _is_at(descriptor, part):  # otherwise another process has just removed it as stale
            return part, descriptor
        os.close(descriptor)


@contextmanager
def new_file(path: Path, force: bool) -> Iterator[tuple[Path, int]]:
    """An unfinished file and its descriptor, which take the place of ``path`` when the block ends without an error.

    Otherwise nothing is left. Raises OutputError where ``path`` cannot be a new file (see ``target``), and where the
    disk refuses.
    """
    destination = target(path, force)
    remove_stale_parts(destination)
    part: Path | None = None
    try:
        part, descriptor = open_part(destination)
        with ExitStack() as opened:
            opened.callback(os.close, descriptor)
            yield part, descriptor
            system.sync(descriptor)
            if not system.OPEN_FILES_MOVE:
                opened.close()
            target(path, force)  # another program may have made it meanwhile
            replace(part, destination, force)
    except OSError as error:
        if isinstance(error, NatsbinError):
            raise
        raise OutputError(f"{path}: cannot be written: {error}") from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def remove_stale_parts(path: Path) -> None:
    """Remove the unfinished files of killed writers: a part is locked as long as its writer lives."""
    start = hidden(path, "").name
    with suppress(OSError):  # what cannot be listed, in use, or another user's
        for name in os.listdir(path.parent):
            if name.startswith(start) and _PART_SUFFIX.fullmatch(name[len(start) :]):
                part = path.with_name(name)
                if not part.is_file():
                    continue
                with suppress(OSError), part.open("r+b") as file:
                    if not system.OPEN_FILES_MOVE:
                        file.close()
                    if file.closed or lock(file.fileno(), wait=False):
                        part.unlink(missing_ok=True)


def replace(part: Path, path: Path, force: bool) -> None:
    """Give a finished file its name. A file that it replaces leaves it its mode and, where that may be, its owner.

    Without ``force``, OutputError where there is one, however late it came.
    """
    if not force and _named(part, path):
        return
    with suppress(FileNotFoundError):
        system.keep_owner(part, os.stat(path))
    os.replace(part, path)
    with suppress(OSError):  # the file has its name: this only says that it keeps it when the power fails now
        sync_folder(path.parent)


def _named(part: Path, path: Path) -> bool:
    """Give a file a name that none has. False on a file system without links, where a rename has to do."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise OutputError(f"{path}: exists already; another program has just made it") from None
    except (OSError, AttributeError):
        return False
    part.unlink(missing_ok=True)
    with suppress(OSError):
        sync_folder(path.parent)
    return True


@contextmanager
def only_one(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """One process or thread at a time is in such a block for ``path``; ``waiting`` is called while another is.

    A file beside ``path`` is locked, and removed at the end. If its owner is killed, the system releases it; on file
    systems without locks it counts as released when it shows no sign of life any more.
    """
    place = hidden(path, "lock")
    while (descriptor := _take(place)) is None:
        waiting()
        time.sleep(_WAIT)
    _held.add(descriptor)
    try:
        with _beating(descriptor):
            yield
    finally:
        _held.discard(descriptor)
        ours = _is_at(descriptor, place)
        if not system.OPEN_FILES_MOVE:
            os.close(descriptor)
        if ours:
            with suppress(OSError):
                place.unlink()
        if system.OPEN_FILES_MOVE:
            os.close(descriptor)


_held: set[int] = set()  # descriptors of locked files; a child that is forked meanwhile would keep the lock with them


def _let_go() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


system.after_fork(_let_go)

_seen: dict[Path, tuple[object, float]] = {}  # of lock files without locks: their last sign of life, and when it came


def _take(place: Path) -> int | None:
    """The descriptor of a lock file that this process now owns; None while another one does."""
    try:
        descriptor = os.open(place, system.CREATE, 0o600)
        created = True
    except FileExistsError:
        try:
            descriptor, created = os.open(place, system.UPDATE), False
        except FileNotFoundError:
            return None
    owned = False
    try:
        locked = lock(descriptor, wait=False)
        if locked is None:
            if not created and _is_dead(place, os.read(descriptor, 1000)):
                place.unlink(missing_ok=True)
                return _take(place)
            owned = created
        else:
            owned = locked and _is_at(descriptor, place)
        return descriptor if owned else None
    finally:
        if not owned:
            os.close(descriptor)


def _owner() -> bytes:
    return f"{socket.gethostname()} {os.getpid()} {time.time_ns()}\n".encode()


def _is_dead(place: Path, sign: bytes) -> bool:
    """Whether a lock file shows no sign of life: no process has its number here, or it has not changed for long."""
    host, _, rest = sign.decode(errors="replace").partition(" ")
    number = rest.partition(" ")[0]
    if host == socket.gethostname() and number.isdecimal() and not system.is_alive(int(number)):
        return True
    last, since = _seen.get(place, (None, 0.0))
    if last != sign:
        _seen[place] = sign, time.monotonic()
        return False
    return time.monotonic() - since > DEAD


@contextmanager
def _beating(descriptor: int) -> Iterator[None]:
    """Give signs of life in a lock file while the block runs, where the file system has no locks."""
    if lock(descriptor, wait=False) is not None:
        yield
        return
    end = threading.Event()

    def beat() -> None:
        with suppress(OSError):
            system.write_at(descriptor, _owner(), 0)

    def beat_on() -> None:
        while not end.wait(BEAT):
            beat()

    beat()
    thread = threading.Thread(target=beat_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False
