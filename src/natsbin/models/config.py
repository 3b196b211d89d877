"""Network configurations of ``get_net_config``, checked and brought to one form for both spaces."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from natsbin.errors import ArchitectureError
from natsbin.spaces import OPERATIONS, TSS


@dataclass(frozen=True)
class NetworkShape:
    """All that tells one network of NATS-Bench from another.

    A network is ``3 n + 2`` layers: n cells, a reduction, n cells, a reduction, n cells.
    """

    operations: tuple[str, ...]  # of the six edges of every cell, in string order
    channels: tuple[int, ...]  # that each layer puts out
    classes: int

    @property
    def reductions(self) -> tuple[int, int]:
        """The positions of the two layers that halve the image."""
        cells = len(self.channels) // 3
        return cells, 2 * cells + 1


def read_config(config: Mapping[str, Any] | object) -> NetworkShape:
    """The shape of the network that a mapping, or an object with attributes, describes."""
    name = _field(config, "name")
    if name == "infer.tiny":
        width, cells = _positive(config, "C"), _positive(config, "N")
        channels = (width,) * cells + (2 * width,) * (cells + 1) + (4 * width,) * (cells + 1)
        cell = _field(config, "arch_str", "genotype")
    elif name == "infer.shape.tiny":
        channels = _channels(_field(config, "channels"))
        cell = _field(config, "genotype", "arch_str")
    else:
        raise ArchitectureError(
            f"network configuration: 'name' is {name!r}; expected 'infer.tiny' or 'infer.shape.tiny'"
        )
    string = cell.tostr() if hasattr(cell, "tostr") else cell
    if not isinstance(string, str):
        raise ArchitectureError(
            f"network configuration: the cell is {cell!r}; expected a string or a structure with tostr()"
        )
    operations = tuple(OPERATIONS[digit] for digit in TSS.parse(string))
    return NetworkShape(operations, channels, _positive(config, "num_classes"))


def _field(config: Mapping[str, Any] | object, *names: str) -> Any:
    """The first of the named fields that the configuration has."""
    for name in names:
        if isinstance(config, Mapping):
            if name in config:
                return config[name]
        elif hasattr(config, name):
            return getattr(config, name)
    raise ArchitectureError(f"network configuration: no {' or '.join(map(repr, names))} in {config!r}")


def _positive(config: Mapping[str, Any] | object, name: str) -> int:
    value = _field(config, name)
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise ArchitectureError(f"network configuration: {name!r} is {value!r}; expected a positive integer")
    return number


def _channels(value: Any) -> tuple[int, ...]:
    """Channels of the layers out of ``8:16:24:32:40`` or a sequence of integers."""
    try:
        channels = tuple(map(int, value.split(":")) if isinstance(value, str) else map(operator.index, value))
    except (TypeError, ValueError):
        channels = ()
    if len(channels) < 5 or len(channels) % 3 != 2 or min(channels) < 1:
        raise ArchitectureError(
            f"network configuration: 'channels' is {value!r}; "
            "expected positive integers for 3 n + 2 layers, as in '8:16:24:32:40'"
        )
    return channels
