"""Stores of small but whole search spaces: every architecture that two choices a place allow."""

from __future__ import annotations

import itertools
from functools import lru_cache
from pathlib import Path
from typing import Any

import natsbin
from natsbin import encodings
from natsbin.roads.convert import convert
from natsbin.spaces import SPACES
from natsbin.store import Store, open_store
from natsbin.synthetic import make_archive

CHOICES: dict[str, tuple[Any, ...]] = {"tss": ("skip_connect", "nor_conv_3x3"), "sss": (8, 64)}
_DIGITS = {"tss": (1, 3), "sss": (0, 7)}


@lru_cache
def small_space(root: Path, name: str) -> Store:
    """The store of all 64 cells, or all 32 networks, of ``CHOICES``; both have the same seeds as a whole space."""
    path = root / f"small-{name}.h5"
    if not path.exists():
        space = SPACES[name]
        rows = list(itertools.product(_DIGITS[name], repeat=space.digits))
        indexes = sorted(encodings.from_digits(space, rows).tolist())
        convert(make_archive(root / f"small-{name}", space, indexes, jobs=1), path)
    return open_store(path)


def scalar_api(store: Store) -> Any:
    """The scalar API over a store."""
    return natsbin.create(store, store.space.name, fast_mode=True, verbose=False)
