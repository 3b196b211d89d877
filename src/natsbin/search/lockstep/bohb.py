"""BOHB (Falkner et al. 2018): Hyperband whose new architectures come from kernel densities of good and bad ones.

Settings are those of the paper's runs (4 samples, none at random, bandwidths of at least 0.3). Each digit has the
Aitchison-Aitken kernel: 1 - h for an equal digit, h / (choices - 1) for another. As in HpBandSter h follows the normal
reference rule; unlike there it is at most (choices - 1) / choices, where the kernel is flat.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from natsbin.search.checks import number, whole
from natsbin.search.lockstep.block import Asked, Floats
from natsbin.search.lockstep.hyperband import HyperbandBlock
from natsbin.search.lockstep.observations import Digits, Observations
from natsbin.search.moves import Longs
from natsbin.spaces import SearchSpace

_TINY = 1e-32  # densities below count as this, as in HpBandSter


class _Density(NamedTuple):
    """Architectures, as digits of shape (runs, count, digits), and bandwidths of shape (runs, digits)."""

    data: Digits
    bandwidth: Floats


class BohbBlock(HyperbandBlock):
    """BOHB for a block of runs. As in the paper's script a longer training begins anew, unless ``resume``."""

    def __init__(
        self,
        space: SearchSpace,
        epochs: int,
        runs: int,
        *,
        samples: int = 4,
        random_fraction: float = 0.0,
        min_bandwidth: float = 0.3,
        top_percent: int = 15,
        eta: int = 3,
        min_epochs: int = 1,
        resume: bool = False,
    ) -> None:
        self._samples = whole("samples", samples, 1)
        self._random = number("random_fraction", random_fraction, 0.0, 1.0)
        self._narrowest = number("min_bandwidth", min_bandwidth, 0.0, 1.0, above=True)
        self._top = whole("top_percent", top_percent, 1, 99)
        whole("min_epochs", min_epochs, 1, epochs)
        whole("eta", eta, 2)
        width = 3 + samples * (space.digits + 1)  # model or not, a random one, candidates, and the trial
        super().__init__(space, epochs, runs, eta=eta, min_epochs=min_epochs, resume=resume, width=width)
        self._least = space.digits + 1  # points that a density needs
        self._seen: dict[int, Observations] = {}
        self._modelled = 0  # the most epochs that there are two densities of
        self._densities: tuple[_Density, _Density] | None = None

    def sample(self, numbers: Floats) -> Longs:
        """The candidates that are most likely good, or random architectures."""
        random = self.drawn(numbers[:, 1])
        if not self._modelled:
            return random
        if self._densities is None:
            self._densities = self._fitted(self._seen[self._modelled])
        good, bad = self._densities
        chances = numbers[:, 2:-1].reshape(self.runs, self._samples, -1)
        candidates = self._candidates(good, chances)
        ratio = np.maximum(self._at(candidates, bad), _TINY) / np.maximum(self._at(candidates, good), _TINY)
        best = candidates[np.arange(self.runs), np.argmin(ratio, axis=1)]
        return np.where(numbers[:, 0] < self._random, random, self.moves.index_of(best))

    def tell(self, asked: Asked, accuracy: Floats) -> None:
        """Observe, at the epochs of the model or above."""
        epochs = self._rung.epochs
        super().tell(asked, accuracy)
        if epochs < self._modelled:
            return
        seen = self._seen.setdefault(epochs, Observations(self.runs, self.moves.digits))
        seen.add(self.moves.digits_of(asked.index), accuracy)
        if seen.count - self._good(seen.count) >= self._least:
            self._modelled, self._densities = epochs, None

    def keep(self, rows: Longs) -> None:
        """Go on with some of the runs only."""
        super().keep(rows)
        for seen in self._seen.values():
            seen.keep(rows)
        self._densities = None

    def _good(self, count: int) -> int:
        return max(self._least, self._top * count // 100)

    def _fitted(self, seen: Observations) -> tuple[_Density, _Density]:
        """The densities of the good and of the bad ones."""
        ordered, good = seen.ordered(), self._good(seen.count)
        bad = max(self._least, (100 - self._top) * seen.count // 100)
        return self._density(ordered[:, :good]), self._density(ordered[:, good : good + bad])

    def _density(self, data: Digits) -> _Density:
        rule = 1.06 * data.std(axis=1) * data.shape[1] ** (-1 / (4 + self.moves.digits))
        widest = (self.moves.base - 1) / self.moves.base
        return _Density(data, np.clip(rule, min(self._narrowest, widest), widest))

    def _candidates(self, good: _Density, chances: Floats) -> Longs:
        """Good architectures, digits of which are drawn anew at the rate of the bandwidth."""
        chosen = (chances[..., 0] * good.data.shape[1]).astype(np.int64)
        digits = good.data[np.arange(self.runs)[:, None], chosen].astype(np.int64)
        bandwidth = good.bandwidth[:, None]
        kept = chances[..., 1:] < 1 - bandwidth
        drawn = (chances[..., 1:] - (1 - bandwidth)) / bandwidth * self.moves.base
        found: Longs = np.where(kept, digits, np.minimum(drawn, self.moves.base - 1).astype(np.int64))
        return found

    def _at(self, candidates: Longs, density: _Density) -> Floats:
        """The mean kernel of each candidate: shape (runs, samples)."""
        product = np.ones((self.runs, candidates.shape[1], density.data.shape[1]))
        for place in range(self.moves.digits):
            equal = density.data[:, None, :, place] == candidates[:, :, None, place]
            h = density.bandwidth[:, place, None, None]
            product *= np.where(equal, 1 - h, h / (self.moves.base - 1))
        found: Floats = product.mean(axis=2)
        return found
