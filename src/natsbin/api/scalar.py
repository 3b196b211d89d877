"""The native path of the scalar API: what the kernel answers from the tables of a store, without objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsbin import _scalar, rules

if TYPE_CHECKING:
    from natsbin.store import Store


def open_native(store: Store, states: bytearray, unloaded: int, comments: bool = True) -> _scalar.ScalarAnswers:
    """What answers for the architectures of a store whose byte in ``states`` is ``unloaded``.

    ``comments``: whether ``get_more_info`` has the comments of ``nats_bench``.
    """

    def open_table(hp: str, dataset: str) -> _scalar.ScalarTable | None:
        try:
            table = store.table(hp, dataset).kernel
        except KeyError:
            return None
        sets = table.sets
        if "train" not in sets or (dataset == rules.REQUIRED[0] and rules.REQUIRED[1] not in sets):
            return None
        parts = [
            _scalar.LabelledSet(label, sets[name], (dataset, name) == rules.REQUIRED)
            for label, name in rules.parts_of(dataset)
            if name in sets
        ]
        return _scalar.ScalarTable(
            table,
            _scalar.LabelledSet("train", sets["train"]),
            rules.comment(dataset, hp) if comments else None,
            parts,
            dataset in rules.SEARCHED,
        )

    return _scalar.ScalarAnswers(states, unloaded, open_table)
