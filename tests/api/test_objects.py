"""``ArchResults`` and ``ResultsCount``: the same as the original's, method by method, and live."""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nats_bench
import pytest
from support.files import benchmark, write_folder
from support.made import Made
from support.oracle import Pair, agree, ask, plain
from support.questions import DATASETS, SEEDS, SETS, WRONG_SEED, Stream
from support.varied import varied_benchmark

import natsbin
from natsbin.api.structure import topology_str2structure
from natsbin.roads.convert import convert
from natsbin.spaces import SPACES, SearchSpace

EPOCHS = (None, 0, 1, 5, 11, 12, 89, 199, 200, -1, 1.5, "3")


Odd = tuple[str, dict[str, Any]]
BOTH = nats_bench, natsbin


@pytest.fixture(scope="module")
def odd(space: SearchSpace, made: Made) -> Odd:
    """A space's name and a benchmark dict where no two numbers are alike, with values missing here and there."""
    return space.name, varied_benchmark(made.archive(space, [0, 3]), [3, 5, 8, 14], seed=4)


def read_by_both(name: str, state: Any) -> tuple[Any, Any]:
    """An object of each library from a state."""
    theirs, ours = (getattr(lib, name).create_from_state_dict(copy.deepcopy(state)) for lib in BOTH)
    return theirs, ours


def records(base: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for record in base["arch2infos"].values():
        yield from record.values()


def test_every_method_of_archresults(odd: Odd) -> None:
    for state in itertools.islice(records(odd[1]), 4):
        both = read_by_both("ArchResults", state)
        for method in ("arch_idx_str", "get_dataset_names", "get_total_epoch", "debug_test", "__repr__", "state_dict"):
            agree(lambda it, method=method: getattr(it, method)(), *both)
        for dataset in (*DATASETS, "nowhere"):
            for method in ("get_compute_costs", "get_latency", "get_dataset_seeds", "get_total_epoch", "query"):
                agree(lambda it, m=method, d=dataset: getattr(it, m)(d), *both)
            for seed in (None, *SEEDS, WRONG_SEED, "777"):
                agree(lambda it, d=dataset, s=seed: it.query(d, s), *both)
                agree(lambda it, d=dataset, s=seed: it.get_net_param(d, s), *both)
            for name, epoch in zip(SETS, (None, 0, 11, 3, 500, 1, 7), strict=True):
                for choice in (False, True, 777, WRONG_SEED, 0, "777", None):
                    agree(lambda it, d=dataset, n=name, e=epoch, c=choice: it.get_metrics(d, n, e, c), *both)


def test_every_method_of_resultscount(odd: Odd) -> None:
    for state in itertools.islice(records(odd[1]), 4):
        for trial in list(state["all_results"].values())[:4]:
            both = read_by_both("ResultsCount", trial)
            for method in ("get_latency", "get_total_epoch", "get_times", "get_eval_set", "get_net_param", "__repr__"):
                agree(lambda it, method=method: getattr(it, method)(), *both)
            for epoch in EPOCHS:
                agree(lambda it, e=epoch: it.judge_valid(e), *both)
                agree(lambda it, e=epoch: it.get_train(e), *both)
                for name in SETS[1:]:
                    agree(lambda it, n=name, e=epoch: it.get_eval(n, e), *both)
            for function in (None, str.upper, topology_str2structure):
                agree(lambda it, f=function: it.get_config(f), *both)
            agree(lambda it: it.state_dict(), *both)


CHANGES: dict[str, Callable[[Any], Any]] = {
    "train times gone": lambda it: setattr(first(it), "train_times", None),
    "last train times gone": lambda it: setattr(last(it), "train_times", None),
    "eval times gone": lambda it: setattr(first(it), "eval_times", None),
    "eval times empty": lambda it: setattr(first(it), "eval_times", {}),
    "evaluations forgotten": lambda it: first(it).reset_eval(),
    "latency gone": lambda it: setattr(first(it), "latency", None),
    "latency set": lambda it: it.reset_latency("cifar10", None, 0.5),
    "latency of one": lambda it: first(it).update_latency([0.1, 0.7]),
    "train times set": lambda it: it.reset_pseudo_train_times("cifar100", None, 0.1),
    "eval times set": lambda it: it.reset_pseudo_eval_times("cifar100", None, "x-valid", 0.3),
    "unknown eval times": lambda it: it.reset_pseudo_eval_times("cifar100", None, "nowhere", 0.3),
    "unknown seed": lambda it: it.reset_pseudo_train_times("cifar100", WRONG_SEED, 0.1),
    "flop changed": lambda it: setattr(first(it), "flop", 5.0),
    "seed unlisted": lambda it: it.dataset_seed["cifar10"].pop(),
    "trial removed": lambda it: it.all_results.pop(("cifar10", it.dataset_seed["cifar10"][0])),
    "dataset added": lambda it: it.update("new", 3, first(it)),
    "seed added twice": lambda it: it.update("cifar10", it.dataset_seed["cifar10"][0], first(it)),
    "other epochs": lambda it: setattr(first(it), "epochs", 3),
    "an accuracy gone": lambda it: first(it).train_acc1es.pop(0),
    "weights cleared": lambda it: it.clear_params(),
    "datasets reordered": lambda it: setattr(it, "dataset_seed", dict(reversed(it.dataset_seed.items()))),
    "config gone": lambda it: setattr(first(it), "arch_config", {}),
    "trained again": lambda it: first(it).update_train_info({0: 1.0}, None, {0: 2.0}, {0: 3.0}),
    "evaluated again": lambda it: first(it).update_eval({"ori-test@0": 1.0}, {}, {}),
    "evaluated anew": lambda it: first(it).update_eval({"new@0": 1.0}, {"new@0": 1.0}, {"new@0": 1.0}),
    "evaluated as of old": lambda it: first(it).update_OLD_eval("old", {0: 1.0}, {0: 2.0}),
    "foreign attribute": lambda it: setattr(it, "note", "mine"),
}


def first(results: Any) -> Any:
    return results.all_results["cifar10", results.dataset_seed["cifar10"][0]]


def last(results: Any) -> Any:
    return results.all_results["cifar10", results.dataset_seed["cifar10"][-1]]


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_the_same(odd: Odd, change: str) -> None:
    state = odd[1]["arch2infos"][5]["12"]
    both = read_by_both("ArchResults", state)
    agree(CHANGES[change], *both)
    for question in (
        lambda it: it.state_dict(),
        lambda it: it.get_compute_costs("cifar10"),
        lambda it: it.get_metrics("cifar10", "train", 1),
        lambda it: it.get_metrics("cifar10", "ori-test"),
        lambda it: it.get_total_epoch(),
        lambda it: repr(it),
        lambda it: type(it).create_from_state_dict(it.state_dict()),
    ):
        agree(question, *both)


def test_records_round_trip(odd: Odd, tmp_path: Path) -> None:
    for state in records(odd[1]):
        ours = natsbin.ArchResults.create_from_state_dict(copy.deepcopy(state))
        assert plain(ours.state_dict()["all_results"].keys()) == plain(state["all_results"].keys())
        for key, trial in state["all_results"].items():
            again = ours.state_dict()["all_results"][key]
            assert {k: plain(v) for k, v in again.items()} == {k: plain(v) for k, v in trial.items()}
    natsbin.pickle_save(state, tmp_path / "one.pickle")
    again = natsbin.ArchResults.create_from_state_dict(str(tmp_path / "one.pickle"))
    assert plain(again) == plain(ours)
    other = natsbin.ArchResults(-1, "nothing")
    other.load_state_dict(again.state_dict())
    assert plain(other) == plain(ours)


def test_records_made_by_hand() -> None:
    def made_by_hand(lib: Any) -> Any:
        trial = lib.ResultsCount(
            "mine", {"w": 1}, {0: 5.0, 1: 6.0}, {0: 1.0, 1: 2.0}, 1.5, 2.5, {"arch_str": "z"}, 12, 2, [0.1]
        )
        trial.update_eval(*({"a@0": 1.0 * k, "a@1": 2.0 * k} for k in (1, 2, 3)))
        results = lib.ArchResults(7, "z")
        results.update("mine", 12, trial)
        return results, repr(results), repr(trial), trial.get_train(), trial.get_eval("a"), trial.get_net_param(True)

    agree(made_by_hand, *BOTH)
    for method in ("get_total_epoch", "get_dataset_names", "arch_idx_str", "clear_params", "state_dict", "__repr__"):
        agree(lambda lib, m=method: getattr(lib.ArchResults(7, "z"), m)(), *BOTH)
    for wrong in ({}, {"a": 1}, None, 5, "nowhere.pickle", {"all_results": None}):
        agree(lambda lib, w=wrong: lib.ArchResults.create_from_state_dict(w), *BOTH)
    for wrong in ({"a": 1}, None, 5):
        agree(lambda lib, w=wrong: lib.ResultsCount.create_from_state_dict(w).name, *BOTH)


@pytest.mark.parametrize("from_store", [False, True])
def test_objects_of_the_dictionary_are_live(odd: Odd, tmp_path: Path, from_store: bool) -> None:
    """Whatever a program changes in them, both APIs then answer the same; what it left alone a store answers for."""
    name, base = odd
    given: Any = base
    if from_store:
        folder = write_folder(tmp_path / "archive", SPACES[name], base["arch2infos"])
        given = convert(folder, tmp_path / "store.h5", jobs=1)
    pair = Pair(nats_bench.create(base, name, verbose=False), natsbin.create(given, name, verbose=False))
    pair.ours.filename = None
    rng = random.Random(6)
    random.seed(5)
    stream = Stream(pair, SPACES[name], list(base["arch2infos"]), rng)
    stream.datasets = (*DATASETS, "new")
    for _ in range(16):
        change, index = CHANGES[rng.choice(list(CHANGES))], rng.choice(list(base["arch2infos"]))
        hp = rng.choice(list(SPACES[name].epochs))
        for api in (pair.theirs, pair.ours):
            ask(lambda api=api, change=change, i=index, hp=hp: change(api.arch2infos_dict[i][hp]))
        stream.ask(8)
    assert pair.differences == []


def test_answers_follow_a_change_in_an_archive(genuine: tuple[str, Path]) -> None:
    name, folder = genuine
    api = natsbin.create(benchmark(folder), name, verbose=False)
    before = api.get_more_info(11, "cifar100", hp="12", is_random=False)["train-accuracy"]
    copied = api.query_by_index(11, "cifar100", hp="12")
    for trial in copied.values():
        trial.train_acc1es[11] = 0.0
    assert api.get_more_info(11, "cifar100", hp="12", is_random=False)["train-accuracy"] == before
    for trial in api.arch2infos_dict[11]["12"].query("cifar100").values():
        trial.train_acc1es[11] = 0.0
    assert api.get_more_info(11, "cifar100", hp="12", is_random=False)["train-accuracy"] == 0.0
