"""The side of a comparison that runs in a contender's process: opening it, and asking it one kind of work."""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import memory
import numpy as np
import timing
from contenders import Setting, Work
from questions import Questions


def _open(module: str, setting: dict[str, str]) -> tuple[dict[str, Work], float]:
    """In a fresh process: a contender's works and the seconds that importing and opening took."""
    given: dict[str, Any] = {name: Path(path) for name, path in setting.items()}
    given["questions"] = Questions.load(given["questions"])
    opened = Setting(**given)
    open_works: Callable[[Setting], dict[str, Work]] = importlib.import_module(f"contenders.{module}").open_works
    works: dict[str, Work] = {}
    taken = timing.seconds(lambda: works.update(open_works(opened)))
    return works, taken


def opening(module: str, setting: dict[str, str]) -> dict[str, Any]:
    """In a fresh process: what a contender can do, and what it costs to import and open it."""
    before = memory.private()
    works, taken = _open(module, setting)
    return {
        "works": list(works),
        "seconds": taken,
        "private": memory.private() - before,
        "peak": memory.peak(),
    }


def working(module: str, setting: dict[str, str], work: str, budget: float) -> dict[str, Any]:
    """In a fresh process: seconds of a first pass and of later ones, memory, and the sum of the answers."""
    before = memory.private()
    run = _open(module, setting)[0][work]
    answers: list[Any] = []
    cold = timing.seconds(lambda: answers.append(run()))
    private = memory.private() - before
    passes = timing.warm(run, budget)
    return {
        "cold": cold,
        "warm": statistics.median(passes),
        "best": min(passes),
        "passes": len(passes),
        "private": private,
        "peak": memory.peak(),
        "answer": float(np.nansum(answers[0], dtype=np.float64)),
    }
