"""TPE (Bergstra et al. 2011): of candidates like the good ones, that which is most unlike the others.

Every digit has a distribution of its own: counts and one more for each choice, as in Hyperopt.
"""

from __future__ import annotations

import math

import numpy as np

from natsbin.search.checks import number, whole
from natsbin.search.lockstep.block import Asked, Block, Floats
from natsbin.search.lockstep.observations import Digits, Observations
from natsbin.search.moves import Longs
from natsbin.spaces import SearchSpace

_MOST_GOOD = 25


class TpeBlock(Block):
    """TPE for a block of runs."""

    def __init__(
        self,
        space: SearchSpace,
        epochs: int,
        runs: int,
        *,
        startup: int = 10,
        candidates: int = 24,
        gamma: float = 0.1,
    ) -> None:
        self._startup, self._candidates = whole("startup", startup, 2), whole("candidates", candidates, 1)
        self._gamma = number("gamma", gamma, 0.0, 0.5, above=True)
        super().__init__(space, epochs, runs, 2 + candidates * space.digits)
        self._seen = Observations(runs, space.digits)

    def ask(self, numbers: Floats) -> Asked:
        """Random architectures at the start, then the best candidates."""
        if self._seen.count < self._startup:
            index = self.drawn(numbers[:, 0])
        else:
            index = self._best(numbers[:, 1:-1].reshape(self.runs, self._candidates, -1))
        return Asked(index, self.epochs, 0, numbers[:, -1])

    def tell(self, asked: Asked, accuracy: Floats) -> None:
        """Observe."""
        self._seen.add(self.moves.digits_of(asked.index), accuracy)

    def keep(self, rows: Longs) -> None:
        """Go on with some of the runs only."""
        super().keep(rows)
        self._seen.keep(rows)

    def _best(self, chances: Floats) -> Longs:
        ordered = self._seen.ordered()
        good = min(math.ceil(self._gamma * self._seen.count), _MOST_GOOD)
        likely, other = self._shares(ordered[:, :good]), self._shares(ordered[:, good:])
        limits = likely.cumsum(axis=-1)[..., :-1]
        digits: Longs = (chances[..., None] >= limits[:, None]).sum(axis=-1)
        ratio = likely / other
        score = np.ones(digits.shape[:2])
        for place in range(self.moves.digits):
            score *= np.take_along_axis(ratio[:, place], digits[..., place], axis=1)
        return self.moves.index_of(digits[np.arange(self.runs), np.argmax(score, axis=1)])

    def _shares(self, data: Digits) -> Floats:
        """Of shape (runs, digits, choices)."""
        counts = np.stack([(data == choice).sum(axis=1) for choice in range(self.moves.base)], axis=-1)
        found: Floats = (counts + 1) / (data.shape[1] + self.moves.base)
        return found
