"""An architecture as a configuration: a choice for each place by name, as optimisers have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from natsbin import encodings
from natsbin.errors import QuestionError
from natsbin.spaces import CHANNELS, OPERATIONS, SearchSpace


def place_names(space: SearchSpace) -> list[str]:
    """Names of the places of an architecture: ``op_0_1`` for the edge from node 0 to 1, ``channels_0`` for a layer."""
    if space.name == "tss":
        return [f"op_{source}_{target}" for source, target in encodings.ORDERS["darts"].edges]
    return [f"channels_{layer}" for layer in range(space.digits)]


def choices_of(space: SearchSpace, choices: Sequence[Any] | None = None) -> tuple[Any, ...]:
    """What a place may be: operations, or channels; fewer of them where ``choices`` says so."""
    everything: tuple[Any, ...] = OPERATIONS if space.name == "tss" else CHANNELS
    chosen = everything if choices is None else tuple(choices)
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(everything):
        raise QuestionError(f"choices {chosen}: expected some of {', '.join(map(str, everything))}")
    return chosen


def index_of(space: SearchSpace, configuration: Mapping[str, Any]) -> int:
    """The official index of the architecture that a configuration describes; further names in it are ignored."""
    everything = choices_of(space)
    digits = []
    for name in place_names(space):
        if name not in configuration or configuration[name] not in everything:
            raise QuestionError(
                f"{name} is {configuration.get(name)!r}: expected one of {', '.join(map(str, everything))}"
            )
        digits.append(everything.index(configuration[name]))
    return int(encodings.from_digits(space, digits))


def configuration_of(space: SearchSpace, index: int) -> dict[str, Any]:
    """The configuration of an architecture: the inverse of ``index_of``."""
    everything = choices_of(space)
    digits = encodings.digits(space, index).tolist()
    return {name: everything[digit] for name, digit in zip(place_names(space), digits, strict=True)}
