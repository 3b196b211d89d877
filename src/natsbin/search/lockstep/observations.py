"""What model-based algorithms have seen: digits and accuracies, a row a run, in the order of trainings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from natsbin.search.moves import Longs

Digits = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]


class Observations:
    """Arrays that grow: all runs have as many observations."""

    def __init__(self, runs: int, digits: int) -> None:
        self.count = 0
        self._digits = np.empty((runs, 0, digits), np.int8)
        self._accuracy = np.empty((runs, 0))

    def add(self, digits: Longs, accuracy: Floats) -> None:
        """One observation of each run."""
        if self.count == self._accuracy.shape[1]:
            room = max(16, self.count)
            self._digits = np.concatenate([self._digits, np.zeros((len(accuracy), room, digits.shape[1]), np.int8)], 1)
            self._accuracy = np.concatenate([self._accuracy, np.zeros((len(accuracy), room))], axis=1)
        self._digits[:, self.count], self._accuracy[:, self.count] = digits, accuracy
        self.count += 1

    def ordered(self) -> Digits:
        """Digits of shape (runs, count, digits), the most accurate first; of equal ones those seen first."""
        order = np.argsort(-self._accuracy[:, : self.count], axis=1, kind="stable")
        return self._digits[np.arange(len(order))[:, None], order]

    def keep(self, rows: Longs) -> None:
        """Go on with some of the runs only."""
        self._digits, self._accuracy = self._digits[rows], self._accuracy[rows]
