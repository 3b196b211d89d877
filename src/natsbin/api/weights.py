"""Records with the trained weights that lie beside their store, which are read when a program asks for them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from natsbin.api.trial import Unread
from natsbin.errors import NoWeightsWarning, StoreError

if TYPE_CHECKING:
    from natsbin.api.source import Record, Source
    from natsbin.weights import Weights
    from natsbin.weights.reader import Key


class UnreadWeights(Unread):
    """Stands in place of a state dict until a program asks for it."""

    __slots__ = ("key", "weights")

    def __init__(self, weights: Any, key: tuple[Any, ...]) -> None:
        """``weights``: whose ``state_dict`` takes the key."""
        self.weights, self.key = weights, key

    def read(self, _field: str) -> Any:
        return self.weights.state_dict(*self.key)


class RecordLoader:
    """Loads the records of a source, with its weights where it is a store that has them beside it."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @cached_property
    def weights(self) -> Weights | None:
        """The weights file, None where there is none. Raises StoreError where it is damaged, or of other networks."""
        if self.source.path is None:
            return None
        from natsbin.weights import open_weights, weights_path

        path = weights_path(self.source.path)
        if not path.is_file():
            return None
        weights = open_weights(path)
        if weights.space != self.source.space.name:
            raise StoreError(f"{path}: weights of the space {weights.space!r}, beside a store of another")
        return weights

    def __call__(self, index: int) -> Record:
        """A record of its own; KeyError where there is none."""
        record = self.source.load(index)
        for key in self.keys(index):
            trial = record.get(key.hp, {}).get("all_results", {}).get((key.dataset, key.seed))
            if trial is not None and trial["net_state_dict"] is None:
                trial["net_state_dict"] = self.unread(key)
                record[key.hp]["clear_net_done"] = False
        return record

    def keys(self, index: int) -> Iterable[Key]:
        """The networks of an architecture whose weights are there."""
        return () if self.weights is None else self.weights.keys(index)

    def unread(self, key: Key) -> UnreadWeights:
        """What stands for the weights of a network."""
        return UnreadWeights(self.weights, key)


def warn_of_no_weights(load: RecordLoader, index: int, hp: str, dataset: str) -> bool:
    """Warn the caller of ``get_net_param`` that there are no weights; False where a program has cleared them."""
    weights, source = load.weights, load.source
    where: object = source.path or "this dict"
    if weights is not None:
        if any((key.hp, key.dataset) == (hp, dataset) for key in weights.keys(index)):
            return False
        where = f"{weights.path} of architecture {index}, hp {hp}, on {dataset}"
    warnings.warn(
        f"no trained weights in {where}: they are in the full archive, {source.space.archive_name}-full, "
        "alone; `natsbin convert --weights` writes them from there to a file beside the store",
        NoWeightsWarning,
        stacklevel=3,
    )
    return True
