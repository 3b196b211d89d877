"""Figures beside their limits: a table for people, JSON for machines."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ParamSpec

import click
import machine
from rich.console import Console
from rich.markup import escape
from rich.table import Table

P = ParamSpec("P")

progress = Console(stderr=True)
output = Console(width=None if sys.stdout.isatty() else 160)  # tables in a file or a pipe are not folded
_SCALES = (("s", 1.0), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9))


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


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    name, scale = next((one for one in _SCALES if seconds * one[1] >= 1), _SCALES[-1])
    return f"{seconds * scale:.3g} {name}" if seconds < 100 else f"{seconds:,.0f} s"


def number(value: float) -> str:
    """Three digits, or all of a larger one."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def figures_command(function: Callable[P, list[Figure]]) -> click.Command:
    """A command that prints the figures which a function gives, and writes them as JSON with ``--out``."""

    @click.option("--out", type=click.Path(path_type=Path), help="Write the figures as JSON too.")
    @functools.wraps(function)
    def run(*args: Any, out: Path | None, **kwargs: Any) -> None:
        about = machine.describe()
        figures = function(*args, **kwargs)
        output.print(machine.line(about), highlight=False)
        output.print(_table(figures))
        if out:
            shown = [{**asdict(figure), "holds": figure.holds} for figure in figures]
            write_json(out, {"machine": about, "figures": shown})

    return click.command()(run)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file for people to read too."""
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _table(figures: list[Figure]) -> Table:
    table = Table("figure", "value", "limit", "", "note")
    for figure in figures:
        bound = "" if figure.limit is None else f"{'≥' if figure.least else '≤'} {number(figure.limit)} {figure.unit}"
        verdict = {None: "", True: "[green]held[/]", False: "[red]missed[/]"}[figure.holds]
        value = f"{number(figure.value)} {figure.unit}"
        table.add_row(escape(figure.name), value, bound, verdict, escape(figure.note))
    return table
