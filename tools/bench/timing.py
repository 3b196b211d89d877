"""Timing: a first pass apart from later ones, and calls in loops."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

LEAST_PASSES, MOST_PASSES = 2, 50


def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def warm(work: Callable[[], Any], budget: float = 1.0) -> list[float]:
    """Seconds of each of several passes: as many as ``budget`` seconds allow, at least two, at most fifty."""
    passes: list[float] = []
    while len(passes) < LEAST_PASSES or (sum(passes) < budget and len(passes) < MOST_PASSES):
        passes.append(seconds(work))
    return passes


def median(work: Callable[[], Any], budget: float = 1.0) -> float:
    """The median seconds of several passes, after one that is not counted."""
    work()
    return statistics.median(warm(work, budget))
