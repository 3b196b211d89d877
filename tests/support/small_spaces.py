"""Stores of small but whole search spaces: every architecture that two choices a place allow."""

from __future__ import annotations

import itertools
from typing import Any

import natsbin
from natsbin import encodings
from natsbin.spaces import SPACES
from natsbin.store import Store, open_store
from support.made import Made

CHOICES: dict[str, tuple[Any, ...]] = {"tss": ("skip_connect", "nor_conv_3x3"), "sss": (8, 64)}
_DIGITS = {"tss": (1, 3), "sss": (0, 7)}


def small_space(made: Made, name: str) -> Store:
    """The store of all 64 cells, or all 32 networks, of ``CHOICES``; both have the same seeds as a whole space."""
    space = SPACES[name]
    rows = list(itertools.product(_DIGITS[name], repeat=space.digits))
    return open_store(made.store(space, sorted(encodings.from_digits(space, rows).tolist())))


def scalar_api(store: Store) -> Any:
    """The scalar API over a store."""
    return natsbin.create(store, store.space.name, fast_mode=True, verbose=False)
