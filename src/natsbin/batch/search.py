"""Search in the store: the best, the front, ranks and regret, over the whole space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from natsbin import _search
from natsbin.batch.arrays import Floats, Longs
from natsbin.batch.costs import cost_of_each
from natsbin.batch.table import BatchTable
from natsbin.batch.values import mean_column
from natsbin.errors import QuestionError
from natsbin.store.attached import attached_units

Bools = npt.NDArray[np.bool_]

DIRECTIONS = {"accuracy": "max", "loss": "min", "flops": "min", "params": "min", "latency": "min", "time": "min"}
"""What a search may look at, and whether more or less of it is better."""


class Limits(TypedDict, total=False):
    """Limits that every search takes by keyword; what is larger, or has no such number, is left out."""

    latency_max: float | None
    """Mean latency in seconds."""
    time_max: float | None
    """Seconds of the whole training."""
    attached_max: Mapping[str, float] | None
    """Attached numbers by name, in their units."""


@dataclass
class Candidates:
    """A table to search in for one set, and which architectures are within the limits; None if there are no limits."""

    table: BatchTable
    setname: str
    allowed: Bools | None

    def metric(self, name: str) -> Floats:
        """One of DIRECTIONS by index."""
        if name in ("accuracy", "loss"):
            return mean_column(self.table, self.setname, name, self.table.epochs - 1)
        return cost_of_each(self.table, name)

    def accuracies(self) -> Floats:
        """Accuracies by index, -inf for what takes no part."""
        values = np.fmax(self.metric("accuracy"), -np.inf)  # which is the greater of the two if one is NaN
        if self.allowed is not None:
            values[~self.allowed] = -np.inf
        return values


def candidates(
    table: BatchTable,
    setname: str,
    flop_max: float | None,
    param_max: float | None,
    *,
    latency_max: float | None = None,
    time_max: float | None = None,
    attached_max: Mapping[str, float] | None = None,
) -> Candidates:
    """What a search chooses from. QuestionError for a limit that is NaN, or of numbers that are not attached."""
    allowed = None
    own = {"flops": flop_max, "params": param_max, "latency": latency_max, "time": time_max}
    limits = {**dict(attached_max or {}), **own}
    for name, limit in limits.items():
        if limit is not None:
            if limit != limit:
                raise QuestionError(f"the limit of {name} is {limit}: expected a number, or None for no limit")
            within = cost_of_each(table, name) <= limit
            allowed = within if allowed is None else allowed & within
    return Candidates(table, setname, allowed)


def find_best(among: Candidates) -> tuple[int, float | None]:
    """The answer of ``find_best``."""
    values = among.accuracies()
    best = int(np.argmax(values)) if len(values) else -1
    return (best, float(values[best])) if best >= 0 and values[best] > -np.inf else (-1, None)


def top_k(among: Candidates, k: int) -> tuple[npt.NDArray[np.int32], Floats]:
    """The answer of ``top_k``."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0:
        raise QuestionError(f"k={k!r}: expected a whole number of at least 0")
    values = among.accuracies()
    order = np.argsort(-values, kind="stable")[: int(k)]
    order = order[values[order] > -np.inf]
    return order.astype(np.int32), values[order]


def rank(among: Candidates, index: Longs) -> npt.NDArray[np.int64]:
    """The answer of ``rank``."""
    values, own = among.accuracies(), among.metric("accuracy")[index]
    better = len(values) - np.searchsorted(np.sort(values), own, side="right")
    return np.where(np.isnan(own), -1, better + 1).astype(np.int64)


def regret(among: Candidates, index: Longs) -> Floats:
    """The answer of ``regret``."""
    if index.ndim == 0:
        raise QuestionError("one architecture is no trajectory: expected an array, the last axis of which is time")
    values = among.accuracies()
    so_far = np.maximum.accumulate(values[index], axis=-1)
    so_far[so_far == -np.inf] = np.nan
    found: Floats = values.max(initial=-np.inf) - so_far
    return found


def pareto_front(among: Candidates, metrics: Sequence[str] | Mapping[str, str]) -> npt.NDArray[np.int32]:
    """The answer of ``pareto_front``."""
    known = {**dict.fromkeys(attached_units(among.table.store), "min"), **DIRECTIONS}
    wanted = dict(metrics) if isinstance(metrics, Mapping) else {name: known.get(name, "") for name in metrics}
    if not wanted or isinstance(metrics, str):
        raise QuestionError(f"metrics={metrics!r}: expected names out of {', '.join(known)}")
    for name, direction in wanted.items():
        if name not in known or direction not in ("max", "min"):
            raise QuestionError(f"metric {name!r} {direction!r}: expected one of {', '.join(known)}, to 'max' or 'min'")
    columns = [among.metric(name) * (-1.0 if way == "max" else 1.0) for name, way in wanted.items()]
    costs = np.stack(columns, axis=1)
    known_costs = ~np.isnan(costs).any(axis=1)
    index = np.flatnonzero(known_costs if among.allowed is None else among.allowed & known_costs)
    # better ones first, so that most rows meet what beats them at once
    order = index[np.lexsort(costs[index].T[::-1])]
    beaten = np.empty(len(order), np.uint8)
    _search.pareto(np.ascontiguousarray(costs[order]), beaten)
    return np.sort(order[beaten != 0]).astype(np.int32)
