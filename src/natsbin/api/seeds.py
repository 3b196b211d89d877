"""How many architectures have how many seeds: ``statistics`` of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from natsbin.api.lazy_dict import UNLOADED

if TYPE_CHECKING:
    from natsbin.api.benchmark import NASBenchMetaAPI
    from natsbin.store import Store
    from natsbin.store.table import Table


def statistics(api: NASBenchMetaAPI, dataset: str, hp: str) -> dict[int, int]:
    """Numbers of the evaluated architectures by how many seeds they have, in the order in which these are met."""
    evaluated = np.fromiter(api.evaluated_indexes, np.int64)
    seeds = np.full(len(evaluated), -1)  # -1 where the object must be asked
    if api._native is not None and (table := _table(cast("Store", api._source), hp, dataset)) is not None:
        counts = table.counts[evaluated]
        told = np.frombuffer(api._states, np.uint8)[evaluated] == UNLOADED
        told &= cast("Store", api._source).regular[evaluated] & (counts > 0)  # without a trial the record knows
        seeds = np.where(told, counts, -1)
    for place in np.flatnonzero(seeds < 0).tolist():
        seeds[place] = len(api._results(int(evaluated[place]), hp).dataset_seed.get(dataset, ()))
    places = {count: int(np.argmax(seeds == count)) for count in np.unique(seeds).tolist()}
    return {count: int((seeds == count).sum()) for count in sorted(places, key=places.__getitem__)}


def _table(store: Store, hp: str, dataset: str) -> Table | None:
    try:
        return store.table(hp, dataset)
    except KeyError:
        return None
