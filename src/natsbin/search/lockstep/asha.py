"""ASHA in lockstep: every run has rungs of its own, which are kept natively (a Python heap takes as long as ASHA)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _lockstep
from natsbin.search.asha import Asha
from natsbin.search.brackets import fidelities
from natsbin.search.lockstep.block import Asked, Block, Floats
from natsbin.search.moves import Longs
from natsbin.spaces import SearchSpace


class _Rung:
    """The trainings of one fidelity, a row a run, in the order in which they ended; heaps as in ``_lockstep``."""

    ROOM = 16

    def __init__(self, runs: int) -> None:
        self.sizes = np.zeros((runs, 4), np.int64)
        self.index = np.zeros((runs, self.ROOM), np.int64)
        self.chance, self.accuracy = np.zeros((2, runs, self.ROOM))
        self.top, self.rest, self.waiting = np.zeros((3, runs, self.ROOM), np.int32)

    def add(self, rows: Longs, asked: Asked, accuracy: Floats, eta: int) -> None:
        """The trainings of some runs have ended."""
        place = self.sizes[rows, 0]
        if place.max(initial=0) == self.index.shape[1]:
            self._set(lambda array: np.concatenate([array, np.zeros_like(array)], axis=1))
        self.index[rows, place], self.chance[rows, place] = asked.index[rows], asked.chance[rows]
        _lockstep.add(rows, accuracy[rows], eta, self.accuracy, self.top, self.rest, self.waiting, self.sizes)

    def promote(self, undecided: npt.NDArray[np.uint8]) -> tuple[Longs, Longs, Floats]:
        """Undecided runs with a training that goes on, which are decided then; its architecture and chance."""
        places = np.empty(len(undecided), np.int64)
        _lockstep.promote(undecided, self.accuracy, self.top, self.waiting, self.sizes, places)
        rows = np.flatnonzero(places >= 0)
        return rows, self.index[rows, places[rows]], self.chance[rows, places[rows]]

    def keep(self, rows: Longs) -> None:
        """Go on with some of the runs only."""
        self.sizes = self.sizes[rows]
        self._set(lambda array: array[rows])

    def _set(self, change: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> None:
        for name in ("index", "chance", "accuracy", "top", "rest", "waiting"):
            setattr(self, name, change(getattr(self, name)))


class AshaBlock(Block):
    """``Asha`` for a block of runs."""

    def __init__(
        self, space: SearchSpace, epochs: int, runs: int, *, workers: int = 4, eta: int = 3, min_epochs: int = 1
    ) -> None:
        super().__init__(space, epochs, runs, Asha.WIDTH)
        self.workers, self._eta = workers, eta
        self._levels = fidelities(epochs, min_epochs, eta)
        self._rungs = [_Rung(runs) for _ in self._levels]

    def ask(self, numbers: Floats) -> Asked:
        """For each run the highest rung that has a training to promote; new ones for the others."""
        index, chance = self.drawn(numbers[:, 0]), numbers[:, 1].copy()
        epochs, since = np.full(self.runs, self._levels[0]), np.zeros(self.runs, np.int64)
        undecided = np.ones(self.runs, np.uint8)
        for level in reversed(range(len(self._levels) - 1)):
            rows, promoted, began = self._rungs[level].promote(undecided)
            index[rows], chance[rows] = promoted, began
            epochs[rows], since[rows] = self._levels[level + 1], self._levels[level]
        return Asked(index, epochs, since, chance)

    def tell(self, asked: Asked, accuracy: Floats) -> None:
        """Trainings join their rungs."""
        for level, rung in enumerate(self._rungs):
            rows = np.flatnonzero(asked.epochs == self._levels[level])
            rung.add(rows, asked, accuracy, self._eta)

    def keep(self, rows: Longs) -> None:
        """Go on with some of the runs only."""
        super().keep(rows)
        for rung in self._rungs:
            rung.keep(rows)
