"""Timing: a first pass apart from later ones, and calls in loops."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import click

LEAST_PASSES, MOST_PASSES = 2, 50

budgeted = click.option(
    "--budget", default=1.0, show_default=True, help="Seconds of warm passes, of which there are 2 to 50."
)
"""The option of commands that time warm passes."""


def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def warm(work: Callable[[], Any], budget: float) -> list[float]:
    """Seconds of each of several passes: as many as ``budget`` seconds allow, at least two, at most fifty."""
    passes: list[float] = []
    while len(passes) < LEAST_PASSES or (sum(passes) < budget and len(passes) < MOST_PASSES):
        passes.append(seconds(work))
    return passes


def best(work: Callable[[], Any], budget: float) -> float:
    """The least seconds of several passes, after one that is not counted: what else runs only ever adds."""
    work()
    return min(warm(work, budget))
