"""What a record must look like: each departure is refused, with the path to it, the value, and what was expected."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
from support.records import record

from natsbin.archive.schema import check_record
from natsbin.errors import ArchiveError
from natsbin.spaces import SSS, TSS, SearchSpace

KEY = ("cifar10", 777)
TRIAL = ("200", "all_results", KEY)
WHERE = r"hp '200', \('cifar10', 777\)"


def changed(path: tuple[Any, ...], value: object) -> dict[str, Any]:
    """A good record with one place set to ``value``; deleted where that is Ellipsis."""
    states = record(TSS, 5)
    inner: Any = states
    for key in path[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return states


def check(states: object) -> None:
    check_record(states, 5, TSS.architectures[5], TSS, "a file")


def test_good_records_pass(space: SearchSpace) -> None:
    states = record(space, 5)
    assert check_record(states, 5, space.architectures[5], space, "a file") is states
    check_record(states, 5, None, space, "a file")
    check_record({"12": states["12"]}, 5, None, space, "a file")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("train_acc5es", None),
        ("latency", None),
        ("latency", -1),
        ("latency", []),
        ("params", 3),
        ("flop", float("nan")),
        ("train_losses", {0: float("nan"), 3: 1, 2: np.float32(2)}),
        ("train_losses", OrderedDict()),
        ("eval_names", ["ori-test", "ori-test"]),
        ("eval_losses", {}),
        ("eval_names", ["ori-test", "corrupted"]),
        ("eval_losses", {"ori-test@7": 1.0}),
        ("calibration", {"ece": [0.1, None], "bins": 15}),
        ("arch_config", {"genotype": [("a", 1), {"b": None}]}),
        ("net_state_dict", OrderedDict({"0.weight": np.zeros((3, 4), np.float32), "1.num": np.int64([2])[0:1]})),
    ],
)
def test_what_archives_may_have(field: str, value: object) -> None:
    check(changed((*TRIAL, field), value))


STATE = record(SSS, 0)["01"]


@pytest.mark.parametrize(
    ("path", "where", "message"),
    [
        *(((*TRIAL, field), WHERE, f"no field {field}; name, train_acc1es") for field in STATE["all_results"][KEY]),
        *((("200", field), "hp '200'", f"no field {field}; arch_index, arch_str") for field in STATE),
    ],
)
def test_every_field_is_needed(path: tuple[Any, ...], where: str, message: str) -> None:
    with pytest.raises(ArchiveError, match=f"^a file: {where}: {message}"):
        check(changed(path, ...))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", 10, "name: 10; text"),
        ("seed", 777, "seed: 777; text"),
        ("epochs", 12, "train_acc1es: 12; an epoch from 0 to 11"),
        ("epochs", "200", "epochs: '200'; a number of epochs from 1 to 10000"),
        ("epochs", 10_001, "epochs: 10001; a number of epochs from 1 to 10000"),
        ("epochs", 0, "epochs: 0; a number of epochs"),
        ("params", "1.5", "params: '1.5'; a number"),
        ("params", True, "params: True; a number"),
        ("flop", None, "flop: None; a number"),
        ("latency", "-1", "latency: '-1'; None, a number or a list of numbers"),
        ("latency", [0.1, None], "latency: a list of 2; None, a number or"),
        ("train_acc1es", None, "train_acc1es: None; a dict of numbers"),
        ("train_losses", [1.0], r"train_losses: \[1.0\]; a dict of numbers"),
        ("train_losses", {13: "0.5"}, r"train_losses\[13\]: '0.5'; a number"),
        ("train_losses", {13: True}, r"train_losses\[13\]: True; a number"),
        ("train_losses", {200: 0.5}, "train_losses: 200; an epoch from 0 to 199"),
        ("train_times", OrderedDict({-1: 0.5}), "train_times: -1; an epoch from 0 to 199"),
        ("train_times", {"0": 0.5}, "train_times: '0'; an epoch from 0 to 199"),
        ("eval_names", ("ori-test",), r"eval_names: \('ori-test',\); a list of at most 16 sets, each text of 1 to 100"),
        ("eval_names", [""], r"eval_names: \[''\]; a list of at most 16 sets"),
        ("eval_names", ["x" * 101], "eval_names: .*; a list of at most 16 sets"),
        ("eval_names", list(map(str, range(17))), "eval_names: a list of 17; a list of at most 16 sets"),
        ("eval_names", [None], "eval_names: a list of 1; a list of at most 16 sets"),
        ("eval_names", [[]], "eval_names: a list of 1; a list of at most 16 sets"),
        ("eval_losses", {"ori-test@9": None}, r"eval_losses\['ori-test@9'\]: None; a number"),
        ("eval_losses", {"ori-test@200": 1.0}, "eval_losses: 'ori-test@200'; SET@EPOCH with a set of ori-test"),
        ("eval_times", {"x-valid@0": 1.0}, "eval_times: 'x-valid@0'; SET@EPOCH with a set of ori-test"),
        ("eval_acc1es", {3: 1.0}, "eval_acc1es: 3; SET@EPOCH"),
        ("net_state_dict", {"a": np.zeros(1)}, "net_state_dict: a dict of 1; None or an OrderedDict of tensors"),
        ("net_state_dict", OrderedDict(a=[1.0]), r"net_state_dict\['a'\]: \[1.0\]; a tensor under a name"),
        ("net_state_dict", OrderedDict({1: np.zeros(1)}), r"net_state_dict\[1\]: .*; a tensor under a name"),
        ("arch_config", "tiny", "arch_config: 'tiny'; a dict"),
        ("arch_config", {"a": [b"x"]}, r"arch_config\['a'\]\[0\]: a bytes of 1; text, a number, or a list"),
        ("arch_config", {"a": [0] * 2000}, r"arch_config\['a'\]\[998\]: nested deeper, or larger"),
    ],
)
def test_a_wrong_field_of_a_trial(field: str, value: object, message: str) -> None:
    with pytest.raises(ArchiveError, match=f"^a file: {WHERE}, {message}"):
        check(changed((*TRIAL, field), value))


def test_a_configuration_that_contains_itself() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(ArchiveError, match=r"arch_config\['a'\]\[0\].*nested deeper"):
        check(changed((*TRIAL, "arch_config"), {"a": cycle}))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("arch_index",), 6, "arch_index: 6; 5, as the record's place says"),
        (("arch_index",), True, "arch_index: True; 5"),
        (("arch_str",), "|none~0|", r"arch_str: '|none~0|'; '.*', as meta_archs\[5\] says"),
        (("arch_str",), None, "arch_str: None; "),
        (("clear_net_done",), 1, "clear_net_done: 1; True or False"),
        (("all_results",), [], r"all_results: \[\]; a dict of a trial by"),
        (("all_results", "cifar10"), {}, "all_results: 'cifar10'; a key .dataset, seed."),
        (("all_results", ("mnist", 777)), {}, "dataset_seed: a dict of 4; 777 among the seeds of 'mnist'"),
        (("all_results", (10, 777)), {}, r"all_results: \(10, 777\); a key .dataset, seed."),
        (("all_results", ("cifar10", "777")), {}, r"all_results: \('cifar10', '777'\); a key"),
        (("all_results", ("cifar10", 5)), {}, "dataset_seed: a dict of 4; 5 among the seeds of 'cifar10'"),
        (("all_results", KEY), [], r"\('cifar10', 777\): \[\]; a dict with the fields name"),
        (("all_results", KEY), ..., r"all_results: .*; a trial \('cifar10', 777\), as dataset_seed has it"),
        (("all_results", KEY, "more"), b"1", r"\('cifar10', 777\), more: a bytes of 1; text, a number, or a list"),
        (("all_results", KEY, 5), 1, r"\('cifar10', 777\): 5; a field, which is text of 1 to 100 characters,"),
        (("more",), {1}, "more: a set of 1; text, a number, or a list"),
        (("dataset_seed",), None, "dataset_seed: None; a dict of a list of seeds"),
        (
            ("dataset_seed", "mnist"),
            [777],
            r"all_results: .*; a trial \('mnist', 777\), as dataset_seed has",
        ),
        (("dataset_seed", "\ud800"), [], r"dataset_seed: '\\ud800'; a dataset, which is text of 1 to 100 characters,"),
        (("dataset_seed", "cifar10"), [777, 2**63], r"dataset_seed\['cifar10'\]: .*; a list of int of 64 bits"),
        (("dataset_seed", "cifar10"), (777,), r"dataset_seed\['cifar10'\]: \(777,\); a list of int"),
        (("dataset_seed", "cifar10"), ["777"], r"dataset_seed\['cifar10'\]: \['777'\]; a list of int"),
    ],
)
def test_a_wrong_field_of_a_state(path: tuple[Any, ...], value: object, message: str) -> None:
    with pytest.raises(ArchiveError, match=f"^a file: hp '200'(, |: ){message}.* expected"):
        check(changed(("200", *path), value))


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (None, "None; a dict of a state by hp, as 12, 200,"),
        ({}, "a dict of 0; a dict of a state by hp"),
        ([1], r"\[1\]; a dict of a state"),
        ({"90": {}}, "hp '90': no field arch_index;"),
        ({12: {}}, "12; an hp, which is text of 1 to 100 characters, as 12, 200,"),
        ({str(hp): {} for hp in range(65)}, "a dict of 65; a dict of a state by hp, as 12, 200, of at most 64,"),
        ({"12": None}, "hp '12': None; a dict with the fields arch_index"),
        ({("a", 1): None}, r"\('a', 1\); an hp, which is"),
    ],
)
def test_no_record_at_all(states: object, message: str) -> None:
    with pytest.raises(ArchiveError, match=f"^a file: {message}.* expected"):
        check(states)
