"""Records of architectures, stores of given records, and their deep equality."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from natsbin._util.compare import difference
from natsbin.spaces import SPACES, SearchSpace
from natsbin.store import StoreWriter, open_store
from natsbin.store.split import Splitter
from natsbin.synthetic import make_states

Record = OrderedDict[str, dict[str, Any]]


@lru_cache(maxsize=1000)
def _pickled(space: str, index: int, seed: int) -> bytes:
    return pickle.dumps(make_states(SPACES[space], index, seed, irregular=True), 4)


def record(space: SearchSpace, index: int, *hps: str, seed: int = 0) -> Record:
    """A generated record of one's own to change, of the hyper-parameter sets given (all if none are)."""
    states = pickle.loads(_pickled(space.name, index, seed))
    return OrderedDict((hp, state) for hp, state in states.items() if not hps or hp in hps)


def first_trial(states: Record, hp: str = "12") -> dict[str, Any]:
    trial: dict[str, Any] = next(iter(states[hp]["all_results"].values()))
    return trial


def write_store(
    path: Path, space: SearchSpace, records: Mapping[int, Record], *, archs: list[str] | None = None, batch: int = 2
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


def same(left: object, right: object) -> bool:
    """Deep equality of types, values, orders and the bits of floats, as natsbin itself compares records."""
    return difference(left, right) is None


def assert_holds(path: Path, records: Mapping[int, Record]) -> None:
    """Assert that a store gives each record back as it was."""
    store = open_store(path)
    for index, states in records.items():
        assert difference(states, store.load(index), str(index)) is None
