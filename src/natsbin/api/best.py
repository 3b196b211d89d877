"""``find_best`` of the scalar API: from the store where it can, else architecture by architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from natsbin.api.results import ArchResults

if TYPE_CHECKING:
    from natsbin.api.benchmark import NASBenchMetaAPI

Limits = tuple[str, str, str, "float | None", "float | None"]  # dataset, set, hp, flop_max, param_max


def find_best(api: NASBenchMetaAPI, everything: bool, limits: Limits) -> tuple[int, Any]:
    """The best index and its accuracy, of the whole space or of what was evaluated; (-1, None) for none."""
    return _in_store(api, everything, limits) or _one_by_one(api, everything, limits)


def _in_store(api: NASBenchMetaAPI, everything: bool, limits: Limits) -> tuple[int, float | None] | None:
    """The answer from the store alone; None where objects or prints on the way are needed."""
    native = api._native
    if native is None or api.verbose or native.find_best(np.empty(0, np.int32), *limits) is None:
        return None
    if everything:
        for index in range(api._total) if 0 in api._states else ():
            api._prepare_info(index)
        return native.find_best(np.arange(api._total, dtype=np.int32), *limits)
    if "evaluated_indexes" not in api.__dict__:  # no program has asked for it, so it is what the store has
        return native.find_best(api._source.indexes, *limits)
    return native.find_best(np.array(sorted(api.evaluated_indexes), np.int32), *limits)


def _one_by_one(api: NASBenchMetaAPI, everything: bool, limits: Limits) -> tuple[int, Any]:
    best: int = -1
    highest: Any = None
    for index in range(api._total) if everything else sorted(api.evaluated_indexes):
        api._prepare_info(index)
        native = api._native
        found = None if native is None else native.find_best(np.array([index], np.int32), *limits)
        accuracy = found[1] if found is not None else _accuracy(api._results(index, limits[2]), limits)
        if accuracy is not None and (best == -1 or accuracy > highest):
            best, highest = index, accuracy
    return best, highest


def _accuracy(results: ArchResults, limits: Limits) -> Any:
    """The last mean accuracy of an architecture; None where it is beyond the limits."""
    dataset, setname, _, flop_max, param_max = limits
    costs = results.get_compute_costs(dataset)
    if flop_max is not None and costs["flops"] > flop_max:
        return None
    if param_max is not None and costs["params"] > param_max:
        return None
    return results.get_metrics(dataset, setname)["accuracy"]
