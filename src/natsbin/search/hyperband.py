"""Successive halving and Hyperband: many short trainings, of which the best go on."""

from __future__ import annotations

import numpy as np

from natsbin.search.brackets import rungs
from natsbin.search.checks import whole
from natsbin.search.moves import moves_of
from natsbin.search.training import Training
from natsbin.spaces import SearchSpace


class Hyperband:
    """Hyperband (Li et al. 2017) over random architectures: one bracket for each fidelity, again and again."""

    WIDTH = 2  # random numbers a training, of which those that go on use none
    BRACKETS: int | None = None

    def __init__(
        self, space: SearchSpace, epochs: int, rng: np.random.Generator, *, eta: int = 3, min_epochs: int = 1
    ) -> None:
        schedule = rungs(epochs, whole("min_epochs", min_epochs, 1, epochs), whole("eta", eta, 2), self.BRACKETS)
        self._total, self._rng, self._schedule = moves_of(space).total, rng, schedule
        self._rung = next(schedule)
        self._promoted: list[Training] = []
        self._done: list[tuple[float, Training]] = []

    def ask(self) -> Training:
        """A new training, or the next one that goes on."""
        which, trial = self._rng.random(self.WIDTH).tolist()
        if self._rung.first:
            return Training(int(which * self._total), self._rung.epochs, 0, trial)
        return self._promoted[len(self._done)].resumed(self._rung.epochs)

    def tell(self, training: Training, accuracy: float) -> None:
        """After the last one of a rung the best are promoted; of equal ones those that were told first."""
        self._done.append((accuracy, training))
        if len(self._done) == self._rung.size:
            self._rung = next(self._schedule)
            self._promoted = [one for _, one in sorted(self._done, key=lambda pair: -pair[0])]
            self._done = []


class SuccessiveHalving(Hyperband):
    """Successive halving: Hyperband's first bracket, again and again."""

    BRACKETS = 1
