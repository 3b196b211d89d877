"""ASHA in lockstep: every run has rungs of its own, as long as the longest of the block."""

from __future__ import annotations

import numpy as np

from natsbin.search.asha import Asha
from natsbin.search.brackets import fidelities
from natsbin.search.lockstep.block import Asked, Block, Floats
from natsbin.search.moves import Longs
from natsbin.spaces import SearchSpace


class _Rungs:
    """The trainings of one fidelity, a row a run, in the order in which they ended."""

    STATE = ("count", "index", "chance", "accuracy", "waiting")

    def __init__(self, runs: int) -> None:
        self.count = np.zeros(runs, np.int64)
        self.index = np.zeros((runs, 0), np.int64)
        self.chance = np.zeros((runs, 0))
        self.accuracy = np.zeros((runs, 0))
        self.waiting = np.zeros((runs, 0))  # the accuracy of those that have not gone on, else -inf

    def add(self, rows: Longs, index: Longs, chance: Floats, accuracy: Floats) -> None:
        place = self.count[rows]
        if len(rows) and int(place.max()) >= self.index.shape[1]:
            self._grow()
        self.index[rows, place], self.chance[rows, place] = index, chance
        self.accuracy[rows, place] = self.waiting[rows, place] = accuracy
        self.count[rows] += 1

    def promotable(self, eta: int) -> tuple[Longs, Longs]:
        """Rows with a training that may go on, and its place: the best that waits, if it is in the first 1 / eta."""
        if not self.waiting.shape[1]:
            return self.count[:0], self.count[:0]
        rows = np.flatnonzero(self.count >= eta)
        waiting, accuracy = self.waiting[rows], self.accuracy[rows]
        place = np.argmax(waiting, axis=1)
        value = waiting[np.arange(len(rows)), place][:, None]
        ahead = (accuracy > value).sum(axis=1)
        ahead += ((accuracy == value) & (np.arange(accuracy.shape[1]) < place[:, None])).sum(axis=1)
        found = (ahead < self.count[rows] // eta) & (value[:, 0] > -np.inf)
        return rows[found], place[found]

    def _grow(self) -> None:
        more = max(16, self.index.shape[1])
        for name, fill in (("index", 0), ("chance", 0.0), ("accuracy", -np.inf), ("waiting", -np.inf)):
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.full((len(old), more), fill, old.dtype)], axis=1))


class AshaBlock(Block):
    """``Asha`` for a block of runs."""

    def __init__(
        self, space: SearchSpace, epochs: int, runs: int, *, workers: int = 4, eta: int = 3, min_epochs: int = 1
    ) -> None:
        super().__init__(space, epochs, runs, Asha.WIDTH)
        self.workers, self._eta = workers, eta
        self._levels = fidelities(epochs, min_epochs, eta)
        self._rungs = [_Rungs(runs) for _ in self._levels]

    def ask(self, numbers: Floats) -> Asked:
        """For each run the highest rung that has a training to promote; new ones for the others."""
        index, chance = self.drawn(numbers[:, 0]), numbers[:, 1].copy()
        epochs, since = np.full(self.runs, self._levels[0]), np.zeros(self.runs, np.int64)
        undecided = np.ones(self.runs, np.bool_)
        for level in reversed(range(len(self._levels) - 1)):
            rung = self._rungs[level]
            rows, place = rung.promotable(self._eta)
            rows, place = rows[undecided[rows]], place[undecided[rows]]
            undecided[rows] = False
            rung.waiting[rows, place] = -np.inf
            index[rows], chance[rows] = rung.index[rows, place], rung.chance[rows, place]
            epochs[rows], since[rows] = self._levels[level + 1], self._levels[level]
        return Asked(index, epochs, since, chance)

    def tell(self, asked: Asked, accuracy: Floats) -> None:
        """Trainings join their rungs."""
        for level, rung in enumerate(self._rungs):
            rows = np.flatnonzero(asked.epochs == self._levels[level])
            rung.add(rows, asked.index[rows], asked.chance[rows], accuracy[rows])

    def keep(self, rows: Longs) -> None:
        """Go on with some of the runs only."""
        super().keep(rows)
        for rung in self._rungs:
            for name in _Rungs.STATE:
                setattr(rung, name, getattr(rung, name)[rows])
