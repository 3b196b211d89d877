"""What answers for irregular architectures, those that tables do not answer for."""

from __future__ import annotations

from typing import Any, Protocol


class ScalarFallback(Protocol):
    """The scalar API, asked about one architecture at a time; an answer is empty where the API raises.

    It is fast where questions about one architecture come in a row. ``natsbin.api.scalar_fallback`` implements it.
    """

    def more_info(self, index: int, hp: str, dataset: str, epoch: int | None, seed: int | bool) -> dict[str, Any]:
        """What ``get_more_info`` gives."""

    def cost_info(self, index: int, hp: str, dataset: str) -> dict[str, Any]:
        """What ``get_cost_info`` gives."""

    def metrics(self, index: int, hp: str, dataset: str, setname: str, epoch: int, seed: int | bool) -> dict[str, Any]:
        """What ``ArchResults.get_metrics`` gives."""

    def seeds(self, index: int, hp: str, dataset: str) -> list[int]:
        """The seeds of an architecture's trials, in the order that the API draws from."""
