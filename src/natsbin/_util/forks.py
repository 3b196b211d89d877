"""Locks for programs that fork while threads run: a child must not wait for a thread that it does not have."""

from __future__ import annotations

import functools
import sys
import threading
import weakref
from types import TracebackType

from natsbin._util.system import after_fork

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


after_fork(_renew_locks)
