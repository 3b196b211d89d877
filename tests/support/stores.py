"""Small stores for tests, written from records as they are, and what tests compare records by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from natsbin.spaces import SearchSpace
from natsbin.store import StoreWriter
from natsbin.store.split import Splitter
from natsbin.synthetic import make_states

Record = OrderedDict[str, dict[str, Any]]


def record(space: SearchSpace, index: int, *hps: str, seed: int = 0) -> Record:
    """A generated record, of the hyper-parameter sets given (all if none are)."""
    states = make_states(space, index, seed)
    return OrderedDict((hp, state) for hp, state in states.items() if not hps or hp in hps)


def first_trial(states: Record, hp: str = "12") -> dict[str, Any]:
    trial: dict[str, Any] = next(iter(states[hp]["all_results"].values()))
    return trial


def write_store(
    path: Path,
    space: SearchSpace,
    records: Mapping[int, Record],
    *,
    archs: list[str] | None = None,
    batch: int = 2,
) -> Path:
    """A store of records, handed over ``batch`` at a time."""
    splitter = Splitter()
    with StoreWriter(path, space, archs or space.architectures) as writer:
        for done, (index, states) in enumerate(records.items(), 1):
            splitter.add(index, states)
            if done % batch == 0:
                writer.add(splitter.take())
        writer.add(splitter.take())
        writer.write(source="made-up", digest="00000")
    return path


def same(a: object, b: object) -> bool:
    """Deep equality of types, values, orders, and the bits of floats."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        assert isinstance(b, dict)
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (list, tuple)):
        assert isinstance(b, (list, tuple))
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (float, np.generic)):
        return np.asarray(a).tobytes() == np.asarray(b).tobytes()
    return a == b
