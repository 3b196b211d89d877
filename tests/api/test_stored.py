"""Objects of a store are made as little as a program asks for, and questions that need none make none."""

from __future__ import annotations

import copy
import gc
import pickle
import random
import subprocess
import sys
import weakref
from collections import OrderedDict
from pathlib import Path
from typing import Any

import nats_bench
import pytest
from support.made import Made
from support.oracle import Pair, plain
from support.questions import DATASETS

import natsbin
from natsbin.api.lazy_dict import UNLOADED
from natsbin.api.nearest import nearest
from natsbin.api.results import ArchResults
from natsbin.api.stored import StoredObjects
from natsbin.errors import QuestionError
from natsbin.roads.convert import convert
from natsbin.spaces import SPACES, SSS, TSS, SearchSpace
from natsbin.store import data
from natsbin.synthetic import make_archive

INDEXES = (3, 5, 20, 21, 22)  # some with irregular latencies


@pytest.fixture(scope="module")
def store(space: SearchSpace, made: Made) -> Path:
    return made.store(space, INDEXES)


@pytest.fixture(scope="module")
def published(space: SearchSpace, made: Made) -> Path:
    """A folder of records as they were published."""
    return make_archive(made.folder() / "archive", space, INDEXES, jobs=1)


def full(store: Path, index: int) -> Any:
    """An architecture's object from its whole record."""
    record = natsbin.open_store(store).load(index)
    return OrderedDict((hp, ArchResults.create_from_state_dict(state)) for hp, state in record.items())


def opened(store: Path, space: SearchSpace, fast_mode: bool = False) -> Any:
    return natsbin.create(str(store), space.name, fast_mode, verbose=False)


@pytest.mark.parametrize("again", [copy.deepcopy, copy.copy, lambda one: pickle.loads(pickle.dumps(one))])
def test_unread_objects_are_copied_as_read_ones(store: Path, space: SearchSpace, again: Any) -> None:
    for index in INDEXES:
        expected = plain(full(store, index))
        assert plain(opened(store, space).arch2infos_dict[index]) == expected
        copied = again(opened(store, space).arch2infos_dict[index])
        assert plain(copied) == expected
        one = opened(store, space).arch2infos_dict[index]["12"]
        assert plain(again(one)) == expected[1][list(space.epochs).index("12")][1]
        trial = next(iter(one.all_results.values()))
        assert plain(again(trial)) == plain(full(store, index)["12"].all_results[trial.name, int(trial.seed)])


def test_copies_have_curves_of_their_own(store: Path, space: SearchSpace) -> None:
    one = opened(store, space).arch2infos_dict[3]["12"].query("cifar100", 777 if space is SSS else 111)
    copied = copy.deepcopy(one)
    copied.train_losses[0] = -1.0
    assert one.train_losses[0] != -1.0
    del one.train_losses
    with pytest.raises(AttributeError, match="train_losses"):
        _ = one.train_losses


def test_an_unread_object_takes_changes_as_a_read_one(store: Path, space: SearchSpace) -> None:
    expected = full(store, 3)["12"]
    one = opened(store, space).arch2infos_dict[3]["12"]
    for it in (one, expected):
        it.clear_net_done = "mine"
        it.note = "mine"
        del it.arch_index
    assert list(vars(one)) == list(vars(expected))
    assert plain(one) == plain(expected)
    assert type(one) is ArchResults


def test_only_the_chunks_that_are_asked_for_are_read(
    store: Path, space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    load = data.Data.load

    def noted(self: data.Data, number: int) -> Any:
        loaded.append(self.path)
        return load(self, number)

    monkeypatch.setattr(data.Data, "load", noted)
    results = opened(store, space).arch2infos_dict[3]["12"]
    assert results.get_dataset_names() == list(DATASETS)
    assert not [path for path in loaded if path.endswith(("_accuracy", "_loss"))]
    assert not [path for path in loaded if path.startswith(("01/", "90/", "200/"))]
    trial = next(iter(results.query("cifar10").values()))
    trial.train_losses[0]
    assert {path for path in loaded if path.endswith(("_accuracy", "_loss"))} == {"12/cifar10/train_loss"}


def test_no_question_makes_an_object(published: Path, space: SearchSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an architecture that no program holds; the answers are those of the original."""
    store = convert(published, published.with_name("store.h5"), jobs=1)
    pair = Pair(nats_bench.create(str(published), space.name, True, False), opened(store, space, fast_mode=True))
    pair.ours.filename = pair.theirs.filename

    def refuse(*_: object) -> None:
        raise AssertionError("an object was made")

    monkeypatch.setattr(StoredObjects, "__call__", refuse)
    monkeypatch.setattr(StoredObjects, "one", refuse)
    random.seed(0)
    for index in INDEXES:
        for hp in space.epochs:
            pair.call("query_info_str_by_arch", index, hp)
            for dataset in DATASETS:
                pair.call("get_net_config", index, dataset)
                pair.call("get_latency", index, dataset, hp)
                pair.call("get_cost_info", index, dataset, hp)
                pair.call("get_more_info", index, dataset, hp=hp)
                pair.call("statistics", dataset, hp)
            pair.call("simulate_train_eval", index, "cifar10", hp=hp)
        pair.call("show", index)
    assert pair.differences == []


FORGET = {
    "popitem": lambda api: api.arch2infos_dict.popitem(last=False)[0],
    "clear": lambda api: api.arch2infos_dict.clear(),
    "assigned": lambda api: setattr(api, "arch2infos_dict", {}),
}


@pytest.mark.parametrize("how", FORGET)
@pytest.mark.parametrize("fast_mode", [False, True])
def test_what_was_forgotten_is_answered_natively_again(
    published: Path, space: SearchSpace, how: str, fast_mode: bool, tmp_path: Path
) -> None:
    store = convert(published, tmp_path / "store.h5", jobs=1)
    theirs = nats_bench.create(str(published), space.name, True, False)
    for index in INDEXES:
        theirs._prepare_info(index)
    theirs.reset_fast_mode(fast_mode)
    pair = Pair(theirs, opened(store, space, fast_mode))
    pair.ours.filename = theirs.filename
    if fast_mode:
        for index in INDEXES:
            pair.ours._prepare_info(index)
    for _ in range(2):
        pair.ask(FORGET[how], how)
        for index in INDEXES:
            pair.call("get_more_info", index, "cifar10", hp="12", is_random=False)
            pair.call("query_info_str_by_arch", index, "12")
    assert pair.differences == []
    assert pair.ours._native is not None
    assert {pair.ours._states[index] for index in pair.ours.arch2infos_dict} <= {UNLOADED}


def test_pickles_of_the_original_load(published: Path, space: SearchSpace, tmp_path: Path) -> None:
    theirs = nats_bench.create(str(published), space.name, True, False)
    expected = [theirs.get_more_info(index, "cifar10", hp="12", is_random=False) for index in (3, 5)]
    kept = tmp_path / "api.pickle"
    kept.write_bytes(pickle.dumps((theirs, theirs.query_by_index(3, hp="12"))))
    program = (
        "import pickle, sys, natsbin\n"
        "natsbin.install_as_nats_bench()\n"
        "api, results = pickle.load(open(sys.argv[1], 'rb'))\n"
        "assert type(api).__module__.startswith('natsbin') and type(results) is natsbin.ArchResults\n"
        "print([api.get_more_info(index, 'cifar10', hp='12', is_random=False) for index in (3, 5)])\n"
        "print(results.get_metrics('cifar10', 'train'), api.get_latency(20, 'cifar10'), api)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(kept)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    metrics = theirs.query_by_index(3, hp="12").get_metrics("cifar10", "train")
    assert done.stdout.splitlines()[0] == str(expected)
    assert done.stdout.splitlines()[1] == f"{metrics} {theirs.get_latency(20, 'cifar10')} {theirs}"


def test_other_pickles_say_what_to_do(store: Path, space: SearchSpace) -> None:
    with pytest.raises(QuestionError, match=r"no 'meta_archs'.*create"):
        type(opened(store, space)).__new__(type(opened(store, space))).__setstate__({"verbose": False})


def test_strings_name_an_architecture_where_the_original_takes_none(store: Path, space: SearchSpace) -> None:
    api = opened(store, space, fast_mode=True)
    assert api.get_cost_info(api.arch(3), "cifar10") == api.get_cost_info(3, "cifar10")
    assert api.get_latency(api.arch(5), "cifar10") == api.get_latency(5, "cifar10")


USES = {
    "simulate": lambda api: api.simulate_train_eval(3, "cifar10"),
    "page": lambda api: api.query_info_str_by_arch(3),
    "objects": lambda api: api.arch2infos_dict[3]["12"].get_metrics("cifar10", "train"),
    "copies": lambda api: api.query_by_index(3, "cifar10"),
    "batch": lambda api: api.batch.points([3, 5], "cifar10", "ori-test", "accuracy"),
    "search": lambda api: api.batch.find_best("cifar10", "ori-test"),
    "odd": lambda api: api.batch.get_more_info(list(INDEXES), "cifar10"),
}


@pytest.mark.parametrize("use", USES)
def test_an_api_object_ends_with_its_last_reference(store: Path, space: SearchSpace, use: str) -> None:
    api = opened(store, space)
    source = weakref.ref(api._source)
    gc.disable()
    try:
        USES[use](api)
        del api
        assert source() is None
    finally:
        gc.enable()


def test_a_batch_outlives_its_api_object_and_keeps_its_clock(store: Path, space: SearchSpace) -> None:
    api = opened(store, space)
    batch, taken = api.batch, api.simulate_train_eval(3, "cifar10")[3]
    del api
    assert batch.used_time == taken > 0


MISTYPED = {
    "|nor_conv3x3~0|+|none~0|none~1|+|none~0|none~1|skipconnect~2|": (TSS, "nor_conv_3x3~0.*skip_connect~2"),
    "8:8:8:8:17": (SSS, "8:8:8:8:16.* or .*8:8:8:8:24"),
    "8:8:8:8": (SSS, "expected 5 places as in '8:8:8:8:8'"),
    "nonsense": (TSS, "expected 6 places as in"),
}


@pytest.mark.parametrize("string", MISTYPED)
@pytest.mark.parametrize("fast_mode", [False, True])
def test_a_mistyped_string_is_named_with_the_nearest(made: Made, string: str, fast_mode: bool) -> None:
    space, words = MISTYPED[string]
    api = opened(made.store(space, INDEXES), space, fast_mode)
    assert all(one in space.architectures for one in nearest(string, space))
    for question in (
        lambda: api.get_more_info(string, "cifar10"),
        lambda: api.simulate_train_eval(string, "cifar10"),
        lambda: api.get_cost_info(string, "cifar10"),
        lambda: api.get_latency(string, "cifar10"),
    ):
        with pytest.raises(QuestionError, match=words):
            question()
    assert api.query_index_by_arch(string) == -1


def test_the_name_after_create_none(published: Path, space: SearchSpace, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / f"{space.archive_name}-simple").symlink_to(published)
    theirs, ours = (lib.create(None, space.name, True, False) for lib in (nats_bench, natsbin))
    assert (theirs.filename, repr(theirs)) == (ours.filename, repr(ours))
    assert SPACES[space.name] is space
