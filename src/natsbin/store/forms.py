"""The form of a record: everything about it that is not one of its measured numbers.

A *form* is a JSON text of types, orders, names and literals in which numbers are slots; a record is a form plus
the numbers. Real archives repeat a few hundred forms, so a store keeps each once and a number a trial.

Literals are ``[type, payload]`` pairs; ``["arch"]`` stands for the architecture's own string, ``["index"]`` for
its index, ``["trials", ...]`` for the trials of a state and ``["slot", type]`` for one float of a scalar column.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

Spec = Any  # nested tuples (as frozen) or lists (as read from JSON) of str, int, bool, None
Run = tuple[str, int, int]  # a set and its epochs start..stop, in the order of a dict's keys

CURVES = {
    "train_acc1es": "accuracy",
    "train_acc5es": "top5",
    "train_losses": "loss",
    "train_times": "time",
    "eval_acc1es": "accuracy",
    "eval_times": "time",
    "eval_losses": "loss",
}
"""Fields of a trial that hold one number an epoch, and the quantity of the columns that keep them."""

SCALAR_FIELDS = ("params", "flop", "latency")

_CONTAINERS: dict[str, Callable[[Iterable[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}
_MAPPINGS: dict[str, Callable[[Iterable[Any]], Any]] = {"dict": dict, "OrderedDict": OrderedDict}
_FLOATS: dict[type, str] = {float: "float", np.float64: "float64"}


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
    if kind in _MAPPINGS:
        return _MAPPINGS[kind]((thaw(k, arch), thaw(v, arch)) for k, v in payload)
    scalar = np.frombuffer(bytes.fromhex(payload), np.dtype("<f8" if kind == "float" else kind))[0]
    return float(scalar) if kind == "float" else scalar


def freeze_scalar(value: Any, arch: str) -> tuple[Spec, float | None]:
    """The form of ``params``, ``flop`` or ``latency``, and the number for its slot if it is one float."""
    name = _FLOATS.get(type(value))
    if name:
        return ("slot", name), float(value)
    if type(value) is list and len(value) == 1 and type(value[0]) in _FLOATS:
        return ("list", (("slot", _FLOATS[type(value[0])]),)), float(value[0])
    return freeze(value, arch), None


def thaw_scalar(spec: Spec, number: float, arch: str) -> Any:
    """The inverse of ``freeze_scalar``."""
    if spec[0] == "slot":
        return np.float64(number) if spec[1] == "float64" else float(number)
    if spec[0] == "list" and len(spec[1]) == 1 and spec[1][0][0] == "slot":
        return [thaw_scalar(spec[1][0], number, arch)]
    return thaw(spec, arch)


def curve_runs(field: str, keys: tuple[Any, ...]) -> tuple[Run, ...] | None:
    """The keys of a curve as runs of epochs, in their order; None where they are not of the usual form.

    Usual are the ints 0, 1, ... of ``train_*`` and the strings ``"SET@EPOCH"`` of ``eval_*``.
    """
    runs: list[list[Any]] = []
    seen: set[Any] = set()
    for key in keys:
        if field.startswith("train_"):
            name, epoch = "train", key
            if type(key) is not int:
                return None
        else:
            name, _, text = key.rpartition("@") if type(key) is str else ("", "", "")
            if not (text.isascii() and text.isdigit() and str(int(text)) == text) or name in ("", "train"):
                return None
            epoch = int(text)
        if not 0 <= epoch < 100_000 or (name, epoch) in seen:
            return None
        seen.add((name, epoch))
        if runs and runs[-1][0] == name and runs[-1][2] == epoch:
            runs[-1][2] = epoch + 1
        else:
            runs.append([name, epoch, epoch + 1])
    return tuple((name, start, stop) for name, start, stop in runs)


def run_keys(field: str, runs: Iterable[Run]) -> Iterator[Any]:
    """The keys behind runs; the inverse of ``curve_runs``."""
    for name, start, stop in runs:
        for epoch in range(start, stop):
            yield epoch if field.startswith("train_") else f"{name}@{epoch}"


def freeze_state(state: Mapping[str, Any], arch: str, index: int) -> Spec:
    """The form of one hp's state, its trials apart."""
    items: list[tuple[str, Spec]] = []
    for key, value in state.items():
        if key == "all_results":
            kinds = tuple(type(trial).__name__ for trial in value.values())
            items.append((key, ("trials", type(value).__name__, tuple(value), kinds)))
        elif key == "arch_index" and type(value) is int and value == index:
            items.append((key, ("index",)))
        else:
            items.append((key, freeze(value, arch)))
    return type(state).__name__, tuple(items)


def is_regular_state(state: Mapping[str, Any]) -> bool:
    """Whether each dataset's seeds are listed as the trials there are, so that tables alone answer queries."""
    seeds: dict[str, list[int]] = {}
    for dataset, seed in state["all_results"]:
        seeds.setdefault(dataset, []).append(seed)
    listed = state["dataset_seed"]
    return set(listed) == set(seeds) and all(list(listed[name]) == sorted(seeds[name]) for name in seeds)


def evaluated_sets(form: Mapping[str, Any]) -> tuple[str, ...]:
    """The sets that a trial of a form was evaluated on, in its order; empty where the trial is not regular."""
    if form.get("epochs") is None:
        return ()
    names = next(spec for name, _, spec in (item for item in form["trial"] if len(item) == 3) if name == "eval_names")
    return tuple(name for _, name in names[1])
