"""The comparison: every contender asked the same questions, each kind of work in a process of its own."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click
import isolate
import machine
import report
import timing
from contenders import SOURCES, TITLES
from questions import WORK, draw
from tables import Results, tables


@click.command()
@click.argument("archive", type=click.Path(exists=True, path_type=Path))
@click.argument("store", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--benchmark", type=click.Path(exists=True, path_type=Path), help="The same as a benchmark file (small).")
@click.option("--pool", default=1000, show_default=True, help="Architectures asked about: 2 MB each in nats_bench.")
@click.option("--scale", default=1, show_default=True, help="Ask this many times fewer questions.")
@timing.budgeted
@click.option("--work", "kinds", multiple=True, type=click.Choice(WORK), help="These kinds of work only.")
@click.option("--only", multiple=True, type=click.Choice(list(TITLES)), help="These contenders only.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the results as JSON.")
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
    about = machine.describe()
    with tempfile.TemporaryDirectory() as folder, report.progress.status("Preparing") as status:
        if store is None:
            store = Path(folder, "store.h5")
            isolate.call("preparing:make_store", archive=str(archive), store=str(store))
        questions = draw(store, pool, scale)
        setting = {"questions": f"{folder}/questions.npz", "archive": str(archive), "store": str(store)}
        questions.save(Path(setting["questions"]))
        setting["table"] = f"{folder}/table.npz"
        isolate.call("preparing:make_table", store=str(store), space=questions.space, path=setting["table"])
        if benchmark:
            setting["benchmark"] = str(benchmark)
        results: Results = {}
        failed: list[str] = []
        for module in only or TITLES:
            if SOURCES.get(module, "store") not in setting:
                continue
            try:
                found = _contender(module, setting, kinds or WORK, budget, status.update)
            except click.ClickException as error:  # the others' results took long enough to be kept
                failed.append(f"{TITLES[module]}: {error.message}")
            else:
                results |= {module: found} if found["work"] else {}
    counts = questions.counts()
    result = {"machine": about, "space": questions.space, "pool": len(questions.pool), "counts": counts}
    if out:
        report.write_json(out, {**result, "contenders": results})
    report.output.print(machine.line(about), highlight=False)
    for table in tables(results, counts):
        report.output.print(table)
    if failed:
        raise click.ClickException("; ".join(failed))


def _contender(
    module: str, setting: dict[str, str], kinds: Collection[str], budget: float, told: Callable[[str], None]
) -> dict[str, Any]:
    """What one contender costs to open and, by kind of work, to ask; each in a process that starts cold."""
    source = Path(setting[SOURCES.get(module, "store")])

    def run(what: str, target: str, **arguments: Any) -> dict[str, Any]:
        told(f"{TITLES[module]}: {what}")
        _forget(source)
        answer: dict[str, Any] = isolate.call(target, module=module, setting=setting, **arguments)
        return answer

    opened = run("opening", "asking:opening")
    works = [work for work in opened["works"] if work in kinds]
    return {
        "open": opened,
        "work": {work: run(work, "asking:working", work=work, budget=budget) for work in works},
    }


def _forget(source: Path) -> None:
    """Ask the kernel to drop a file, or a folder's files, from the page cache: cold means read from disk."""
    for path in source.iterdir() if source.is_dir() else [source]:
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
