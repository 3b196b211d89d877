"""FLOPs, parameters, latencies and times of architectures, each the mean over the seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from natsbin.batch.arrays import Floats, Longs, finish, or_missing
from natsbin.batch.table import BatchTable
from natsbin.store.attached import attached_values
from natsbin.store.layouts import MISSING

_COSTS = ("flops", "params", "latency", "time")


def cost_info(table: BatchTable, index: Longs, missing: str) -> dict[str, Any]:
    """The answer of ``get_cost_info``."""
    found = _costs(table, index.reshape(-1))
    return {name: finish(values, index.shape, missing, f"{name} of {table.name}") for name, values in found.items()}


def _costs(table: BatchTable, index: Longs) -> dict[str, Floats]:
    costs = table.costs
    gone = costs.none[index]
    found = {
        "flops": np.where(gone, MISSING, costs.flops[index]),
        "params": np.where(gone, MISSING, costs.params[index]),
        "latency": costs.latency[index],
    }
    names = [name for name in table.data.kernel.sets if name != "train"]
    for name in ("train", *names):
        for label, values in zip(("epoch", "total"), table.times(name), strict=True):
            found[f"T-{name}@{label}"] = np.where(gone, MISSING, values[index])
    by_fallback = np.flatnonzero((table.irregular | table.mixed)[index])
    for place in by_fallback[np.argsort(index[by_fallback], kind="stable")].tolist():
        answer = table.fallback.cost_info(int(index[place]), *table.key)
        for name, values in found.items():
            values[place] = or_missing(answer.get(name))
    return found


def latency(table: BatchTable, index: Longs, missing: str) -> Any:
    """The answer of ``get_latency``."""
    flat = index.reshape(-1)
    values = table.costs.latency[flat]
    irregular = table.irregular[flat]
    for one in np.unique(flat[irregular]).tolist() if irregular.any() else ():
        values[flat == one] = or_missing(table.fallback.cost_info(one, *table.key).get("latency"))
    return finish(values, index.shape, missing, f"latency of {table.name}")


def cost_of_each(table: BatchTable, name: str) -> Floats:
    """``flops``, ``params``, ``latency``, the ``time`` of the whole training, or attached numbers, by index.

    They are those of ``get_cost_info``, and missing where that fails.
    """
    if name not in _COSTS:
        return attached_values(table.store, name, table.dataset)
    if name != "time" and not table.any_irregular:
        costs: Floats = getattr(table.costs, name)
        return costs
    key = ("", name, -1)
    if key not in table.kept:
        found = _costs(table, np.arange(table.total, dtype=np.int64))
        table.kept[key] = found["T-train@total" if name == "time" else name]
    return table.kept[key]
