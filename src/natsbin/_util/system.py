"""What operating systems do differently. The rest of natsbin calls these functions, which have a portable way each.

``tests/portability`` takes away what only some systems have, and converts, asks and exports without it.
"""

from __future__ import annotations

import errno
import mmap
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from multiprocessing.connection import Connection
    from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_BINARY: int = getattr(os, "O_BINARY", 0)  # Windows would translate line ends

READ = os.O_RDONLY | _BINARY | getattr(os, "O_NONBLOCK", 0)
"""Flags that open a file for reading. A FIFO or a device does not keep the program waiting."""

UPDATE = os.O_RDWR | _BINARY | getattr(os, "O_NOFOLLOW", 0)
"""Flags that open a file, but no link, for reading and writing."""

CREATE = os.O_RDWR | _BINARY | os.O_CREAT | os.O_EXCL
"""Flags that create a file, and fail where there is one."""

OPEN_FILES_MOVE = os.name != "nt"
"""Whether a file that is open can be renamed and removed. Windows refuses both."""

STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""The signals that ask a program to end."""

_UNSUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EBADF}
"""What file systems say to ``flock`` and ``fsync`` that they do not have."""

_LOCKED_BYTE = 2**31 - 1  # where no byte is in a lock file: other programs cannot read a byte that Windows has locked
_LOCK_PAUSE = 0.05

_moving = threading.Lock()  # for the position of a descriptor, where one cannot read at a place without it


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def user() -> int | None:
    """The number of the user that the process runs for; None on systems without such numbers."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def is_alive(process: int) -> bool:
    """Whether a process may be running. On Windows it always may be: a question with a signal would end it."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def read_at(descriptor: int, size: int, start: int) -> bytes:
    """At most ``size`` bytes of a file from ``start`` on. Threads and forked processes may share the descriptor."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, start)
    with _moving:
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, size)


@contextmanager
def scattered_reads(view: memoryview | None) -> Iterator[None]:
    """While a few pages of a mapped file are read here and there; otherwise megabytes come from the disk with each."""
    whole = None if view is None else view.obj
    advise = getattr(whole, "madvise", None) or (lambda _: None)
    with suppress(OSError):
        advise(getattr(mmap, "MADV_RANDOM", 0))
    try:
        yield
    finally:
        with suppress(OSError):
            advise(getattr(mmap, "MADV_NORMAL", 0))


def write_at(descriptor: int, data: bytes, start: int) -> None:
    """Write at a place of a file."""
    if hasattr(os, "pwrite"):
        os.pwrite(descriptor, data, start)
        return
    with _moving:
        os.lseek(descriptor, start, os.SEEK_SET)
        os.write(descriptor, data)


def lock(descriptor: int, *, wait: bool = True) -> bool | None:
    """Lock an open file for this process; whether that was possible, None where the file system has no locks."""
    try:
        if fcntl is None:
            return _lock_byte(descriptor, wait)
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        return True
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return None


def _lock_byte(descriptor: int, wait: bool) -> bool | None:
    """The same with Windows' locks, which are of bytes."""
    try:
        import msvcrt
    except ImportError:
        return None
    while True:
        with _moving:
            before = os.lseek(descriptor, 0, os.SEEK_CUR)
            try:
                os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
                return True
            except OSError as error:  # EACCES in Windows, EEXIST in Wine
                if error.errno in _UNSUPPORTED:
                    raise
                if not wait:
                    return False
            finally:
                os.lseek(descriptor, before, os.SEEK_SET)
        time.sleep(_LOCK_PAUSE)


def sync(descriptor: int) -> None:
    """Wait until an open file is on the disk, where the file system can say so."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can say so; Windows opens no folder."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def keep_owner(path: Path, old: os.stat_result) -> None:
    """Give a file the mode of another one and, where that may be, its owner."""
    with suppress(OSError):
        if hasattr(os, "chown"):
            os.chown(path, old.st_uid, old.st_gid)
    with suppress(OSError):
        os.chmod(path, stat.S_IMODE(old.st_mode))


def after_fork(function: Callable[[], None]) -> None:
    """Call a function in every child that is forked, where there are any."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)


def around_fork(before: Callable[[], None], after: Callable[[], None]) -> None:
    """Call functions before each fork, and after it in both processes, where there are any."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=after, after_in_child=after)


def can_fork() -> bool:
    """Whether this process can go on as two. Beside other threads it cannot: a child would lack them."""
    return hasattr(os, "fork") and threading.active_count() == 1


def stop_again(number: int) -> None:
    """Send this process a signal, for its main thread; any thread may call it."""
    if os.name == "nt":  # where os.kill ends a process
        signal.raise_signal(number)
    else:
        os.kill(os.getpid(), number)  # also interrupts what the main thread waits for


def start_beside(command: list[str], pipe: Connection) -> subprocess.Popen[bytes]:
    """A new process that also has an end of a pipe, under the same number (see ``inherited``)."""
    import subprocess

    number = pipe.fileno()
    if sys.platform != "win32":
        return subprocess.Popen(command, pass_fds=[number], stdin=subprocess.DEVNULL)
    os.set_handle_inheritable(number, True)
    only = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [number]})
    return subprocess.Popen(command, startupinfo=only, stdin=subprocess.DEVNULL)


def inherited(number: int) -> Connection:
    """The end of a pipe that this process was started beside."""
    from multiprocessing import connection

    return getattr(connection, "PipeConnection", connection.Connection)(number)


def has_parent(parent: int) -> bool:
    """Whether this process is still the child of that one. Windows never gives a child to another process.

    There a virtual environment puts a process between the two, so numbers cannot be compared either.
    """
    return os.name == "nt" or os.getppid() == parent
