"""The rare architectures that tables do not answer for: their records are asked, one architecture at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from natsbin.api.size import NATSsize
from natsbin.api.topology import NATStopology
from natsbin.store import Store

_REFUSALS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the API raises where a value is not there or odd."""

T = TypeVar("T")


class Records:
    """The scalar API over a store, of which at most one architecture's objects are kept in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._api: NATStopology | NATSsize | None = None
        self._lock = threading.Lock()

    def ask(self, index: int, question: Callable[[Any], T]) -> T | None:
        """What a question to the API gives; None where it refuses. Ask about one architecture in a row."""
        with self._lock:
            if self._api is None:
                make = NATStopology if self._store.space.name == "tss" else NATSsize
                self._api = make(self._store, fast_mode=True, verbose=False)
            infos = self._api.arch2infos_dict
            for other in [one for one in infos if one != index]:
                del infos[other]
            try:
                return question(self._api)
            except _REFUSALS:
                return None

    def seeds(self, index: int, dataset: str, hp: str) -> list[int]:
        """The seeds of an architecture's trials, as the API draws among them; empty where it has none."""
        found = self.ask(index, lambda api: api.query_meta_info_by_index(index, hp).get_dataset_seeds(dataset))
        return list(found or ())
