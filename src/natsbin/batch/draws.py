"""Random trials from the very stream that the scalar API draws from: Python's ``random`` module."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt

from natsbin import _random
from natsbin.batch.arrays import Longs


def choices(counts: Longs, twice: npt.NDArray[np.bool_]) -> tuple[Longs, Longs]:
    """Positions as ``random.choice`` draws them from ``counts`` things, one question after another.

    Where ``twice``, a second one is drawn right after the first. The ``random`` module goes on from where a loop
    of ``random.choice`` would have left it. A count of 0 draws nothing and gives 0.
    """
    first, second = np.empty(len(counts), np.int64), np.empty(len(counts), np.int64)
    version, (*words, place), gauss = random.getstate()
    key = np.array(words, np.uint32)
    place = _random.choices(counts, twice.view(np.uint8), key, place, first, second)
    random.setstate((version, (*key.tolist(), place), gauss))
    return first, second
