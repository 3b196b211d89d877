"""Regularized evolution in lockstep."""

from __future__ import annotations

import numpy as np

from natsbin.search.lockstep.block import Asked, Block, Floats
from natsbin.spaces import SearchSpace


class RegularizedEvolutionBlock(Block):
    """``RegularizedEvolution`` for a block of runs. Populations are rings: all runs replace the same column."""

    STATE = ("_index", "_accuracy")

    def __init__(self, space: SearchSpace, epochs: int, runs: int, *, population: int = 10, sample: int = 3) -> None:
        super().__init__(space, epochs, runs, sample + 4)
        self._size, self._sample, self._told = population, sample, 0
        self._index = np.zeros((runs, population), np.int64)
        self._accuracy = np.zeros((runs, population))
        self._rows = np.arange(runs)

    def ask(self, numbers: Floats) -> Asked:
        """Random architectures until populations are full, then children of the best of samples."""
        where, within, what, trial = numbers.T[self._sample :]
        if self._told < self._size:
            return Asked(self.drawn(numbers[:, 0]), self.epochs, 0, trial)
        rows = self._rows[: self.runs]
        parent = accuracy = None
        for chances in numbers.T[: self._sample]:  # the first of the highest, as max() finds it
            place = ((chances * self._size).astype(np.int64) + self._told) % self._size  # counted from the oldest
            found = self._accuracy[rows, place]
            index = self._index[rows, place]
            if parent is None or accuracy is None:
                parent, accuracy = index, found
            else:
                better = found > accuracy
                parent, accuracy = np.where(better, index, parent), np.where(better, found, accuracy)
        return Asked(self.moves.mutated(parent, where, within, what), self.epochs, 0, trial)

    def tell(self, asked: Asked, accuracy: Floats) -> None:
        """The newest take the column of the oldest."""
        place = self._told % self._size
        self._index[:, place], self._accuracy[:, place] = asked.index, accuracy
        self._told += 1
