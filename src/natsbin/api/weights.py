"""Records with the trained weights that lie beside their store, which are read when a program asks for them."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Container, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from natsbin._util.system import user
from natsbin.api.opening import weights_of
from natsbin.api.trial import Unread
from natsbin.errors import NoWeightsWarning, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from natsbin.api.source import Record, Source
    from natsbin.roads.archive_source import ArchiveWeights
    from natsbin.weights import Weights
    from natsbin.weights.reader import Arrays


class UnreadWeights(Unread):
    """Stands in place of a state dict until a program asks for it."""

    __slots__ = ("key", "weights")

    def __init__(self, weights: Any, key: tuple[Any, ...]) -> None:
        """``weights``: whose ``state_dict`` takes the key."""
        self.weights, self.key = weights, key

    def read(self, _field: str) -> Any:
        return self.weights.state_dict(*self.key)


class UnreadArrays(Unread):
    """Stands in place of a state dict that is in memory as arrays."""

    __slots__ = ("arrays",)

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays

    def read(self, _field: str) -> Any:
        from natsbin.weights.reader import to_torch

        return to_torch(self.arrays, copy=True)


class RecordLoader:
    """Loads the records of a source, with its weights: a file beside the store, or the archive that was opened."""

    def __init__(self, source: Source, opened: str | None = None) -> None:
        """``opened``: the path that the source was found at, which may be of the archive behind a store."""
        self.source, self._opened = source, opened

    @cached_property
    def weights(self) -> Weights | ArchiveWeights | None:
        """None where there are none. Raises StoreError where they are damaged, or of other networks."""
        path = self.source.path
        if path is None:
            return None
        if not hasattr(self.source, "table"):
            return getattr(self.source, "weights", None)
        from natsbin.weights import open_weights, weights_path

        beside = weights_path(path)
        if os.path.isfile(beside) and not _planted(beside, path):
            weights = open_weights(beside)
            if weights.space != self.source.space.name:
                raise StoreError(f"{beside}: weights of the space {weights.space!r}, beside a store of another")
            return weights
        return None if self._opened in (None, str(path)) else weights_of(self._opened, self.source.space)

    def __call__(self, index: int) -> Record:
        """A record of its own; KeyError where there is none."""
        record = self.source.load(index)
        if hasattr(self.source, "table"):
            for hp, state in record.items():
                trials = state["all_results"]
                for key, unread in self.unread(index, hp, trials).items():
                    if trials[key]["net_state_dict"] is None:
                        trials[key]["net_state_dict"] = unread
                        state["clear_net_done"] = False
        return record

    def unread(self, index: int, hp: str, trials: Iterable[tuple[str, int]]) -> dict[tuple[str, int], UnreadWeights]:
        """What stands for the weights of an architecture's trainings, by dataset and seed, where there may be some."""
        if self.weights is None:
            return {}
        keys = [(index, hp, *trial) for trial in trials]
        if isinstance(self.weights, Container):
            keys = [key for key in keys if key in self.weights]
        return {key[2:]: UnreadWeights(self.weights, key) for key in keys}


def _planted(weights: Path, store: Path) -> bool:
    """Whether another user can have put the weights there: beside the store, in a folder as /tmp, open to all."""
    folder = os.stat(os.path.dirname(os.path.realpath(weights)))
    owners = {os.stat(store).st_uid, user(), 0}
    return bool(folder.st_mode & stat.S_IWOTH) and os.stat(weights).st_uid not in owners


def warn_of_no_weights(load: RecordLoader, index: int, hp: str, dataset: str) -> bool:
    """Warn the caller of ``get_net_param`` that there are no weights; False where a program has cleared them."""
    weights, source = load.weights, load.source
    full = f"the full archive, {source.space.archive_name}-full, which has them"
    convert = "`natsbin convert --weights` writes them from there to a file beside a store"
    if weights is None:
        where, what = str(source.path or "this dict"), f"open {full}; {convert}"
    elif weights.has(index, hp, dataset):
        return False
    else:
        where = f"{weights.path} of architecture {index}, hp {hp}, on {dataset}"
        what = f"only of others; open {full}; {convert}" if isinstance(weights, Container) else "only of others"
    warnings.warn(f"no trained weights in {where}: {what}", NoWeightsWarning, stacklevel=3)
    return True
