"""FLOPs, parameters, latencies and times of architectures, each the mean over the seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from natsbin.batch.arrays import Floats, Longs, finish, or_missing
from natsbin.batch.table import BatchTable
from natsbin.store.layouts import MISSING


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
    """``flops``, ``params``, ``latency`` or the ``time`` of the whole training, of every architecture by index."""
    in_table: Floats = table.times("train")[1] if name == "time" else getattr(table.costs, name)
    if not table.any_irregular:
        return in_table
    key = ("", name, -1)
    if key not in table.kept:
        values = table.kept[key] = in_table.copy()
        for index in np.flatnonzero(table.irregular).tolist():
            if name == "time":  # asked by itself: it is there where a latency lets get_cost_info fail
                found = table.fallback.metrics(index, *table.key, "train", table.epochs - 1, False).get("all_time")
            else:
                found = table.fallback.cost_info(index, *table.key).get(name)
            values[index] = or_missing(found)
    return table.kept[key]
