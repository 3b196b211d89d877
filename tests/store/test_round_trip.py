"""Records into a store and out again: equal to the last type, order and bit, however odd they are."""

from __future__ import annotations

import copy
import math
import struct
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.records import Record, assert_holds, first_trial, record, same, write_store

from natsbin.spaces import SSS, TSS, SearchSpace
from natsbin.store import format as fmt
from natsbin.store import open_store
from natsbin.store.layouts import MISSING
from natsbin.store.writer import chunk_shape


def test_generated_records_come_back(space: SearchSpace, tmp_path: Path) -> None:
    records = {index: record(space, index) for index in (7, 0, 9075)}
    path = write_store(tmp_path / "store.h5", space, records)
    store = open_store(path)
    assert store.indexes.tolist() == sorted(records)
    assert store.meta_archs == space.architectures
    assert store.hps == tuple(sorted(space.epochs))
    assert_holds(path, records)
    for absent in (1, 8, -1, 99999):
        with pytest.raises(KeyError):
            store.load(absent)
    with pytest.raises(KeyError):
        store.table("12", "svhn")


def nan(payload: int) -> float:
    return float(struct.unpack("<d", struct.pack("<Q", 0x7FF0_0000_0000_0000 | payload))[0])


def extra_fields(states: Record) -> None:
    states["12"]["note"] = {"kept": [1, 2.5, None, (True, "x")]}
    first_trial(states)["history"] = OrderedDict([(3, "c"), (1, "a")])


def without_top5(states: Record) -> None:
    first_trial(states)["train_acc5es"] = None


def ints_in_curves(states: Record) -> None:
    trial = first_trial(states)
    trial["train_acc1es"][3] = 10
    trial["eval_losses"] = {key: np.float32(value) for key, value in trial["eval_losses"].items()}


def literal_costs(states: Record) -> None:
    trial = first_trial(states)
    trial["latency"], trial["params"], trial["flop"] = -1, None, [1.5, 2.5]


def list_of_one(states: Record) -> None:
    trial = first_trial(states)
    trial["latency"], trial["params"], trial["flop"] = [0.25], [np.float64(1.5)], np.float32(3.5)


def odd_nans(states: Record) -> None:
    losses = first_trial(states)["train_losses"]
    losses[0], losses[1], losses[2] = nan(1 << 51), -nan(1 << 51), nan((1 << 51) | 7)
    losses[3], losses[4] = math.inf, -math.inf
    first_trial(states)["train_acc1es"][0] = nan(1 << 51)


def the_bits_of_missing(states: Record) -> None:
    trial = first_trial(states)
    bits = float(np.array([2**64 - 1], np.uint64).view(np.float64)[0])
    trial["train_losses"][5] = bits
    trial["eval_times"] = dict.fromkeys(trial["eval_times"], bits)
    trial["flop"] = bits


def zeros(states: Record) -> None:
    trial = first_trial(states)
    trial["train_acc1es"] = dict.fromkeys(trial["train_acc1es"], -0.0)
    trial["train_losses"] = dict.fromkeys(trial["train_losses"], 0.0)
    trial["train_times"][0] = -0.0


def orders(states: Record) -> None:
    trial = first_trial(states)
    trial["train_losses"] = dict(reversed(trial["train_losses"].items()))
    keys = list(trial["eval_acc1es"])
    trial["eval_acc1es"] = {key: trial["eval_acc1es"][key] for key in keys[1::2] + keys[::2]}
    trial["eval_names"] = trial["eval_names"][::-1]
    trial["name"] = trial.pop("name")
    states["12"]["arch_str"] = states["12"].pop("arch_str")
    states["12"]["all_results"] = dict(reversed(states["12"]["all_results"].items()))


def types_of_mappings(states: Record) -> None:
    trial = first_trial(states)
    trial["train_losses"] = OrderedDict(trial["train_losses"])
    trial["train_times"] = dict(trial["train_times"])
    states["12"]["all_results"] = OrderedDict(states["12"]["all_results"])
    states["12"] = OrderedDict(states["12"])


def gaps(states: Record) -> None:
    trial = first_trial(states)
    for epoch in (0, 5, 6, 11):
        del trial["train_losses"][epoch]
    del trial["eval_acc1es"]["ori-test@3"]
    trial["eval_losses"] = {}


def another_set(states: Record) -> None:
    trial = first_trial(states)
    trial["eval_names"].append("corrupted")
    trial["eval_acc1es"]["corrupted@11"] = 12.5
    trial["eval_losses"]["corrupted@11"] = 0.1
    trial["eval_times"]["corrupted@11"] = 1.0


def another_dataset(states: Record) -> None:
    state = states["12"]
    state["all_results"]["svhn", 5] = copy.deepcopy(first_trial(states))
    state["dataset_seed"]["svhn"] = [5]


def more_epochs(states: Record) -> None:
    trial = first_trial(states)
    trial["train_losses"][300] = 0.25
    trial["epochs"] = 301


def times_that_change(states: Record) -> None:
    trial = first_trial(states)
    for epoch in trial["train_times"]:
        trial["train_times"][epoch] *= 1 + epoch / 7
    key = next(iter(trial["eval_times"]))
    trial["eval_times"][key] = 123.5


def no_trials(states: Record) -> None:
    states["12"]["all_results"], states["12"]["dataset_seed"] = {}, {}


def odd_seeds(states: Record) -> None:
    state = states["12"]
    (dataset, seed), trial = next(iter(state["all_results"].items()))
    state["all_results"] = {(dataset, 2**40): trial, (dataset, -3): copy.deepcopy(trial)}
    state["dataset_seed"] = {dataset: [1, 2, seed]}


def odd_index(states: Record) -> None:
    states["12"]["arch_index"] = np.int64(5)


def one_trial(index: int) -> Record:
    states = record(SSS, index, "01")
    results = states["01"]["all_results"]
    for key in list(results)[1:]:
        del results[key]
    return states


SMALL = {index: one_trial(index) for index in (3, 4)}
CHANGES = [
    extra_fields, without_top5, ints_in_curves, literal_costs, list_of_one, odd_nans, the_bits_of_missing, zeros,
    orders, types_of_mappings, gaps, another_set, another_dataset, more_epochs, times_that_change, no_trials,
    odd_seeds, odd_index,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_odd_records_come_back(change: Callable[[Record], None], tmp_path: Path) -> None:
    records = {5: record(TSS, 5, "12")}
    change(records[5])
    assert_holds(write_store(tmp_path / "odd.h5", TSS, records), records)


def test_all_oddities_at_once(tmp_path: Path) -> None:
    records = {}
    for index, change in enumerate(CHANGES):
        records[index] = record(TSS, index, "12")
        if change is not odd_index:
            change(records[index])
    assert_holds(write_store(tmp_path / "odd.h5", TSS, records, batch=5), records)


@settings(max_examples=20, phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_records_of_any_floats_come_back(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Records of one trial whose curves hold any floats at any epochs, in any order."""
    floats = st.floats() | st.sampled_from([0.0, -0.0, 50.0, 33.3])
    keys = st.builds("{}@{}".format, st.sampled_from(["x-valid", "ori-test"]), st.integers(0, 3))
    records = {}
    for index, small in SMALL.items():
        states = copy.deepcopy(small)
        trial = first_trial(states, "01")
        trial["train_losses"] = data.draw(st.dictionaries(st.integers(0, 4), floats))
        trial["eval_acc1es"] = data.draw(st.dictionaries(keys, floats))
        trial["flop"] = data.draw(floats)
        records[index] = states
    assert_holds(write_store(tmp_path_factory.mktemp("any") / "any.h5", SSS, records), records)


def test_another_order_of_architectures(tmp_path: Path) -> None:
    archs = list(reversed(SSS.architectures[:20]))
    states = record(SSS, 4, "01")
    states["01"]["arch_str"] = archs[4]
    store = open_store(write_store(tmp_path / "store.h5", SSS, {4: states}, archs=archs))
    assert store.meta_archs == archs
    assert store.total == 20
    assert same(store.load(4), states)


@given(st.integers(1, 300), st.integers(1, 700), st.integers(1, 5000))
def test_chunks_are_even_and_bounded(epochs: int, trials: int, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fmt, "CHUNK_ITEMS", most)
        chunk = chunk_shape(np.zeros((epochs, trials)))
    assert chunk[0] * chunk[1] <= most
    for length, step in zip((epochs, trials), chunk, strict=True):
        parts = -(-length // step)
        assert parts * step - length < parts  # less than one of padding to a part


def test_chunks_of_columns_with_gaps() -> None:
    """Epochs that only the leading trials have take only these trials' chunks."""
    values = np.zeros((20, 1000))
    values[:19, 100:] = MISSING
    assert chunk_shape(values) == (1, 100)
    values[:19, 10:] = MISSING
    assert chunk_shape(values) == (1, fmt.LEAST_CHUNK_ITEMS)
    values[:19] = MISSING
    assert chunk_shape(values) == (1, 1000)
    assert chunk_shape(values[0]) == (1000,)
