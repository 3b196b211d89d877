"""Algorithms that are arithmetic on arrays anyway, one by one: a block of one run, with ``ask`` and ``tell``."""

from __future__ import annotations

from typing import Any

import numpy as np

from natsbin.search.lockstep.block import Asked, Block
from natsbin.search.lockstep.bohb import BohbBlock
from natsbin.search.lockstep.reinforce import ReinforceBlock
from natsbin.search.lockstep.tpe import TpeBlock
from natsbin.search.training import Training
from natsbin.spaces import SearchSpace


class _Single:
    """One run of a block. ``settings`` are those of the block."""

    BLOCK: type[Block]

    def __init__(self, space: SearchSpace, epochs: int, rng: np.random.Generator, **settings: Any) -> None:
        self._block, self._rng = self.BLOCK(space, epochs, 1, **settings), rng
        if self._block.normals:
            self._block.start(rng.standard_normal((1, self._block.normals)))

    def ask(self) -> Training:
        """The next training."""
        self._asked: Asked = self._block.ask(self._rng.random((1, self._block.width)))
        index, epochs, since, chance = self._asked.arrays()
        return Training(index.item(), epochs.item(), since.item(), chance.item())

    def tell(self, training: Training, accuracy: float) -> None:
        """The accuracy of the training asked for last."""
        self._block.tell(self._asked, np.array([accuracy]))


class Reinforce(_Single):
    """REINFORCE; settings: ``learning_rate``, ``momentum``."""

    BLOCK = ReinforceBlock


class Bohb(_Single):
    """BOHB; settings: those of ``BohbBlock``, as the paper ran it."""

    BLOCK = BohbBlock


class Tpe(_Single):
    """TPE; settings: ``startup``, ``candidates``, ``gamma``."""

    BLOCK = TpeBlock
