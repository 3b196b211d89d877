"""Long work that ends cleanly when the process is told to stop."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from natsbin._util.system import STOPS, stop_again

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_CLEANING = 10.0  # seconds after the first signal in which others are ignored: they would interrupt the cleaning up

_LATER = 0.01  # seconds, by which a finaliser is over

_stopped_at = -_CLEANING
_stopped_by: int | None = None


@contextmanager
def stoppable() -> Iterator[None]:
    """Within the block, SIGTERM and SIGHUP raise SystemExit with code 128 + n, so that ``finally`` blocks run.

    Python ends at once by default, and would leave unfinished files. SIGINT raises KeyboardInterrupt, as always, but
    not again while ``finally`` blocks run. A program's own handlers stay, and so do ignored signals (``nohup``).
    Outside the main thread nothing changes, as Python runs handlers there only. In a block within another one nothing
    changes either.
    """
    global _stopped_by
    before = {}
    hook = sys.unraisablehook
    try:
        if threading.current_thread() is threading.main_thread():
            for number in STOPS:
                if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                    _stopped_by = None
                    before[number] = signal.signal(number, _stop)
        if before:
            sys.unraisablehook = lambda args: _stop_again(args) or hook(args)
        yield
    except Exception as error:  # a library may make an error of its own of what the signal raised
        if not before or _stopped_by is None:
            raise
        raise _exception(_stopped_by) from error
    finally:
        if before:
            sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _exception(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)


def _stop(number: int, _frame: FrameType | None) -> None:
    global _stopped_at, _stopped_by
    if time.monotonic() < _stopped_at + _CLEANING:
        return
    _stopped_at, _stopped_by = time.monotonic(), number
    raise _exception(number)


def _stop_again(args: UnraisableHookArgs) -> bool:
    """Where a signal came while a finaliser ran, Python would forget what it raised: then it is raised once more."""
    global _stopped_at
    if _stopped_by is None or not isinstance(args.exc_value, (SystemExit, KeyboardInterrupt)):
        return False
    _stopped_at = -_CLEANING
    again = threading.Timer(_LATER, stop_again, (_stopped_by,))  # here, the handler would raise for nothing
    again.daemon = True
    again.start()
    return True
