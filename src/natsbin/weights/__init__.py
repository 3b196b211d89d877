"""Trained weights: from full archives to a mapped file beside the store, and from there to torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsbin.weights.format import weights_path
from natsbin.weights.reader import Key, Weights, open_weights

if TYPE_CHECKING:
    from natsbin.roads.convert_weights import convert_weights

__all__ = ["Key", "Weights", "convert_weights", "open_weights", "weights_path"]


def __getattr__(name: str) -> Any:
    if name != "convert_weights":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from natsbin.roads.convert_weights import convert_weights  # reading weights needs no archive reader

    return convert_weights
