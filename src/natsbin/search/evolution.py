"""Regularized evolution (Real et al. 2019), as the paper runs it: the best of a sample has a child, the oldest dies."""

from __future__ import annotations

from collections import deque

import numpy as np

from natsbin.search.checks import whole
from natsbin.search.moves import moves_of
from natsbin.search.training import Training
from natsbin.spaces import SearchSpace


class RegularizedEvolution:
    """Regularized evolution. Each training takes ``sample`` + 4 random numbers, those of the first population too."""

    def __init__(
        self, space: SearchSpace, epochs: int, rng: np.random.Generator, *, population: int = 10, sample: int = 3
    ) -> None:
        self._size, self._sample = whole("population", population, 1), whole("sample", sample, 1)
        self._moves, self._epochs, self._rng = moves_of(space), epochs, rng
        self._population: deque[tuple[float, int]] = deque(maxlen=population)

    def ask(self) -> Training:
        """A random architecture until the population is full, then the child of the best of a sample."""
        *chances, where, within, what, trial = self._rng.random(self._sample + 4).tolist()
        if len(self._population) < self._size:
            return Training(int(chances[0] * self._moves.total), self._epochs, 0, trial)
        candidates = [self._population[int(chance * self._size)] for chance in chances]
        parent = max(candidates, key=lambda one: one[0])[1]
        return Training(int(self._moves.mutated(parent, where, within, what)), self._epochs, 0, trial)

    def tell(self, training: Training, accuracy: float) -> None:
        """The newest joins the population; beyond its size the oldest leaves."""
        self._population.append((accuracy, training.index))
