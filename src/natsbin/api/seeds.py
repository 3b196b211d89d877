"""How many architectures have how many seeds: ``statistics`` of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from natsbin.api.lazy_dict import UNLOADED

if TYPE_CHECKING:
    from natsbin.api.benchmark import NASBenchMetaAPI
    from natsbin.store import Store


def statistics(api: NASBenchMetaAPI, dataset: str, hp: str) -> dict[int, int]:
    """Numbers of the evaluated architectures by how many seeds they have, in the order in which these are met."""
    evaluated = np.fromiter(api.evaluated_indexes, np.int64)
    seeds = np.full(len(evaluated), -1)  # -1 where the object must be asked
    if api._native is not None:
        known = _in_tables(cast("Store", api._source), hp, dataset)
        if known is not None:
            unloaded = np.frombuffer(api._states, np.uint8) == UNLOADED
            seeds = np.where(unloaded, known, -1)[evaluated]
    for place in np.flatnonzero(seeds < 0).tolist():
        seeds[place] = len(api._results(int(evaluated[place]), hp).dataset_seed.get(dataset, ()))
    places = {count: int(np.argmax(seeds == count)) for count in np.unique(seeds).tolist()}
    return {count: int((seeds == count).sum()) for count in sorted(places, key=places.__getitem__)}


def _in_tables(store: Store, hp: str, dataset: str) -> npt.NDArray[np.int64] | None:
    """How many seeds each architecture has; -1 where the tables do not tell. None where there is no table."""
    try:
        table = store.table(hp, dataset)
    except KeyError:
        return None
    counts = np.bincount(table.architecture, minlength=store.total)
    return np.where(store.regular & (counts > 0), counts, -1)  # without a trial, or a dataset, the record knows
