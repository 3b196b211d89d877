"""Records with the weights that lie beside their store: promised, and read when a program asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from natsbin.errors import StoreError

if TYPE_CHECKING:
    from natsbin.api.source import Record, Source
    from natsbin.weights import Weights


@dataclass(frozen=True)
class Promise:
    """Stands for a state dict until it is asked for. Copies share it, and each reads a state dict of its own."""

    weights: Any  # whose `state_dict` takes the key
    key: tuple[Any, ...]

    def read(self) -> Any:
        return self.weights.state_dict(*self.key)

    def __deepcopy__(self, _memo: Any) -> Promise:
        return self


class Loader:
    """Loads the records of a source, with its weights where it is a store that has them beside it."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @cached_property
    def weights(self) -> Weights | None:
        """The weights file, None where there is none. Raises StoreError where it is damaged, or of other networks."""
        if self._source.path is None:
            return None
        from natsbin.weights import open_weights, weights_path

        path = weights_path(self._source.path)
        if not path.is_file():
            return None
        weights = open_weights(path)
        if weights.space != self._source.space.name:
            raise StoreError(f"{path}: weights of the space {weights.space!r}, beside a store of another")
        return weights

    def __call__(self, index: int) -> Record:
        """A record of its own; KeyError where there is none."""
        record = self._source.load(index)
        weights = self.weights
        if weights is not None:
            for architecture, hp, dataset, seed in weights.keys(index):
                trial = record.get(hp, {}).get("all_results", {}).get((dataset, seed))
                if trial is not None and trial["net_state_dict"] is None:
                    trial["net_state_dict"] = Promise(weights, (architecture, hp, dataset, seed))
                    record[hp]["clear_net_done"] = False
        return record
