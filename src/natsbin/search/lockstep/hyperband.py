"""Successive halving and Hyperband in lockstep: all runs are at the same place of the schedule."""

from __future__ import annotations

import numpy as np

from natsbin.search.brackets import rungs
from natsbin.search.hyperband import Hyperband, SuccessiveHalving
from natsbin.search.lockstep.block import Asked, Block, Floats
from natsbin.search.moves import Longs
from natsbin.spaces import SearchSpace


class HyperbandBlock(Block):
    """``Hyperband`` for a block of runs. ``sample`` says where new architectures come from."""

    STATE = ("_index", "_chance", "_accuracy", "_order")
    BRACKETS: int | None = Hyperband.BRACKETS

    def __init__(
        self,
        space: SearchSpace,
        epochs: int,
        runs: int,
        *,
        eta: int = 3,
        min_epochs: int = 1,
        resume: bool = True,
        width: int = Hyperband.WIDTH,
    ) -> None:
        super().__init__(space, epochs, runs, width)
        self._schedule = rungs(epochs, min_epochs, eta, self.BRACKETS)
        self._resume = resume
        self._order = np.empty((runs, 0), np.int64)
        self._begin()

    def sample(self, numbers: Floats) -> Longs:
        """New architectures of all runs."""
        return self.drawn(numbers[:, 0])

    def ask(self, numbers: Floats) -> Asked:
        """New trainings, or the next ones that go on."""
        chance, rung = numbers[:, -1], self._rung
        if rung.first:
            index, since = self.sample(numbers), 0
        else:
            place = self._order[:, self._done]
            rows = np.arange(self.runs)
            index, since = self._from_index[rows, place], rung.resume_from if self._resume else 0
            if self._resume:
                chance = self._from_chance[rows, place]
        return Asked(index, rung.epochs, since, chance)

    def tell(self, asked: Asked, accuracy: Floats) -> None:
        """After the last one of a rung the best are promoted."""
        place = self._done
        self._index[:, place], self._chance[:, place], self._accuracy[:, place] = asked.index, asked.chance, accuracy
        self._done += 1
        if self._done == self._rung.size:
            self._order = np.argsort(-self._accuracy, axis=1, kind="stable")
            self._from_index, self._from_chance = self._index, self._chance
            self._begin()

    def _begin(self) -> None:
        self._rung, self._done = next(self._schedule), 0
        shape = (self.runs, self._rung.size)
        self._index, self._chance, self._accuracy = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape)

    def keep(self, rows: Longs) -> None:
        """Go on with some of the runs only."""
        super().keep(rows)
        if self._order.shape[1]:
            self._from_index, self._from_chance = self._from_index[rows], self._from_chance[rows]


class SuccessiveHalvingBlock(HyperbandBlock):
    """``SuccessiveHalving`` for a block of runs."""

    BRACKETS = SuccessiveHalving.BRACKETS
