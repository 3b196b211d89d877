"""The results of a comparison as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import machine
import memory
import report
from contenders import TITLES
from rich.table import Table

REFERENCE = "original"  # ratios are to it

Results = dict[str, dict[str, Any]]


def tables(results: Results, counts: dict[str, int]) -> Iterator[Table]:
    """Warm and cold times, memory, and the answers; ``counts`` says how many questions each kind of work asks."""
    counts = {work: count for work, count in counts.items() if any(work in one["work"] for one in results.values())}
    for pace in ("warm", "cold"):
        table = Table("seconds a question", *(TITLES[module] for module in results), title=pace)
        for work, count in counts.items():
            spent = {module: one["work"][work][pace] for module, one in results.items() if work in one["work"]}
            cells = (_cell(spent.get(module), spent.get(REFERENCE), count) for module in results)
            table.add_row(f"{count:,} {work}", *cells)
        yield table
    table = Table("contender", "import and open", "private memory then", "most private, work", "peak", title="memory")
    for module, one in results.items():
        private = max((work["private"], name) for name, work in one["work"].items())
        table.add_row(
            TITLES[module],
            report.duration(one["open"]["seconds"]),
            f"{one['open']['private'] / memory.MB:,.0f} MB",
            f"{private[0] / memory.MB:,.0f} MB, {private[1]}",
            f"{max(work['peak'] for work in one['work'].values()) / memory.MB:,.0f} MB",
        )
    yield table
    table = Table("work", *(TITLES[module] for module in results), title="sums of the answers, which should agree")
    for work in counts:
        answers = [one["work"].get(work, {}).get("answer") for one in results.values()]
        table.add_row(work, *("" if answer is None else f"{answer:.8g}" for answer in answers))
    yield table


@click.command()
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def markdown(results: Path) -> None:
    """The warm times in RESULTS, which compare wrote, as a table for a README."""
    found = json.loads(results.read_text(encoding="utf-8"))
    contenders: Results = found["contenders"]
    titles = [TITLES[module] for module in contenders]
    click.echo(" | ".join(("| a question, warm", *titles)) + " |")
    click.echo("|---" * (1 + len(titles)) + "|")
    for work, count in found["counts"].items():
        spent = [one["work"].get(work, {}).get("warm") for one in contenders.values()]
        if any(spent):
            cells = ("" if taken is None else report.duration(taken / count) for taken in spent)
            click.echo(" | ".join((f"| {work}", *cells)) + " |")
    opening = (report.duration(one["open"]["seconds"]) for one in contenders.values())
    click.echo(" | ".join(("| import and open", *opening)) + " |")
    held = (max(work["private"] for work in one["work"].values()) / memory.MB for one in contenders.values())
    click.echo(" | ".join(("| private memory, at most", *(f"{most:,.0f} MB" for most in held))) + " |")
    click.echo(f"\n{machine.line(found['machine'])}")


def _cell(taken: float | None, reference: float | None, count: int) -> str:
    """Seconds a question, and how many times faster than the reference."""
    if taken is None:
        return ""
    ratio = f"  ×{report.number(reference / taken)}" if reference else ""
    return report.duration(taken / count) + ratio
