"""Random trials: from a numpy Generator, or from the very stream that the scalar API draws from."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _kernel
from natsbin.batch.arrays import Longs

_FEW = 300  # draws for which the generator's state is not worth copying


def choices(counts: Longs, twice: npt.NDArray[np.bool_]) -> tuple[Longs, Longs]:
    """Positions as ``random.choice`` draws them from ``counts`` things, one question after another.

    Where ``twice``, a second one is drawn right after the first. The ``random`` module goes on from where a loop
    of ``random.choice`` would have left it. A count of 0 draws nothing.
    """
    if len(counts) < _FEW:
        return _one_by_one(counts, twice)
    first, second = np.zeros(len(counts), np.int64), np.zeros(len(counts), np.int64)
    version, internal, gauss = random.getstate()
    generator = np.random.MT19937()
    start: Any = {
        "bit_generator": "MT19937",
        "state": {"key": np.array(internal[:-1], np.uint32), "pos": internal[-1]},
    }
    room = 3 * (len(counts) + int(twice.sum()))
    used = -1
    while used < 0:
        generator.state = start
        words = generator.random_raw(room)
        used = _kernel.choices(counts, twice.view(np.uint8), words, first, second)
        room *= 2
    generator.state = start
    generator.random_raw(used, output=False)
    after = generator.state["state"]
    random.setstate((version, (*after["key"].tolist(), int(after["pos"])), gauss))
    return first, second


def _one_by_one(counts: Longs, twice: npt.NDArray[np.bool_]) -> tuple[Longs, Longs]:
    first, second = np.zeros(len(counts), np.int64), np.zeros(len(counts), np.int64)
    for place, (count, again) in enumerate(zip(counts.tolist(), twice.tolist(), strict=True)):
        if count:
            first[place] = random.choice(range(count))
            if again:
                second[place] = random.choice(range(count))
    return first, second
