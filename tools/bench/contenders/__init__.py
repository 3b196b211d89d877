"""One module a contender: ``open_works(setting)`` imports and opens it, and gives the work that it can do.

A work is a function without arguments that asks all its questions and returns their answers as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from questions import Questions

Work = Callable[[], "Sequence[float] | npt.NDArray[np.floating[Any]]"]


@dataclass(frozen=True)
class Setting:
    """Where the same benchmark lies in each form, and what is asked of it."""

    questions: Questions
    archive: Path
    store: Path
    table: Path
    benchmark: Path | None = None


TITLES = {
    "original": "nats_bench, fast mode",
    "loaded": "nats_bench, loaded file",
    "table": "float32 array in memory",
    "plain": "h5py on our file",
    "scalar": "natsbin, call by call",
    "batch": "natsbin, in batches",
}
"""Modules of this package, and what they are called in tables."""

SOURCES = {"original": "archive", "loaded": "benchmark", "table": "table"}
"""Which file of the setting a contender reads, if not the store."""
