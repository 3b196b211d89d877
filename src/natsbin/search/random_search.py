"""Random search: every training is of an architecture drawn anew, each as likely as any other."""

from __future__ import annotations

import numpy as np

from natsbin.search.moves import moves_of
from natsbin.search.training import Training
from natsbin.spaces import SearchSpace


class RandomSearch:
    """Random search, with whole trainings."""

    WIDTH = 2  # random numbers a training: which architecture, and which trial

    def __init__(self, space: SearchSpace, epochs: int, rng: np.random.Generator) -> None:
        self._total, self._epochs, self._rng = moves_of(space).total, epochs, rng

    def ask(self) -> Training:
        """An architecture drawn uniformly."""
        which, chance = self._rng.random(self.WIDTH).tolist()
        return Training(int(which * self._total), self._epochs, 0, chance)

    def tell(self, training: Training, accuracy: float) -> None:
        """Random search learns nothing."""
