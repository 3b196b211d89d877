"""The scalar API as the fallback of batches: it answers from records, for the architectures that tables do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from natsbin._util import forks

if TYPE_CHECKING:
    from natsbin.api.benchmark import NASBenchMetaAPI

_NO_ANSWER = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the API raises where a value is missing or irregular."""

T = TypeVar("T")


class ScalarFallback:
    """Implements ``natsbin.batch.ScalarFallback``. It keeps the objects of one architecture in memory at a time.

    ``open_api`` opens the scalar API of the store in fast mode, when it is first needed.
    """

    def __init__(self, open_api: Callable[[], NASBenchMetaAPI]) -> None:
        self._open_api = open_api
        self._api: NASBenchMetaAPI | None = None
        self._lock = forks.Lock()

    def more_info(self, index: int, hp: str, dataset: str, epoch: int | None, seed: int | bool) -> dict[str, Any]:
        """What ``get_more_info`` gives; empty where it raises."""
        return self._ask(index, lambda api: api.get_more_info(index, dataset, epoch, hp, seed)) or {}

    def cost_info(self, index: int, hp: str, dataset: str) -> dict[str, Any]:
        """What ``get_cost_info`` gives; empty where it raises."""
        return self._ask(index, lambda api: api.get_cost_info(index, dataset, hp)) or {}

    def metrics(self, index: int, hp: str, dataset: str, setname: str, epoch: int, seed: int | bool) -> dict[str, Any]:
        """What ``ArchResults.get_metrics`` gives; empty where it raises."""
        return self._ask(index, lambda api: self._live(api, index)[hp].get_metrics(dataset, setname, epoch, seed)) or {}

    def seeds(self, index: int, hp: str, dataset: str) -> list[int]:
        """The seeds of an architecture's trials, in the order that the API draws from; empty where it raises."""
        return self._ask(index, lambda api: self._live(api, index)[hp].get_dataset_seeds(dataset)) or []

    @staticmethod
    def _live(api: Any, index: int) -> Any:
        if index not in api.arch2infos_dict:
            api.reload(None, index)
        return api.arch2infos_dict[index]

    def _ask(self, index: int, question: Callable[[Any], T]) -> T | None:
        """What a question to the API gives; None where it raises."""
        with self._lock:
            if self._api is None:
                self._api = self._open_api()
            infos = self._api.arch2infos_dict
            for other in [one for one in infos if one != index]:
                del infos[other]
            try:
                return question(self._api)
            except _NO_ANSWER:
                return None
