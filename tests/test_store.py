"""Records into a store and out again: equal to the last type, order and bit, however odd they are."""

from __future__ import annotations

import copy
import json
import math
import multiprocessing
import os
import pickle
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from store_cases import Record, record, same, write_store

from natsbin.errors import ArchiveError, OutputError, StoreError
from natsbin.spaces import SPACES, SSS, TSS
from natsbin.store import Store, StoreWriter, forms, open_store
from natsbin.store import format as fmt
from natsbin.store.batch import Splitter

ARCH = TSS.architectures[5]


# -- literals -----------------------------------------------------------------------------------------------

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just(ARCH)
    | st.floats().map(np.float64)
    | st.floats(width=32).map(np.float32)
    | st.integers(-(2**31), 2**31 - 1).map(np.int32)
    | st.booleans().map(np.bool_)
)
KEYS = st.integers() | st.text() | st.tuples(st.text(), st.integers()) | st.just(ARCH)
LITERALS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.sets(st.integers() | st.text())
        | st.frozensets(st.integers())
        | st.dictionaries(KEYS, inner)
        | st.dictionaries(KEYS, inner).map(OrderedDict)
    ),
    max_leaves=12,
)


@given(LITERALS)
def test_literals_come_back(value: Any) -> None:
    spec = forms.freeze(value, ARCH)
    hash(spec)
    assert same(forms.thaw(spec, ARCH), value)
    assert same(forms.thaw(json.loads(json.dumps(spec)), ARCH), value)


@given(LITERALS | st.lists(st.floats().map(np.float64), max_size=2))
def test_scalars_come_back(value: Any) -> None:
    spec, number = forms.freeze_scalar(value, ARCH)
    read = json.loads(json.dumps(spec))
    assert same(forms.thaw_scalar(read, math.nan if number is None else number, ARCH), value)


def test_an_architecture_is_not_spelled_out() -> None:
    """Records that differ in their architecture alone have one form."""
    assert forms.freeze({"arch_str": ARCH}, ARCH) == forms.freeze({"arch_str": "other"}, "other")


@pytest.mark.parametrize("value", [b"bytes", 1j, object(), np.array([1.0]), [range(3)], {1: Ellipsis}])
def test_what_no_archive_holds_has_no_form(value: Any) -> None:
    with pytest.raises(TypeError, match="has no form"):
        forms.freeze(value, ARCH)


@given(st.lists(st.tuples(st.sampled_from(["x-valid", "ori-test", "a@b"]), st.integers(0, 30)), unique=True))
def test_keys_of_curves_come_back(pairs: list[tuple[str, int]]) -> None:
    keys = tuple(f"{name}@{epoch}" for name, epoch in pairs)
    runs = forms.curve_runs("eval_losses", keys)
    assert runs is not None
    assert tuple(forms.run_keys("eval_losses", runs)) == keys


@pytest.mark.parametrize(
    ("field", "keys"),
    [
        ("train_losses", ("0",)),
        ("train_losses", (0, 0.0)),
        ("train_losses", (True,)),
        ("train_losses", (-1,)),
        ("train_losses", (100_000,)),
        ("eval_losses", (3,)),
        ("eval_losses", ("x-valid",)),
        ("eval_losses", ("x-valid@03",)),
        ("eval_losses", ("x-valid@٣",)),
        ("eval_losses", ("@3",)),
        ("eval_losses", ("train@3",)),
    ],
)
def test_other_keys_are_kept_as_they_are(field: str, keys: tuple[Any, ...]) -> None:
    assert forms.curve_runs(field, keys) is None


# -- whole records ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SPACES))
def test_generated_records_come_back(name: str, tmp_path: Path) -> None:
    space = SPACES[name]
    records = {index: record(space, index) for index in (7, 0, 9075)}
    store = open_store(write_store(tmp_path / "store.h5", space, records))
    assert store.indexes.tolist() == sorted(records)
    assert store.meta_archs == space.architectures
    assert store.hps == tuple(sorted(space.epochs))
    for index, states in records.items():
        assert same(store.load(index), states)
    for absent in (1, 8, -1, 99999):
        with pytest.raises(KeyError):
            store.load(absent)
    with pytest.raises(KeyError):
        store.table("12", "svhn")


def first_trial(states: Record, hp: str = "12") -> dict[str, Any]:
    trial: dict[str, Any] = next(iter(states[hp]["all_results"].values()))
    return trial


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
    store = open_store(write_store(tmp_path / "odd.h5", TSS, records))
    for index, states in records.items():
        assert same(store.load(index), states)


def test_all_oddities_at_once(tmp_path: Path) -> None:
    records = {}
    for index, change in enumerate(CHANGES):
        records[index] = record(TSS, index, "12")
        if change is not odd_index:
            change(records[index])
    store = open_store(write_store(tmp_path / "odd.h5", TSS, records, batch=5))
    for index, states in records.items():
        assert same(store.load(index), states)


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
    store = open_store(write_store(tmp_path_factory.mktemp("any") / "any.h5", SSS, records))
    for index, states in records.items():
        assert same(store.load(index), states)


def test_another_order_of_architectures(tmp_path: Path) -> None:
    archs = list(reversed(SSS.architectures[:20]))
    states = record(SSS, 4, "01")
    states["01"]["arch_str"] = archs[4]
    store = open_store(write_store(tmp_path / "store.h5", SSS, {4: states}, archs=archs))
    assert store.meta_archs == archs
    assert store.total == 20
    assert same(store.load(4), states)


# -- refusals -----------------------------------------------------------------------------------------------


def test_an_architecture_that_comes_twice(tmp_path: Path) -> None:
    splitter = Splitter()
    with StoreWriter(tmp_path / "x.h5", SSS, SSS.architectures) as writer:
        for _ in range(2):
            splitter.add(3, record(SSS, 3, "01"))
        with pytest.raises(ArchiveError, match="architecture 3 comes twice"):
            writer.add(splitter.take())
    assert os.listdir(tmp_path) == []


def test_names_that_no_tree_can_have(tmp_path: Path) -> None:
    for name in ("a/b", "", ".", "../x", "ä"):
        states = record(SSS, 3, "01")
        trial = first_trial(states, "01")
        trial["eval_acc1es"][f"{name or ' '}@0"] = 1.0
        with pytest.raises(ArchiveError, match=r"expected letters, digits"):
            write_store(tmp_path / "x.h5", SSS, {3: states})
    assert os.listdir(tmp_path) == []


def test_values_that_no_archive_has(tmp_path: Path) -> None:
    states = record(SSS, 3, "01")
    first_trial(states, "01")["net_state_dict"] = {"weight": np.zeros(3)}
    with pytest.raises(ArchiveError, match="ndarray"):
        write_store(tmp_path / "x.h5", SSS, {3: states})


def test_an_empty_archive(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no architecture"):
        write_store(tmp_path / "x.h5", SSS, {})
    assert os.listdir(tmp_path) == []


def test_a_store_takes_no_place_that_is_taken(tmp_path: Path) -> None:
    path = write_store(tmp_path / "x.h5", SSS, {3: record(SSS, 3, "01")})
    before = path.read_bytes()
    with pytest.raises(OutputError, match=r"exists already.*--force"):
        write_store(path, SSS, {4: record(SSS, 4, "01")})
    with pytest.raises(OutputError, match="there is no folder"):
        write_store(tmp_path / "nowhere" / "x.h5", SSS, {4: record(SSS, 4, "01")})
    with pytest.raises(OutputError, match="is a folder"):
        write_store(tmp_path, SSS, {4: record(SSS, 4, "01")})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["x.h5"]


# -- the file -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records() -> dict[int, Record]:
    return {index: record(TSS, index, "12") for index in (1, 3, 8)}


@pytest.fixture(scope="module")
def path(records: dict[int, Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("store") / "store.h5", TSS, records)


def reseal(path: Path) -> None:
    """Make a file that was changed on purpose look as if natsbin had written it."""
    from natsbin.store.seal import seal

    chunks: list[tuple[int, int]] = []
    with h5py.File(path) as file:
        file.visititems(
            lambda _, node: (
                node.id.chunk_iter(lambda c: chunks.append((c.byte_offset, c.byte_offset + c.size)))
                if isinstance(node, h5py.Dataset) and node.chunks
                else None
            )
        )
    seal(path, chunks)


@pytest.mark.parametrize("version", [0, 2, 99, "1"])
def test_other_versions_are_refused_in_words(version: object, path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.h5"
    other.write_bytes(path.read_bytes())
    with h5py.File(other, "r+") as file:
        file.attrs["format_version"] = version
    with pytest.raises(StoreError, match="changed by another program"):
        open_store(other)
    reseal(other)
    with pytest.raises(StoreError, match=rf"format version {version}, expected {fmt.FORMAT_VERSION}"):
        open_store(other)


def test_other_files_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such store") as caught:
        open_store(tmp_path / "absent.h5")
    assert isinstance(caught.value, OSError)
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("some text")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    for name in ("empty", "text", "other.h5"):
        with pytest.raises(StoreError, match="not a natsbin store"):
            open_store(tmp_path / name)
    reseal(tmp_path / "other.h5")
    with pytest.raises(StoreError, match="an HDF5 file, but not a natsbin store"):
        open_store(tmp_path / "other.h5")
    with pytest.raises(StoreError, match="cannot be read"):
        open_store(tmp_path)


def test_an_open_store_pickles_to_its_path(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    store = open_store(Path(path.name))
    data = pickle.dumps(store)
    assert len(data) < 300
    monkeypatch.chdir("/")
    again = pickle.loads(data)
    assert isinstance(again, Store)
    assert same(again.load(3), store.load(3))


def test_threads_share_a_store(path: Path, records: dict[int, Record]) -> None:
    store = open_store(path)
    wrong: list[int] = []
    barrier = threading.Barrier(6)

    def read(number: int) -> None:
        barrier.wait()
        for index in list(records)[number % 3 :] + list(records):
            if not same(store.load(index), records[index]):
                wrong.append(index)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def _load_all(store: Store, records: dict[int, Record], queue: Any) -> None:
    queue.put([same(store.load(index), states) for index, states in records.items()])


@pytest.mark.parametrize(("method", "touched"), [("fork", False), ("fork", True), ("spawn", True)])
def test_processes_share_a_store(method: str, touched: bool, path: Path, records: dict[int, Record]) -> None:
    store = open_store(path)
    if touched:
        store.load(1)
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    children = [context.Process(target=_load_all, args=(store, records, queue)) for _ in range(2)]
    for child in children:
        child.start()
    assert same(store.load(8), records[8])  # the parent reads on meanwhile
    for child in children:
        assert queue.get(timeout=60) == [True] * 3
        child.join()
        assert child.exitcode == 0
    assert same(store.load(3), records[3])
    queue.close()
    queue.join_thread()


def test_the_file_may_go_while_it_is_open(path: Path, records: dict[int, Record], tmp_path: Path) -> None:
    """A store that another replaces: who has it open goes on with what was opened."""
    copied = tmp_path / "copy.h5"
    copied.write_bytes(path.read_bytes())
    store = open_store(copied)
    copied.unlink()
    assert same(store.load(3), records[3])
