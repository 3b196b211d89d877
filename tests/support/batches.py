"""Small stores for the tests of batches, and the scalar API over the same archives."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import natsbin
from natsbin.spaces import SPACES
from support.files import benchmark
from support.made import Made
from support.varied import varied_folder

RAGGED = (0, 1, 4, 5, 6, 20, 21, 22, 30, 37, 53, 76, 84, 101, 149, 180, 213)
"""Of each kind that natsbin.synthetic.ragged names, some."""

DATASETS = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
REFUSALS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Case:
    """A store, the batch of it, and the scalar API; ``wild`` ones have odd numbers and gaps everywhere."""

    def __init__(self, made: Made, folder: Path, space: str, wild: bool = False) -> None:
        self.space, self.wild, self.path = SPACES[space], wild, made.convert(folder)
        self.api: Any = natsbin.create(self.path, space, fast_mode=True, verbose=False)
        self.batch = self.api.batch
        self.store = self.batch._store
        # the wild are asked of live objects, which know no store; the others of the store's own scalar API
        opened: Any = benchmark(folder) if wild else self.path
        self.scalar: Any = natsbin.create(opened, space, fast_mode=False, verbose=False)
        self.indexes: list[int] = self.store.indexes.tolist()


def make_case(made: Made, name: str) -> Case:
    """``tss``, ``sss``, or a wild one of either: the same records with other numbers in every place."""
    space, _, wild = name.partition(" ")
    folder = made.archive(SPACES[space], RAGGED)
    if wild:
        folder = varied_folder(made.folder() / space, folder, SPACES[space], range(40, 52), seed=5)
    return Case(made, folder, space, bool(wild))


def answers(question: Callable[..., Any], *each: Sequence[Any], seed: int = 0) -> list[Any]:
    """What a scalar question gives for the arguments at each place, from a random seed; None where it refuses."""
    random.seed(seed)
    return [answer(lambda args=args: question(*args)) for args in zip(*each, strict=True)]


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


def assert_infos(found: dict[str, Any], expected: Sequence[dict[str, Any] | None]) -> None:
    """The same as ``assert_columns``; the names come in the order of the scalar API, too."""
    for one in filter(None, expected):
        assert [name for name in found if name in one] == list(one)
    assert_columns(found, expected)


def assert_columns(found: dict[str, Any], expected: Sequence[dict[str, Any] | None]) -> None:
    """Assert that columns hold, place by place, what the scalar API's dicts hold; missing where it refused."""
    for one in filter(None, expected):
        assert set(one) <= set(found)
        assert all(one[name] == found[name] for name in one if isinstance(found[name], str))
    for name, values in found.items():
        if not isinstance(values, str):
            assert [bits(value) for value in values] == [bits((one or {}).get(name)) for one in expected], name


def assert_trainings(found: Sequence[Any], expected: Sequence[tuple[Any, ...] | None]) -> None:
    """The same of simulated trainings: accuracy, latency, seconds and the clock after each."""
    for place, one in enumerate(expected):
        values = [bits(column[place]) for column in found]
        assert values[:3] == [bits(value) for value in (one or (None,) * 3)[:3]]
        assert one is None or values[3] == bits(one[3])
