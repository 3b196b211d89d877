"""Small stores for the tests of batches, and the scalar API over the same archives."""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import natsbin
from natsbin.roads.convert import convert
from natsbin.spaces import SPACES
from natsbin.store import open_store
from natsbin.synthetic import make_archive
from support import oracle_archives

RAGGED = (0, 1, 4, 5, 6, 20, 21, 22, 30, 37, 53, 76, 84, 101, 149, 180, 213)
"""Of each kind that natsbin.synthetic.ragged names, some."""

REFUSALS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Case:
    """A store, the batch of it, and the scalar API; ``wild`` ones have odd numbers and gaps everywhere."""

    def __init__(self, folder: Path, space: str, wild: bool, path: Path | None = None) -> None:
        self.folder, self.space = folder, SPACES[space]
        self.path = path or folder.with_suffix(".h5")
        convert(folder, self.path)
        self.store = open_store(self.path)
        self.batch = natsbin.Batch(self.store)
        # the wild are asked of live objects, which know no store; the others of the store's own scalar API
        opened: Any = oracle_archives.benchmark(folder) if wild else self.path
        self.scalar: Any = natsbin.create(opened, space, fast_mode=False, verbose=False)
        self.indexes: list[int] = self.store.indexes.tolist()
        self.wild = wild

    def __repr__(self) -> str:
        return f"{self.space.name}{' wild' if self.wild else ''}"


@lru_cache
def make_case(root: Path, name: str) -> Case:
    """``tss``, ``sss``, or a wild one of either: the same records with other numbers in every place."""
    space, _, wild = name.partition(" ")
    folder = root / space
    if not folder.exists():
        make_archive(folder, SPACES[space], RAGGED, jobs=1)
    if wild:
        wild_folder = root / f"{space}-wild"
        oracle_archives.write_folder(oracle_archives.varied_benchmark(folder, range(40, 52), seed=5), wild_folder)
        folder = wild_folder
    return Case(folder, space, bool(wild))


def answer(question: Any) -> Any:
    """What a scalar question gives; None where it refuses."""
    try:
        return question()
    except REFUSALS:
        return None


def bits(value: Any) -> Any:
    """Equal just for floats equal to the bit; what is missing or NaN is one thing."""
    if value is None or value is np.ma.masked or math.isnan(value):
        return "missing"
    return struct.pack("<d", float(value))
