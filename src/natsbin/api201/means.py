"""Where the native path has the last bits of ``numpy.mean``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from natsbin.store import Store

PLAIN = sum([1.0, 1e100, 1.0, -1e100]) == 0.0
"""Whether this interpreter's ``sum`` adds as numpy does. From Python 3.12 on it does not; then objects answer."""

_IN_ORDER = 7  # up to so many values numpy adds one after the other


def few_seeds(store: Store, hp: str, dataset: str) -> bool:
    """Whether numpy adds the values of all seeds of an architecture one after the other. False without a table."""
    try:
        table = store.table(hp, dataset)
    except KeyError:
        return False
    return int(np.bincount(table.architecture).max(initial=0)) <= _IN_ORDER


def as_float64(info: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an answer in the type of a mean of numpy."""
    return {key: np.float64(value) for key, value in info.items()}
