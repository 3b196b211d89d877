"""Literals: plain values of a record as JSON, and back.

A literal is a pair ``[type, payload]``; ``["arch"]`` stands for the architecture's own string, and ``["slot", type]``
for one float that a column keeps.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

Spec = Any  # nested tuples (as frozen) or lists (as read from JSON) of str, int, bool, None

_CONTAINERS: dict[str, Callable[[Iterable[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}
MAPPINGS: dict[str, type[dict[Any, Any]]] = {"dict": dict, "OrderedDict": OrderedDict}
FLOATS: dict[type, str] = {float: "float", np.float64: "float64"}


def freeze(value: Any, arch: str) -> Spec:
    """A literal's form, hashable. TypeError for a type that no archive holds."""
    kind = type(value)
    if value is None or kind is bool:
        return ("bool", value)
    if kind is str:
        return ("arch",) if value == arch else ("str", value)
    if kind is int:
        return ("int", value)
    if kind is float or isinstance(value, np.generic):
        scalar = np.asarray(value)
        name = "float" if kind is float else scalar.dtype.str
        if scalar.dtype.hasobject:
            raise TypeError(f"a {kind.__name__} has no form")
        return (name, scalar.tobytes().hex())
    if kind.__name__ in _CONTAINERS and kind in (list, tuple, set, frozenset):
        return (kind.__name__, tuple(freeze(item, arch) for item in value))
    if kind in (dict, OrderedDict):
        return (kind.__name__, tuple((freeze(k, arch), freeze(v, arch)) for k, v in value.items()))
    raise TypeError(f"a {kind.__name__} has no form")


def thaw(spec: Spec, arch: str) -> Any:
    """The literal behind a form; the inverse of ``freeze``. ValueError for what ``freeze`` does not write."""
    kind = spec[0]
    if kind == "arch":
        return arch
    payload = spec[1]
    if kind in ("bool", "str", "int"):
        return payload
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](thaw(item, arch) for item in payload)
    if kind in MAPPINGS:
        return MAPPINGS[kind]((thaw(k, arch), thaw(v, arch)) for k, v in payload)
    scalar = np.frombuffer(bytes.fromhex(payload), np.dtype("<f8" if kind == "float" else kind))[0]
    return float(scalar) if kind == "float" else scalar


def freeze_scalar(value: Any, arch: str) -> tuple[Spec, float | None]:
    """The form of ``params``, ``flop`` or ``latency``, and the number for its slot if it is one float."""
    name = FLOATS.get(type(value))
    if name:
        return ("slot", name), float(value)
    if type(value) is list and len(value) == 1 and type(value[0]) in FLOATS:
        return ("list", (("slot", FLOATS[type(value[0])]),)), float(value[0])
    return freeze(value, arch), None


class Slot(NamedTuple):
    """A number of a scalar that a column keeps."""

    type: str  # float or float64
    in_list: bool  # alone in a list


def slot_of(spec: Spec) -> Slot | None:
    """The slot in the form of a scalar; None where it is a literal."""
    in_list = spec[0] == "list" and len(spec[1]) == 1
    found = spec[1][0] if in_list else spec
    if found[0] != "slot":
        return None
    if found[1] not in FLOATS.values():
        raise ValueError(f"slot of type {found[1]!r:.80}, expected one of {', '.join(FLOATS.values())}")
    return Slot(found[1], in_list)


def thaw_scalar(spec: Spec, number: float, arch: str) -> Any:
    """The inverse of ``freeze_scalar``."""
    slot = slot_of(spec)
    if slot is None:
        return thaw(spec, arch)
    value = np.float64(number) if slot.type == "float64" else float(number)
    return [value] if slot.in_list else value
