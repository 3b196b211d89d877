"""What subcommands share: progress on stderr, tables or JSON on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn


def _indexes(_context: click.Context, _parameter: click.Parameter, text: str | None) -> list[int] | None:
    """The numbers in a text such as ``0-199,9075``."""
    if text is None:
        return None
    indexes: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            raise click.BadParameter(f"{part!r} is neither a number nor a range such as 0-199")
        indexes.extend(range(int(first), int(last or first) + 1))
    return indexes


archs_option = click.option(
    "--archs", callback=_indexes, metavar="INDEXES", help="Architectures, such as 0-199,9075.  [default: all]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
force_option = click.option("--force", is_flag=True, help="Replace an existing output.")
quiet_option = click.option("--quiet", is_flag=True, help="Show no progress.")
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes to use.  [default: all cores]"
)


@contextmanager
def progress(label: str, quiet: bool = False) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on stderr; what it yields takes how many are done, and of how many (None if that is not known yet)."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet,
    )
    task = bar.add_task(label, total=None)

    def show(done: int, total: int | None) -> None:
        bar.start()  # not earlier: workers are forked while this process has one thread
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


def emit(value: Any) -> None:
    """Print a value as JSON; numbers are written so that they read back the same."""
    click.echo(json.dumps(value, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
