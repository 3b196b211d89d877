"""REINFORCE (Williams 1992) as the paper runs it: a categorical policy a digit, Adam, a moving average as baseline."""

from __future__ import annotations

import numpy as np

from natsbin.search.checks import number
from natsbin.search.lockstep.block import Asked, Block, Floats
from natsbin.search.moves import Longs
from natsbin.spaces import SearchSpace

_SPREAD = 1e-3  # of the first logits
_BETAS, _EPSILON = (0.9, 0.999), 1e-8  # of Adam


class ReinforceBlock(Block):
    """REINFORCE for a block of runs: logits of shape (runs, digits, choices)."""

    STATE = ("_logits", "_mean", "_square", "_chances", "_digits", "_baseline")

    def __init__(
        self, space: SearchSpace, epochs: int, runs: int, *, learning_rate: float = 0.01, momentum: float = 0.9
    ) -> None:
        super().__init__(space, epochs, runs, space.digits + 1)
        self._rate = number("learning_rate", learning_rate, 0.0, above=True)
        self._momentum = number("momentum", momentum, 0.0, 0.999999)
        self.normals = space.digits * space.base
        self._shape = (space.digits, space.base)
        self._mean, self._square = np.zeros((2, runs, *self._shape))
        self._baseline, self._weight, self._told = np.zeros(runs), 0.0, 0

    def start(self, normals: Floats) -> None:
        """Logits near zero, from standard normal numbers of shape (runs, normals)."""
        self._logits = _SPREAD * normals.reshape(-1, *self._shape)

    def ask(self, numbers: Floats) -> Asked:
        """Architectures drawn from the policies."""
        shares = np.exp(self._logits - self._logits.max(axis=-1, keepdims=True))
        self._chances = shares / shares.sum(axis=-1, keepdims=True)
        limits = self._chances.cumsum(axis=-1)[..., :-1]
        self._digits: Longs = (numbers[:, :-1, None] >= limits).sum(axis=-1)
        return Asked(self.moves.index_of(self._digits), self.epochs, 0, numbers[:, -1])

    def tell(self, asked: Asked, accuracy: Floats) -> None:
        """One step of Adam on -log(chance of the architecture) * (accuracy - baseline)."""
        self._told += 1
        self._baseline = self._momentum * self._baseline + (1 - self._momentum) * accuracy
        self._weight = self._momentum * self._weight + (1 - self._momentum)
        gain = accuracy - self._baseline / self._weight
        chosen = self._digits[..., None] == np.arange(self._shape[1])
        slope = (self._chances - chosen) * gain[:, None, None]
        first, second = _BETAS
        self._mean = first * self._mean + (1 - first) * slope
        self._square = second * self._square + (1 - second) * (slope * slope)
        step = self._rate / (1 - first**self._told)
        self._logits = self._logits - step * self._mean / (np.sqrt(self._square / (1 - second**self._told)) + _EPSILON)
