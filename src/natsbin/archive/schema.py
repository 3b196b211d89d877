"""What a record of an archive must look like: every field that a store or a query relies on.

Names of hyper-parameter sets, datasets and sets, and numbers of epochs and seeds, are free within the bounds below.
A tss record has 18,000 numbers by epoch or by SET@EPOCH; these columns are checked natively.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np

from natsbin._pickle import first_misfit
from natsbin.errors import ArchiveError
from natsbin.spaces import SearchSpace, sets_of

NUMBERS = frozenset(
    [float, int, *(kind for kind in np.sctypeDict.values() if issubclass(kind, (np.integer, np.floating)))]
)
STATE_FIELDS = ("arch_index", "arch_str", "all_results", "dataset_seed", "clear_net_done")
TRAIN_COLUMNS = ("train_acc1es", "train_acc5es", "train_losses", "train_times")
EVAL_COLUMNS = ("eval_acc1es", "eval_times", "eval_losses")
TRIAL_FIELDS = (
    "name", *TRAIN_COLUMNS, "arch_config", "params", "flop", "seed", "epochs", "latency", "eval_names",
    *EVAL_COLUMNS, "net_state_dict",
)  # fmt: skip
CONFIG_DEPTH = 8  # an architecture's configuration is shallow; this also ends one that contains itself
CONFIG_ITEMS = 1_000

NAME_LENGTH = 100  # characters of an hp, a dataset, a set or a field
MOST_HPS = 64  # of an architecture
MOST_DATASETS = 256  # of an hp
MOST_SETS = 16  # of a dataset
MOST_EPOCHS = 10_000  # of a training
_NAME = f"text of 1 to {NAME_LENGTH} characters"
_KNOWN = 64  # sets of valid keys that are kept: an archive has a few


def check_record(
    states: object, index: int, arch: str | None, space: SearchSpace, source: str
) -> dict[str, dict[str, Any]]:
    """Checks the ``{hp: state}`` of one architecture, and returns it.

    Args:
        states: as unpickled.
        index: the official index that its file or key says.
        arch: the architecture's string in ``meta_archs``; None where that is not known yet.
        space: the archive's space.
        source: what to call the record in errors.

    Raises:
        ArchiveError: naming the field by its path, the value, and what was expected.
    """
    if not isinstance(states, dict) or not 0 < len(states) <= MOST_HPS:
        _wrong(source, "", states, f"a dict of a state by hp, as {_listed(space.epochs)}, of at most {MOST_HPS},")
    for hp, state in states.items():
        if not _is_name(hp):
            _wrong(source, "", hp, f"an hp, which is {_NAME}, as {_listed(space.epochs)},")
        _check_state(state, index, arch, f"{source}: hp {hp!r}")
    return states


def _check_state(state: object, index: int, arch: str | None, where: str) -> None:
    fields = _fields(state, STATE_FIELDS, where)
    if type(fields["arch_index"]) is not int or fields["arch_index"] != index:
        _wrong(where, "arch_index", fields["arch_index"], f"{index}, as the record's place says")
    if type(fields["arch_str"]) is not str or fields["arch_str"] != (arch or fields["arch_str"]):
        _wrong(where, "arch_str", fields["arch_str"], f"{arch!r}, as meta_archs[{index}] says")
    if type(fields["clear_net_done"]) is not bool:
        _wrong(where, "clear_net_done", fields["clear_net_done"], "True or False")
    trials, seeds = fields["all_results"], fields["dataset_seed"]
    if not isinstance(trials, dict):
        _wrong(where, "all_results", trials, "a dict of a trial by (dataset, seed)")
    if not isinstance(seeds, dict) or len(seeds) > MOST_DATASETS:
        _wrong(where, "dataset_seed", seeds, f"a dict of a list of seeds by dataset, of at most {MOST_DATASETS},")
    for dataset, given in seeds.items():
        if not _is_name(dataset):
            _wrong(where, "dataset_seed", dataset, f"a dataset, which is {_NAME},")
        if type(given) is not list or not all(type(seed) is int and -(2**63) <= seed < 2**63 for seed in given):
            _wrong(where, f"dataset_seed[{dataset!r}]", given, "a list of int of 64 bits")
    for key, trial in trials.items():
        if type(key) is not tuple or len(key) != 2 or not _is_name(key[0]) or type(key[1]) is not int:
            _wrong(where, "all_results", key, f"a key (dataset, seed) with a dataset, which is {_NAME},")
        if key[1] not in seeds.get(key[0], ()):
            _wrong(where, "dataset_seed", seeds, f"{key[1]} among the seeds of {key[0]!r}, as all_results has it")
        _check_trial(trial, key[0], f"{where}, {key!r}")
    for dataset, given in seeds.items():
        for seed in given:
            if (dataset, seed) not in trials:
                _wrong(where, "all_results", list(trials), f"a trial {(dataset, seed)!r}, as dataset_seed has it")


def _check_trial(trial: object, dataset: str, where: str) -> None:
    fields = _fields(trial, TRIAL_FIELDS, where)
    for name in ("name", "seed"):
        if type(fields[name]) is not str:
            _wrong(where, name, fields[name], "text")
    epochs = fields["epochs"]
    if type(epochs) is not int or not 0 < epochs <= MOST_EPOCHS:
        _wrong(where, "epochs", epochs, f"a number of epochs from 1 to {MOST_EPOCHS}")
    for name in ("params", "flop"):
        if type(fields[name]) not in NUMBERS:
            _wrong(where, name, fields[name], "a number")
    latency = fields["latency"]
    if latency is not None and set(map(type, latency if type(latency) is list else [latency])) - NUMBERS:
        _wrong(where, "latency", latency, "None, a number or a list of numbers")
    for name in TRAIN_COLUMNS:
        if not (fields[name] is None and name == "train_acc5es"):
            _check_column(fields[name], _epochs(epochs), f"an epoch from 0 to {epochs - 1}", where, name)
    names = fields["eval_names"]
    if type(names) is not list or not all(map(_is_name, names)) or len(set(names)) > MOST_SETS:
        _wrong(where, "eval_names", names, f"a list of at most {MOST_SETS} sets, each {_NAME},")
    sets = tuple(dict.fromkeys((*sets_of(dataset)[1:], *names)))
    expected = f"SET@EPOCH with a set of {_listed(sets) or 'eval_names (none)'} and an epoch from 0 to {epochs - 1}"
    for name in EVAL_COLUMNS:
        _check_column(fields[name], _eval_keys(sets, epochs), expected, where, name)
    _check_weights(fields["net_state_dict"], where)
    if not isinstance(fields["arch_config"], dict):
        _wrong(where, "arch_config", fields["arch_config"], "a dict")
    _check_plain(fields["arch_config"], CONFIG_DEPTH, [CONFIG_ITEMS], where, "arch_config")


def _check_weights(weights: object, where: str) -> None:
    if weights is None:
        return
    if not isinstance(weights, OrderedDict):
        _wrong(where, "net_state_dict", weights, "None or an OrderedDict of tensors")
    for name, tensor in weights.items():
        if type(name) is not str or not isinstance(tensor, np.ndarray):
            _wrong(where, f"net_state_dict[{name!r}]", tensor, "a tensor under a name")


def _check_column(column: object, keys: frozenset[Any], key_text: str, where: str, name: str) -> None:
    """A dict of numbers by epoch or by SET@EPOCH."""
    if not isinstance(column, dict):
        _wrong(where, name, column, "a dict of numbers")
    misfit = first_misfit(column, keys, NUMBERS)
    if misfit is not None:
        key, value = misfit
        if key not in keys:
            _wrong(where, name, key, key_text)
        _wrong(where, f"{name}[{key!r}]", value, "a number")


@lru_cache(_KNOWN)
def _epochs(epochs: int) -> frozenset[int]:
    return frozenset(range(epochs))


@lru_cache(_KNOWN)
def _eval_keys(sets: tuple[str, ...], epochs: int) -> frozenset[str]:
    return frozenset(f"{name}@{epoch}" for name in sets for epoch in range(epochs))


def _fields(record: object, names: tuple[str, ...], where: str) -> dict[str, Any]:
    if not isinstance(record, dict):
        _wrong(where, "", record, f"a dict with the fields {_listed(names)}")
    for name in names:
        if name not in record:
            raise ArchiveError(f"{where}: no field {name}; {_listed(names)} were expected")
    for extra in record.keys() - names if len(record) > len(names) else ():
        if not _is_name(extra):
            _wrong(where, "", extra, f"a field, which is {_NAME},")
        _check_plain(record[extra], CONFIG_DEPTH, [CONFIG_ITEMS], where, extra)
    return record


def _is_name(value: object) -> bool:
    if type(value) is not str or not 0 < len(value) <= NAME_LENGTH:
        return False
    try:
        value.encode()  # half of a surrogate pair is no text
    except UnicodeEncodeError:
        return False
    return True


def _check_plain(value: object, depth: int, budget: list[int], where: str, name: str) -> None:
    """Plain data of bounded size and depth: text, numbers, None, and lists, tuples and dicts of these."""
    budget[0] -= 1
    if depth == 0 or budget[0] < 0:
        raise ArchiveError(f"{where}, {name}: nested deeper, or larger, than any configuration of an architecture")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_plain(item, depth - 1, budget, where, f"{name}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            _check_plain(item, depth - 1, budget, where, f"{name}[{position}]")
    elif value is not None and type(value) not in NUMBERS and not isinstance(value, (str, bool)):
        _wrong(where, name, value, "text, a number, or a list, tuple or dict of these")


def _wrong(where: str, name: str, value: object, expected: str) -> NoReturn:
    place = f"{where}, {name}" if name else where
    raise ArchiveError(f"{place}: {_brief(value)}; {expected} was expected")


def _brief(value: object) -> str:
    """A value as errors show it; containers may be huge, or contain themselves."""
    if (
        isinstance(value, (list, tuple))
        and len(value) <= 4
        and all(isinstance(item, (str, int, float)) for item in value)
    ):
        text = repr(value)
    elif isinstance(value, (list, tuple, dict, set, bytes)):
        text = f"a {type(value).__name__} of {len(value)}"
    else:
        text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
