"""``natsbin demo``: the main job on a machine that has no archive."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import click

from natsbin.cli.common import emit, json_option, progress, quiet_option

Question = tuple[str, Callable[[Any, int], Any]]

QUESTIONS: list[Question] = [
    ("simulate_train_eval", lambda api, i: api.simulate_train_eval(i, "cifar100", hp="200")),
    ("get_more_info", lambda api, i: api.get_more_info(i, "cifar100", hp="200", is_random=False)),
    ("get_cost_info", lambda api, i: api.get_cost_info(i, "cifar100", hp="200")),
]
SECONDS = 0.5  # that each question is asked for


@click.command(short_help="Generate a small archive, convert it, and compare both APIs.")
@click.option("--archs", default=32, show_default=True, type=click.IntRange(1, 1000), help="Architectures to generate.")
@json_option
@quiet_option
def demo(archs: int, as_json: bool, quiet: bool) -> None:
    """Generate a small topology archive in a temporary folder, convert it, and ask nats_bench and natsbin the same.

    Without nats_bench installed, only natsbin is asked. Exit code 1 if any two answers differ.
    """
    import natsbin
    from natsbin.spaces import TSS
    from natsbin.synthetic import make_archive

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps what is mapped
        src, dst = Path(folder, "NATS-tss-demo-simple"), Path(folder, "NATS-tss-demo.h5")
        with progress(f"Generating {archs} architectures", quiet) as show:
            made = count(1)
            make_archive(src, TSS, range(archs), progress=lambda _: show(next(made), archs))
        with progress("Converting", quiet) as show:
            natsbin.convert(src, dst, progress=show)
        ours = natsbin.create(str(dst), "tss", fast_mode=True, verbose=False)
        theirs = _original(src)
        rows = [_compare(name, ask, ours, theirs, archs) for name, ask in QUESTIONS]
        sizes = [sum(file.stat().st_size for file in src.iterdir()), dst.stat().st_size]
    same = all(row["equal"] in (None, True) for row in rows)
    if as_json:
        emit({"architectures": archs, "archive_bytes": sizes[0], "store_bytes": sizes[1], "questions": rows})
    else:
        _print(archs, sizes, rows)
    if not same:
        raise click.ClickException("answers differ")


def _original(folder: Path) -> Any:
    try:
        import nats_bench
    except ImportError:
        return None
    return nats_bench.create(str(folder), "tss", fast_mode=True, verbose=False)


def _compare(name: str, ask: Callable[[Any, int], Any], ours: Any, theirs: Any, archs: int) -> dict[str, Any]:
    """Ask both about every architecture under one random seed, then time them on the first."""
    row: dict[str, Any] = {"question": name, "equal": None, "asked": archs, "natsbin_us": _time(ask, ours)}
    if theirs is not None:
        row["equal"] = _answers(ask, ours, archs) == _answers(ask, theirs, archs)
        row["nats_bench_us"] = _time(ask, theirs)
        row["ratio"] = row["nats_bench_us"] / row["natsbin_us"]
    return row


def _answers(ask: Callable[[Any, int], Any], api: Any, archs: int) -> list[str]:
    random.seed(0)
    api.reset_time()
    return [repr(ask(api, index)) for index in range(archs)]


def _time(ask: Callable[[Any, int], Any], api: Any) -> float:
    """Microseconds a call takes, warm."""
    ask(api, 0)
    calls, start = 0, time.perf_counter()
    while time.perf_counter() < start + SECONDS:
        for _ in range(10):
            ask(api, 0)
        calls += 10
    return (time.perf_counter() - start) / calls * 1e6


def _print(archs: int, sizes: list[int], rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(
        f"{archs} architectures: archive {sizes[0] / 1e6:.2f} MB, store {sizes[1] / 1e6:.2f} MB", highlight=False
    )
    table = Table("question", "answers", "nats_bench", "natsbin", "faster")
    for row in rows:
        if row["equal"] is None:
            table.add_row(row["question"], "nats_bench is not installed", "", f"{row['natsbin_us']:.2f} µs", "")
        else:
            table.add_row(
                row["question"],
                f"{row['asked']} of {row['asked']} equal" if row["equal"] else "DIFFER",
                f"{row['nats_bench_us']:,.0f} µs",
                f"{row['natsbin_us']:.2f} µs",
                f"{row['ratio']:,.0f} times",
            )
    console.print(table)
