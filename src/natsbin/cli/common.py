"""What subcommands share: options, progress on stderr, JSON on stdout."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from natsbin._util.progress import progress as progress

if TYPE_CHECKING:
    from rich.console import Console

_WIDEST = 10_000  # columns


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


def console() -> Console:
    """For tables: as wide as the terminal, and as wide as they need where a file or a pipe takes them."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else _WIDEST)


def emit(value: Any) -> None:
    """Print a value as JSON; numbers are written so that they read back the same."""
    click.echo(json.dumps(value, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
