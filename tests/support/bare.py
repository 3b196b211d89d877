"""A system that has little: what only Linux or POSIX has is taken away, before natsbin is imported.

``python -c "from support import bare; bare.hide()..."`` or ``pytest -p support.bare``. Files that are open are neither
removed nor replaced, and locks are of bytes, as on Windows.
"""

from __future__ import annotations

import fcntl as _fcntl
import os
import signal
import struct
import subprocess  # noqa: F401 - which, after `msvcrt`, would take this for Windows
import sys
import tempfile
from collections.abc import Callable
from types import ModuleType
from typing import Any

MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
CALLS = (
    *("chown", "fork", "forkpty", "geteuid", "lchown", "mkfifo", "posix_fallocate"),
    *("pread", "preadv", "pwrite", "pwritev", "register_at_fork", "sched_getaffinity", "copy_file_range"),
    *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_TMPFILE"),
)
SIGNALS = ("SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def hide() -> None:
    """Take it all away from this process."""
    own = ModuleType("os")
    vars(own).update(vars(os))
    vars(tempfile).update(_os=own, _O_TMPFILE_WORKS=False)  # on Windows its files go when they are closed
    refused = {name: _refusing(getattr(os, name)) for name in ("remove", "rename", "replace", "unlink")}
    for name, call in refused.items():
        setattr(os, name, call)
    for module in MODULES:
        sys.modules[module] = None  # type: ignore[assignment]  # `import` of it is an ImportError
    for name in CALLS:
        if hasattr(os, name):
            delattr(os, name)
    for name in SIGNALS:
        delattr(signal, name)
    msvcrt = ModuleType("msvcrt")
    vars(msvcrt).update(LK_NBLCK=2, locking=_locking)
    sys.modules["msvcrt"] = msvcrt
    from natsbin._util import system

    system.OPEN_FILES_MOVE = False


def _refusing(call: Callable[..., Any]) -> Callable[..., Any]:
    def refuse(path: Any, *others: Any, **options: Any) -> Any:
        for one in (path, *others):
            if isinstance(one, (str, os.PathLike)) and _is_open(os.fspath(one)):
                raise PermissionError(13, "a program has it open", os.fspath(one))
        return call(path, *others, **options)

    return refuse


def _is_open(path: str) -> bool:
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return False
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            if os.path.samestat(found, os.fstat(int(descriptor))):
                return True
        except OSError:
            continue
    with open("/proc/self/maps", encoding="utf-8") as maps:
        return f" {found.st_ino} " in maps.read()


def _locking(descriptor: int, mode: int, size: int) -> None:
    """A lock of bytes from the descriptor's position on, which belongs to the opened file, as Windows' locks do."""
    start = os.lseek(descriptor, 0, os.SEEK_CUR)
    wanted = struct.pack("hhqqi4x", _fcntl.F_WRLCK, os.SEEK_SET, start, size, 0)
    try:
        _fcntl.fcntl(descriptor, 37, wanted)  # F_OFD_SETLK
    except BlockingIOError as error:
        raise PermissionError(13, "locked") from error


if "pytest" in sys.modules:
    hide()
