"""Local search in lockstep."""

from __future__ import annotations

import numpy as np

from natsbin.search.local_search import LocalSearch
from natsbin.search.lockstep.block import Asked, Block, Floats
from natsbin.spaces import SearchSpace


class LocalSearchBlock(Block):
    """``LocalSearch`` for a block of runs, each at a place of its own."""

    STATE = ("_centre", "_next", "_best", "_best_index")

    def __init__(self, space: SearchSpace, epochs: int, runs: int) -> None:
        super().__init__(space, epochs, runs, LocalSearch.WIDTH)
        self._centre = np.full(runs, -1)
        self._next = np.zeros(runs, np.int64)
        self._best = np.zeros(runs)
        self._best_index = np.full(runs, -1)

    def ask(self, numbers: Floats) -> Asked:
        """Random starts, and next neighbours."""
        fresh = self._centre < 0
        neighbours = self.moves.neighbour(np.where(fresh, 0, self._centre), self._next)
        return Asked(np.where(fresh, self.drawn(numbers[:, 0]), neighbours), self.epochs, 0, numbers[:, 1])

    def tell(self, asked: Asked, accuracy: Floats) -> None:
        """Runs that started have a centre; after the last neighbour they move to the best, or start anew."""
        fresh = self._centre < 0
        better = fresh | (accuracy > self._best)
        self._best = np.where(better, accuracy, self._best)
        self._best_index = np.where(better, asked.index, self._best_index)
        self._next = np.where(fresh, 0, self._next + 1)
        moved = fresh | (self._next == self.moves.neighbours)
        stuck = moved & (self._best_index == self._centre)
        self._centre = np.where(moved, np.where(stuck, -1, self._best_index), self._centre)
        self._next[moved] = 0
