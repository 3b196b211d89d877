"""Progress on stderr: a bar, or one line where none was asked for and the work takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from natsbin._util.files import printable

PATIENCE = 2.0
"""Seconds that work may take without a word."""


@contextmanager
def progress(
    label: str, quiet: bool = False, patience: float | None = None, unit: str | None = None
) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on stderr. Call what it yields with how many are done, and of how many (None if not known yet).

    If ``quiet``, nothing is shown; unless the work takes more than ``patience`` seconds: then a bar is on a terminal,
    and the label elsewhere, once. With a ``unit`` the bar says how many of them are done in a second.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} {unit}/s" if unit and task.speed else "")

    console = Console(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Speed(),
        TimeRemainingColumn(),
        console=console,
        disable=quiet and (patience is None or not console.is_terminal),
    )
    task = bar.add_task(printable(label), total=None)
    say_at = time.monotonic() + patience if quiet and patience is not None else None

    def show(done: int, total: int | None) -> None:
        nonlocal say_at
        if say_at is not None:
            if time.monotonic() < say_at:
                return
            say_at = None
            if bar.disable:
                _say(label)
        bar.start()  # not before the first report: workers are forked while this process has one thread
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


@contextmanager
def patient(label: str, verbose: bool) -> Iterator[Callable[[], None]]:
    """Call what it yields again and again while there is nothing to do but wait; it says so once, on stderr."""
    say_at: float | None = time.monotonic() + (0 if verbose else PATIENCE)

    def wait() -> None:
        nonlocal say_at
        if say_at is not None and time.monotonic() >= say_at:
            say_at = None
            _say(label)

    yield wait


def _say(label: str) -> None:
    print(printable(label), file=sys.stderr, flush=True)
