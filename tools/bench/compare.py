"""The comparison: every contender asked the same questions, each kind of work in a process of its own."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import click
import measure
import numpy as np
import pages
import report
from contenders import CONTENDERS, TITLES, Works, make_table
from questions import WORK, Questions, draw, space_of
from rich.table import Table

REFERENCE = "original"  # ratios are to it

Results = dict[str, dict[str, Any]]


@click.command()
@click.argument("archive", type=click.Path(exists=True, path_type=Path))
@click.argument("store", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--benchmark", type=click.Path(exists=True, path_type=Path), help="The same as a benchmark file (small).")
@click.option("--pool", default=1000, show_default=True, help="Architectures asked about: 2 MB each in nats_bench.")
@click.option("--scale", default=1, show_default=True, help="Ask this many times fewer questions.")
@measure.budget_option
@click.option("--work", "kinds", multiple=True, type=click.Choice(WORK), help="These kinds of work only.")
@click.option("--only", multiple=True, type=click.Choice(list(TITLES)), help="These contenders only.")
@report.out_option
def compare(
    archive: Path,
    store: Path | None,
    benchmark: Path | None,
    pool: int,
    scale: int,
    budget: float,
    kinds: tuple[str, ...],
    only: tuple[str, ...],
    out: Path | None,
) -> None:
    """All contenders on ARCHIVE (a folder) and its STORE, which is made where it is not given."""
    about = measure.machine()
    results: Results = {}
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as folder, report.progress.status("Preparing") as status:
        store = store or measure.fresh(_make_store, archive, Path(folder, "store.h5"))
        space, questions = space_of(store), draw(store, pool, scale)
        table = Path(folder, "table.npz")
        measure.fresh(make_table, store, questions.hp, table)
        sources = {"archive": archive, "store": store, "table": table, "benchmark": benchmark}
        for name in only or TITLES:
            source = sources[CONTENDERS[name].source]
            if source is None:
                continue
            status.update(TITLES[name])
            try:
                found = _contender(name, source, space, questions, kinds or WORK, budget)
            except click.ClickException as error:  # the others' results took long enough to be kept
                failed.append(f"{TITLES[name]}: {error.message}")
            else:
                results |= {name: {"title": TITLES[name], **found}} if found["work"] else {}
    counts = questions.counts()
    result = {"machine": about, "space": space, "pool": len(questions.pool), "counts": counts, "contenders": results}
    report.publish(result, list(_tables(results, counts)), out)
    if failed:
        raise click.ClickException("; ".join(failed))


def _make_store(archive: Path, store: Path) -> Path:
    from natsbin.roads.convert import convert

    convert(archive, store)
    return store


def _contender(
    name: str, source: Path, space: str, questions: Questions, kinds: Collection[str], budget: float
) -> dict[str, Any]:
    """What one contender costs to open and, by kind of work, to ask; each in a process that starts cold."""
    measure.drop_from_cache(source)
    opened = measure.fresh(_opening, name, source, space, questions)
    found: dict[str, Any] = {"open": opened, "work": {}}
    for work in opened["works"]:
        if work in kinds:
            measure.drop_from_cache(source)
            found["work"][work] = measure.fresh(_working, name, source, space, questions, work, budget)
    return found


def _opening(name: str, source: Path, space: str, questions: Questions) -> dict[str, Any]:
    """In a fresh process: what a contender can do, and what it costs to import and open it."""
    before, works = measure.private(), Works()
    seconds = measure.seconds(lambda: works.update(CONTENDERS[name].open(source, space, questions)))
    added = measure.private() - before
    return {"works": list(works), "seconds": seconds, "private": added, "peak": measure.peak()}


def _working(
    name: str, source: Path, space: str, questions: Questions, work: str, budget: float
) -> dict[str, float | int]:
    """In a fresh process: seconds of a first pass and of later ones, memory, and the sum of the answers."""
    before = measure.private()
    run = CONTENDERS[name].open(source, space, questions)[work]
    answers: list[Any] = []
    cold = measure.seconds(lambda: answers.append(run()))
    private = measure.private() - before
    passes = measure.warm(run, budget)
    return {
        "cold": cold,
        "warm": statistics.median(passes),
        "best": min(passes),
        "passes": len(passes),
        "private": private,
        "peak": measure.peak(),
        "answer": float(np.nansum(answers[0], dtype=np.float64)),
    }


# -- tables -------------------------------------------------------------------------------------------------


def _tables(results: Results, counts: dict[str, int]) -> Iterator[Table]:
    """Warm and cold times, memory, and the answers; ``counts`` is how many questions each kind of work asks."""
    counts = {work: count for work, count in counts.items() if any(work in one["work"] for one in results.values())}
    titles = [TITLES[name] for name in results]
    for pace in ("warm", "cold"):
        table = Table("seconds a question", *titles, title=pace)
        for work, count in counts.items():
            spent = [one["work"].get(work, {}).get(pace) for one in results.values()]
            reference = results.get(REFERENCE, {"work": {}})["work"].get(work, {}).get(pace)
            table.add_row(f"{count:,} {work}", *(_cell(taken, reference, count) for taken in spent))
        yield table
    table = Table("contender", "import and open", "private memory then", "most private, work", "peak", title="memory")
    for name, one in results.items():
        private = max((work["private"], name) for name, work in one["work"].items())
        table.add_row(
            TITLES[name],
            report.duration(one["open"]["seconds"]),
            f"{one['open']['private'] / measure.MB:,.0f} MB",
            f"{private[0] / measure.MB:,.0f} MB, {private[1]}",
            f"{max(work['peak'] for work in one['work'].values()) / measure.MB:,.0f} MB",
        )
    yield table
    table = Table("work", *titles, title="sums of the answers, which should agree")
    for work in counts:
        answers = [one["work"].get(work, {}).get("answer") for one in results.values()]
        table.add_row(work, *("" if answer is None else f"{answer:.8g}" for answer in answers))
    yield table


def _cell(taken: float | None, reference: float | None, count: int) -> str:
    """Seconds a question, and how many times faster than the reference."""
    if taken is None:
        return ""
    ratio = f"  ×{report.number(reference / taken)}" if reference else ""
    return report.duration(taken / count) + ratio


@click.command()
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def markdown(results: Path) -> None:
    """The figures in RESULTS, which a command wrote with --out, as tables in Markdown."""
    click.echo(pages.page(results))
