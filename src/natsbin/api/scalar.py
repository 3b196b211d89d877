"""The native fast path of a store, told which sets stand where in the API's dicts."""

from __future__ import annotations

import numpy as np

from natsbin import _scalar
from natsbin.api.text import OTHER_PARTS, PARTS, REQUIRED, comment
from natsbin.store import Store


def fast_path(store: Store, states: bytearray, lazy: int) -> _scalar.ScalarAnswers:
    """What answers for the architectures of a store whose byte in ``states`` is ``lazy``."""

    def open_desk(hp: str, dataset: str) -> _scalar.ScalarTable | None:
        try:
            table = store.table(hp, dataset).kernel
        except KeyError:
            return None
        sets = table.sets
        if "train" not in sets or (dataset == REQUIRED[0] and REQUIRED[1] not in sets):
            return None
        parts = [
            _scalar.LabelledSet(label, sets[name], (dataset, name) == REQUIRED)
            for label, name in PARTS.get(dataset, OTHER_PARTS)
            if name in sets
        ]
        return _scalar.ScalarTable(table, _scalar.LabelledSet("train", sets["train"]), comment(dataset, hp), parts)

    return _scalar.ScalarAnswers(states, lazy, open_desk)


def seed_counts(store: Store, hp: str, dataset: str) -> list[int] | None:
    """How many seeds each architecture has; -1 where the tables do not tell. None where there is no table."""
    try:
        table = store.table(hp, dataset)
    except KeyError:
        return None
    counts = np.full(store.total, -1)
    present = np.flatnonzero(store.regular)
    counts[present] = np.bincount(table.architecture, minlength=store.total)[present]
    counts[counts == 0] = -1  # no trial, or no such dataset: the record knows
    found: list[int] = counts.tolist()
    return found
