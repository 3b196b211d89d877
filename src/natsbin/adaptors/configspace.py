"""ConfigSpace: both search spaces, for SMAC, HPOBench and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from natsbin._util.extras import missing
from natsbin.adaptors.configurations import choices_of, configuration_of, index_of, place_names
from natsbin.spaces import SearchSpace, search_space

try:
    import ConfigSpace
except ImportError as error:
    raise missing("natsbin.adaptors.configspace", "ConfigSpace", "configspace") from error


def configuration_space(
    space: SearchSpace | str, *, choices: Sequence[Any] | None = None, seed: int | None = None
) -> Any:
    """The ``ConfigurationSpace``: operations are categorical, channels ordinal hyper-parameters."""
    space = search_space(space)
    chosen = choices_of(space, choices)
    kind = ConfigSpace.CategoricalHyperparameter if space.name == "tss" else ConfigSpace.OrdinalHyperparameter
    found = ConfigSpace.ConfigurationSpace(name=f"NATS-Bench {space.title}", seed=seed)
    found.add([kind(name, chosen) for name in place_names(space)])
    return found


def architecture(space: SearchSpace | str, configuration: Mapping[str, Any]) -> int:
    """The official index of a configuration."""
    values = {name: getattr(value, "item", lambda v=value: v)() for name, value in dict(configuration).items()}
    return index_of(search_space(space), values)


def configuration(within: Any, space: SearchSpace | str, index: int) -> Any:
    """The configuration of an architecture, of the configuration space ``within``."""
    return ConfigSpace.Configuration(within, values=configuration_of(search_space(space), index))
