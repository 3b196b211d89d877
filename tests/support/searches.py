"""A made-up simulation of a whole space, and small stores to search."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from natsbin.search.simulation import Fidelity, Simulation
from natsbin.spaces import SPACES, SearchSpace
from support.records import Record, record, write_store


class MadeUp(Simulation):
    """Up to three trials an architecture, one in forty without any; accuracies with many equal ones."""

    def __init__(self, space: SearchSpace, epochs: int, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        counts = self._rng.integers(1, 4, len(space))
        counts[::40] = 0
        super().__init__(space, epochs, counts)
        self._speed = self._rng.uniform(5.0, 20.0, len(space) * self._trials)

    def read(self, epochs: int) -> Fidelity:
        rng = np.random.default_rng(epochs)
        trained = self._speed * epochs
        there = (np.arange(self._trials) < self.counts[:, None]).reshape(-1)
        numbers = (np.round(rng.normal(50 + epochs, 5, len(trained)), 1), trained + 3.0, trained)
        return Fidelity(*(np.where(there, one, 0.0) for one in numbers))


@functools.cache
def _records(space: str, count: int) -> dict[int, Record]:
    total = len(SPACES[space])
    return {index: record(SPACES[space], index) for index in range(0, total, total // count)}


def sparse_store(path: Path, space: str, count: int = 60) -> Path:
    """A store of about ``count`` architectures, spread over the space."""
    return write_store(path, SPACES[space], _records(space, count), batch=count)
