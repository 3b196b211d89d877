"""Where the native path has the last bits of ``numpy.mean``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from natsbin.store.format import ColumnKey

if TYPE_CHECKING:
    from natsbin._scalar import ScalarAnswers
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


def cost_info(store: Store, native: ScalarAnswers, index: Any, hp: str, dataset: str) -> dict[str, Any] | None:
    """What ``get_compute_costs`` gives; None where the object has to be asked.

    That is where FLOPs or parameters differ between seeds, or seconds between epochs.
    """
    found = native.cost_info(index, dataset, hp)
    if found is None:
        return None
    table = store.table(hp, dataset)
    rows = np.flatnonzero(table.architecture == index)
    rows = rows[np.argsort(table.seed[rows])].tolist()
    if any(len(set(table.scalars[name][rows].tolist())) > 1 for name in ("flop", "params")):
        return None
    answer = {name: None if found[name] is None else np.float64(found[name]) for name in ("flops", "params", "latency")}
    for key in found:
        name, _, what = key.removeprefix("T-").rpartition("@")
        if what not in ("epoch", "total"):
            continue
        column = table.columns[ColumnKey(name, "time")]
        if column.epochs:
            return None
        each = [_steady(column.curve(row)[0], table.epochs)[what == "total"] for row in rows]
        answer[key] = np.mean(each)
    return answer


@lru_cache(1 << 16)
def _steady(seconds: float, epochs: int) -> tuple[Any, Any]:
    """The mean and the sum of equal seconds of epochs, as numpy adds them."""
    every = [seconds] * epochs
    return np.mean(every), np.sum(every)
