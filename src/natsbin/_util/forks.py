"""Locks for programs that fork while threads run: a child must not wait for a thread that it does not have."""

from __future__ import annotations

import functools
import importlib
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from natsbin._util.system import after_fork, around_fork

_locks: weakref.WeakSet[Lock] = weakref.WeakSet()


class Lock:
    """A ``threading.Lock`` for a ``with`` block; it is free in a forked child, whoever held it in the parent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Forget who holds it."""
        self._lock = threading.Lock()


def _renew_locks() -> None:
    for lock in list(_locks):
        lock.renew()
    if sys.version_info < (3, 12):
        for name, module in list(sys.modules.items()):
            if name.startswith("natsbin."):
                _renew_properties(vars(module))


def _renew_properties(names: dict[str, object]) -> None:
    """Before Python 3.12 each ``cached_property`` has a lock, which a thread holds while it computes."""
    for found in list(names.values()):
        if isinstance(found, type) and found.__module__.startswith("natsbin."):
            for member in vars(found).values():
                if isinstance(member, functools.cached_property):
                    member.lock = threading.RLock()  # type: ignore[attr-defined]


_MODULE_LOCKS: dict[str, Callable[[], Any]] = vars(getattr(importlib, "_bootstrap", importlib)).get("_module_locks", {})
"""The interpreter's locks of modules that are being imported. An interpreter without them is used as it is."""

_WAITED_FOR = ("natsbin", "numpy", "h5py")

_intervals: list[float] = []


def _finish_imports() -> None:
    """Wait until no other thread imports what natsbin does: a child would wait for ever for a module half imported.

    natsbin imports most modules when a question needs them, so any thread may be at it; what else a program imports is
    its own affair. From the last look until the fork, no other thread gets a turn.
    """
    _intervals.append(sys.getswitchinterval())
    sys.setswitchinterval(1000.0)
    while threading.active_count() > 1 and (name := _imported_by_others()):
        with suppress(Exception):  # that is for the thread that imports
            importlib.import_module(name)


def _imported_by_others() -> str | None:
    """A module of natsbin, or of what it needs, that another thread is importing."""
    not_waited_for = (None, threading.get_ident())
    for name, find in list(_MODULE_LOCKS.items()):
        if name.partition(".")[0] in _WAITED_FOR and getattr(find(), "owner", None) not in not_waited_for:
            return name
    return None


def _take_turns() -> None:
    if _intervals:
        sys.setswitchinterval(_intervals.pop())


around_fork(_finish_imports, _take_turns)
after_fork(_renew_locks)
