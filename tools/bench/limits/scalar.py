"""Warm calls of natsbin and of ``nats_bench``, in one process, on the same architectures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import isolate
import timing
from report import Figure, figures_command, progress

CALLS = 100  # the original's in a pass; natsbin is asked MORE times as many
MORE = 100


class Kind(NamedTuple):
    """A call, and what it must reach: at most so many microseconds, at least so many times the original."""

    method: str
    arguments: dict[str, Any]
    most: float | None
    times: float | None
    wished: float | None = None


KINDS = {
    "simulate_train_eval": Kind("simulate_train_eval", {"dataset": "cifar10"}, 1.5, 5_000, 10_000),
    "get_cost_info": Kind("get_cost_info", {"dataset": "cifar10-valid"}, 2, 5_000, 5_000),
    "get_more_info, mean": Kind("get_more_info", {"dataset": "cifar10-valid", "is_random": False}, 2, 300, 400),
    "get_more_info, random": Kind("get_more_info", {"dataset": "cifar10-valid", "is_random": True}, 2, 300, 400),
    "get_more_info, one seed": Kind("get_more_info", {"dataset": "cifar10-valid", "is_random": 777}, 2, 300, 400),
}


@figures_command
@click.argument("archive", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--hp", default="200", show_default=True)
def scalar(archive: Path, hp: str) -> list[Figure]:
    """Calls on ARCHIVE, a folder of a few architectures, warm, beside nats_bench in fast mode."""
    with progress.status("Asking both"):
        measured: dict[str, list[float]] = isolate.call("limits.scalar:measure", archive=str(archive), hp=hp)
    figures = []
    for name, (original, ours) in measured.items():
        kind = KINDS[name]
        note = f"nats_bench {original * 1e6:,.0f} µs; {kind.wished:,.0f} expected in issue 4"
        figures.append(Figure(f"{name}: a call", ours * 1e6, "µs", kind.most))
        figures.append(Figure(f"{name}: times faster", original / ours, "×", kind.times, least=True, note=note))
    return figures


def measure(archive: str, hp: str) -> dict[str, list[float]]:
    """In a fresh process: seconds a call of the original and of natsbin, by kind of call."""
    import tempfile

    import nats_bench

    import natsbin
    from natsbin.convert import convert
    from natsbin.store import open_store

    with tempfile.TemporaryDirectory() as folder:
        store = open_store(convert(archive, Path(folder, "store.h5"), jobs=1))
        space, archs = store.space.name, store.indexes.tolist()
        theirs = nats_bench.create(archive, space, fast_mode=True, verbose=False)
        ours = natsbin.create(store.path, space, fast_mode=True, verbose=False)
        return {
            name: [_a_call(theirs, kind, archs, hp, CALLS), _a_call(ours, kind, archs, hp, CALLS * MORE)]
            for name, kind in KINDS.items()
        }


def _a_call(api: Any, kind: Kind, archs: list[int], hp: str, count: int) -> float:
    call: Callable[..., Any] = getattr(api, kind.method)
    arguments = {**kind.arguments, "hp": hp}
    asked = (archs * count)[:count]

    def loop() -> None:
        for arch in asked:
            call(arch, **arguments)

    return timing.median(loop) / count
