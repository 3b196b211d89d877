"""ASHA (Li et al. 2020): successive halving for workers that never wait for each other."""

from __future__ import annotations

import heapq

import numpy as np

from natsbin.search.brackets import fidelities
from natsbin.search.checks import whole
from natsbin.search.moves import moves_of
from natsbin.search.training import Training
from natsbin.spaces import SearchSpace

_Entry = tuple[float, int]  # accuracy, and minus the place in the order of ending: of equal ones the first is better


class _Rung:
    """The trainings of one fidelity: its first 1 / eta as a heap with the worst on top, and those that wait to go on.

    Heaps of ``heapq`` have the smallest on top, so what is to have the best on top is kept negated.
    """

    def __init__(self, eta: int) -> None:
        self._eta = eta
        self._trainings: list[Training] = []
        self._top: list[_Entry] = []
        self._rest: list[_Entry] = []
        self._waiting: list[_Entry] = []

    def add(self, training: Training, accuracy: float) -> None:
        """A training that has ended."""
        entry = (accuracy, -len(self._trainings))
        self._trainings.append(training)
        heapq.heappush(self._waiting, _negated(entry))
        heapq.heappush(self._rest, _negated(heapq.heappushpop(self._top, entry)))
        if len(self._top) < len(self._trainings) // self._eta:
            heapq.heappush(self._top, _negated(heapq.heappop(self._rest)))

    def promote(self) -> Training | None:
        """The best one that waits, if it is in the first 1 / eta; it waits no more."""
        if not self._top or not self._waiting or _negated(self._waiting[0]) < self._top[0]:
            return None
        return self._trainings[heapq.heappop(self._waiting)[1]]


def _negated(entry: _Entry) -> _Entry:
    return -entry[0], -entry[1]


class Asha:
    """ASHA over random architectures, on ``workers`` simulated workers."""

    WIDTH = 2  # random numbers a training, of which those that go on use none

    def __init__(
        self,
        space: SearchSpace,
        epochs: int,
        rng: np.random.Generator,
        *,
        workers: int = 4,
        eta: int = 3,
        min_epochs: int = 1,
    ) -> None:
        self.workers = whole("workers", workers, 1)
        self._levels = fidelities(epochs, whole("min_epochs", min_epochs, 1, epochs), whole("eta", eta, 2))
        self._total, self._rng = moves_of(space).total, rng
        self._rungs = [_Rung(eta) for _ in self._levels]

    def ask(self) -> Training:
        """The training that may go on in the highest rung that has one; else a new one."""
        which, trial = self._rng.random(self.WIDTH).tolist()
        for level in reversed(range(len(self._levels) - 1)):
            if (promoted := self._rungs[level].promote()) is not None:
                return promoted.resumed(self._levels[level + 1])
        return Training(int(which * self._total), self._levels[0], 0, trial)

    def tell(self, training: Training, accuracy: float) -> None:
        """The training joins its rung."""
        self._rungs[self._levels.index(training.epochs)].add(training, accuracy)
