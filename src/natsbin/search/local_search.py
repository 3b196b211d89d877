"""Local search (White et al. 2021): train all neighbours, move to the best of them, restart where none is better."""

from __future__ import annotations

import numpy as np

from natsbin.search.moves import moves_of
from natsbin.search.training import Training
from natsbin.spaces import SearchSpace


class LocalSearch:
    """Local search. Neighbours are the architectures with one other digit; they are trained in order."""

    WIDTH = 2  # random numbers a training: which architecture to start from, and which trial

    def __init__(self, space: SearchSpace, epochs: int, rng: np.random.Generator) -> None:
        self._moves, self._epochs, self._rng = moves_of(space), epochs, rng
        self._centre = -1  # -1: to be drawn
        self._next = 0
        self._best = (0.0, -1)

    def ask(self) -> Training:
        """A random start, or the next neighbour of the present architecture."""
        which, trial = self._rng.random(self.WIDTH).tolist()
        index = int(which * self._moves.total) if self._centre < 0 else self._neighbour()
        return Training(index, self._epochs, 0, trial)

    def tell(self, training: Training, accuracy: float) -> None:
        """After the last neighbour: move to the best, or start anew."""
        if self._centre < 0:
            self._move(accuracy, training.index)
            return
        if accuracy > self._best[0]:
            self._best = accuracy, training.index
        self._next += 1
        if self._next == self._moves.neighbours:
            self._move(*self._best)

    def _neighbour(self) -> int:
        return int(self._moves.neighbour(self._centre, self._next))

    def _move(self, height: float, index: int) -> None:
        self._centre = -1 if index == self._centre else index
        self._next, self._best = 0, (height, index)
