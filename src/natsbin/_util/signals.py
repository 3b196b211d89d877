"""Long work that ends cleanly when the process is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_CLEANING = 10.0  # seconds after the first signal in which others are ignored: they would interrupt the cleaning up

_stopped_at = -_CLEANING


@contextmanager
def stoppable() -> Iterator[None]:
    """Within the block, SIGTERM and SIGHUP raise SystemExit with code 128 + n, so that ``finally`` blocks run.

    Python ends at once by default, and would leave unfinished files. SIGINT raises KeyboardInterrupt, as always, but
    not again while ``finally`` blocks run. A program's own handlers stay, and so do ignored signals (``nohup``).
    Outside the main thread nothing changes, as Python runs handlers there only.
    """
    before = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in STOPS:
                if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                    before[number] = signal.signal(number, _stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    global _stopped_at
    if time.monotonic() < _stopped_at + _CLEANING:
        return
    _stopped_at = time.monotonic()
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
