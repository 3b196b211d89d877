"""Measured numbers beside their limits: a table for people, JSON for programs."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ParamSpec

import click
import measure
from pages import duration, machine_line, number
from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ["Figure", "duration", "figures_command", "number", "out_option", "publish"]

P = ParamSpec("P")

progress = Console(stderr=True)
output = Console(width=None if sys.stdout.isatty() else 160)  # wide enough that a file's or a pipe's tables do not fold
out_option = click.option("--out", type=click.Path(path_type=Path), help="Write the figures as JSON too.")


@dataclass(frozen=True)
class Figure:
    """One measured number. ``limit`` is the most it may be, or, with ``least``, the least it must be."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the limit is kept; None without one."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.least else self.value <= self.limit


def figures_command(function: Callable[P, list[Figure]]) -> click.Command:
    """A command that prints the figures which a function measures, and writes them as JSON with ``--out``."""

    @out_option
    @functools.wraps(function)
    def run(*args: Any, out: Path | None, **kwargs: Any) -> None:
        about = measure.machine()
        with progress.status("Measuring"):
            figures = function(*args, **kwargs)
        table = Table("figure", "value", "limit", "", "note")
        for one in figures:
            bound = "" if one.limit is None else f"{'≥' if one.least else '≤'} {number(one.limit)} {one.unit}"
            verdict = {None: "", True: "[green]held[/]", False: "[red]missed[/]"}[one.holds]
            table.add_row(escape(one.name), f"{number(one.value)} {one.unit}", bound, verdict, escape(one.note))
        shown = [{**asdict(figure), "holds": figure.holds} for figure in figures]
        publish({"machine": about, "figures": shown}, [table], out)

    return click.command()(run)


def publish(result: dict[str, Any], tables: list[Table], out: Path | None) -> None:
    """Print the machine and the tables; write the result as JSON."""
    output.print(machine_line(result["machine"]), highlight=False)
    for table in tables:
        output.print(table)
    if out:
        out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
