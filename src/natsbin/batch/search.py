"""Search in the store: the best, the front, ranks and regret, over the whole space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _search
from natsbin.batch.arrays import Floats, with_tensors
from natsbin.batch.columns import Columns
from natsbin.batch.queries import where_kept
from natsbin.batch.table import BatchTable
from natsbin.errors import QuestionError

Bools = npt.NDArray[np.bool_]

DIRECTIONS = {"accuracy": "max", "loss": "min", "flops": "min", "params": "min", "latency": "min", "time": "min"}
"""What a search may look at, and whether more or less of it is better."""


class Search(Columns):
    """Choosing among all architectures of a store.

    Accuracy and loss are the means over the seeds after the last epoch; ``dataset`` and ``metric_on_set`` mean what
    they mean to the scalar ``find_best``. FLOPs and parameters are in millions, latency and time in seconds; time is
    that of the whole training. Limits leave out what is larger, and what has no such number. Architectures without
    the value that is searched for take no part.
    """

    def find_best(
        self,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        *,
        latency_max: float | None = None,
        time_max: float | None = None,
    ) -> tuple[int, float | None]:
        """The first index with the highest accuracy within the limits, and that accuracy; (-1, None) for none."""
        _, values = self._candidates(dataset, metric_on_set, hp, flop_max, param_max, latency_max, time_max)
        best = int(np.argmax(values)) if len(values) else -1
        return (best, float(values[best])) if best >= 0 and values[best] > -np.inf else (-1, None)

    def top_k(
        self,
        k: int,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        *,
        latency_max: float | None = None,
        time_max: float | None = None,
    ) -> tuple[npt.NDArray[np.int32], Floats]:
        """The k best within the limits, or as many as there are: indexes and accuracies, the best first.

        Of equal ones the lower index comes first.
        """
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0:
            raise QuestionError(f"k={k!r}: expected a whole number of at least 0")
        _, values = self._candidates(dataset, metric_on_set, hp, flop_max, param_max, latency_max, time_max)
        order = np.argsort(-values, kind="stable")[: int(k)]
        order = order[values[order] > -np.inf]
        return order.astype(np.int32), values[order]

    @with_tensors
    def rank(
        self,
        arch: Any,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        *,
        latency_max: float | None = None,
        time_max: float | None = None,
    ) -> npt.NDArray[np.int64]:
        """1 + the number of architectures within the limits that are better; -1 for one without an accuracy."""
        sheet, values = self._candidates(dataset, metric_on_set, hp, flop_max, param_max, latency_max, time_max)
        index = self._index(arch)
        own = self._metric(sheet, where_kept(dataset, metric_on_set)[1], "accuracy")[index]
        better = len(values) - np.searchsorted(np.sort(values), own, side="right")
        return np.where(np.isnan(own), -1, better + 1).astype(np.int64)

    @with_tensors
    def regret(
        self,
        trajectory: Any,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        *,
        latency_max: float | None = None,
        time_max: float | None = None,
    ) -> Floats:
        """After each step of trajectories (indexes, the last axis is time): the best possible less the best so far.

        In percent, of the shape of ``trajectory``; NaN before a step that counts. Steps beyond the limits do not.
        """
        _, values = self._candidates(dataset, metric_on_set, hp, flop_max, param_max, latency_max, time_max)
        index = self._index(trajectory)
        if index.ndim == 0:
            raise QuestionError("one architecture is no trajectory: expected an array, the last axis of which is time")
        so_far = np.maximum.accumulate(values[index], axis=-1)
        so_far[so_far == -np.inf] = np.nan
        regret: Floats = values.max(initial=-np.inf) - so_far
        return regret

    def pareto_front(
        self,
        metrics: Sequence[str] | Mapping[str, str],
        dataset: str,
        metric_on_set: str = "valid",
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        *,
        latency_max: float | None = None,
        time_max: float | None = None,
    ) -> npt.NDArray[np.int32]:
        """Ascending indexes of the architectures that no other beats: no worse in all metrics and better in one.

        ``metrics`` names some of ``accuracy``, ``loss``, ``flops``, ``params``, ``latency``, ``time``; a mapping says
        ``"max"`` or ``"min"`` for each, else more accuracy and less of the rest is better.
        """
        wanted = dict(metrics) if isinstance(metrics, Mapping) else {name: DIRECTIONS.get(name, "") for name in metrics}
        if not wanted or isinstance(metrics, str):
            raise QuestionError(f"metrics={metrics!r}: expected names out of {', '.join(DIRECTIONS)}")
        for name, direction in wanted.items():
            if name not in DIRECTIONS or direction not in ("max", "min"):
                raise QuestionError(
                    f"metric {name!r} {direction!r}: expected one of {', '.join(DIRECTIONS)}, to 'max' or 'min'"
                )
        dataset, setname = where_kept(dataset, metric_on_set)
        sheet = self._sheet(hp, dataset)
        allowed = self._allowed(sheet, flop_max, param_max, latency_max, time_max)
        costs = np.stack(
            [self._metric(sheet, setname, name) * (-1.0 if way == "max" else 1.0) for name, way in wanted.items()],
            axis=1,
        )
        index = np.flatnonzero(allowed & ~np.isnan(costs).any(axis=1))
        # better ones first, so that most rows meet what beats them at once
        order = index[np.lexsort(costs[index].T[::-1])]
        beaten = np.empty(len(order), np.uint8)
        _search.pareto(np.ascontiguousarray(costs[order]), beaten)
        return np.sort(order[beaten != 0]).astype(np.int32)

    def _candidates(
        self,
        dataset: str,
        metric_on_set: str,
        hp: str | int,
        flop_max: float | None,
        param_max: float | None,
        latency_max: float | None,
        time_max: float | None,
    ) -> tuple[BatchTable, Floats]:
        """Accuracies by index, -inf for what takes no part."""
        dataset, setname = where_kept(dataset, metric_on_set)
        sheet = self._sheet(hp, dataset)
        values = self._metric(sheet, setname, "accuracy")
        allowed = self._allowed(sheet, flop_max, param_max, latency_max, time_max)
        return sheet, np.where(allowed & (values == values), values, -np.inf)

    def _allowed(
        self,
        sheet: BatchTable,
        flop_max: float | None,
        param_max: float | None,
        latency_max: float | None,
        time_max: float | None,
    ) -> Bools:
        allowed = np.ones(sheet.total, np.bool_)
        limits = {"flops": flop_max, "params": param_max, "latency": latency_max, "time": time_max}
        for name, limit in limits.items():
            if limit is not None:
                if limit != limit:
                    raise QuestionError(f"the limit of {name} is {limit}: expected a number, or None for no limit")
                allowed &= self._metric(sheet, "", name) <= limit
        return allowed

    def _metric(self, sheet: BatchTable, setname: str, name: str) -> Floats:
        """One of DIRECTIONS by index."""
        if name in ("accuracy", "loss"):
            return self._column(sheet, setname, name, sheet.epochs - 1)
        if not sheet.any_irregular:
            if name == "time":
                return sheet.time_total("train")
            return {"flops": sheet.costs[0], "params": sheet.costs[1], "latency": sheet.latency}[name]
        key = (sheet.hp, sheet.dataset, "", name, -1)
        if key not in self._columns:
            costs = self._costs(sheet, np.arange(sheet.total, dtype=np.int64))
            self._columns[key] = costs["T-train@total" if name == "time" else name]
        return self._columns[key]
