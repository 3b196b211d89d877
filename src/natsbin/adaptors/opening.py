"""What every adaptor starts from: a store, its batch, and which architectures and hyper-parameters are meant."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import encodings
from natsbin.api.batch import Batch
from natsbin.errors import QuestionError
from natsbin.spaces import hp_name
from natsbin.store import Store, open_store


@lru_cache(maxsize=4)
def _batch_of(store: Store) -> Batch:
    """The batch of a store: what it has found out about the store is kept for the next question."""
    return Batch(store)


def open_batch(store: Store | str | Path) -> tuple[Store, Batch]:
    """A store, opened where a path is given, and the batch that answers questions about it."""
    opened = store if isinstance(store, Store) else open_store(Path(store))
    return opened, _batch_of(opened)


def chosen_hp(store: Store, hp: str | int | None) -> str:
    """The name of a hyper-parameter set of the store; that of most epochs for None."""
    if hp is None:
        return store.longest_hp
    name = hp_name(hp, store.hps)
    if name not in store.hps:
        raise QuestionError(f"no hyper-parameters {hp!r}: there are {', '.join(store.hps)}")
    return name


def chosen_architectures(store: Store, batch: Batch, architectures: Any) -> npt.NDArray[np.int32]:
    """Architectures, in any writing that ``query_index_by_arch`` takes, as a row of indexes; None for all present."""
    if architectures is None:
        return store.indexes
    found = np.asarray(batch.query_index_by_arch(architectures), np.int32).reshape(-1)
    if (found < 0).any():
        raise QuestionError(f"no architecture of the {store.space.title} space at place {int(np.argmax(found < 0))}")
    return found


def check_official(store: Store) -> None:
    """QuestionError where the order of architectures is not the official one, which encodings need."""
    if store.meta_archs != store.space.architectures:
        raise QuestionError(f"{store.path}: its architectures are not in the official order of the search space")


def store_digits(store: Store, index: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The digits of architectures, for stores of any order; see ``natsbin.encodings.digits``."""
    if store.meta_archs == store.space.architectures:
        return encodings.digits(store.space, index)
    rows = [store.space.parse(store.meta_archs[one]) for one in index.reshape(-1).tolist()]
    return np.array(rows, np.uint8).reshape(*index.shape, store.space.digits)
