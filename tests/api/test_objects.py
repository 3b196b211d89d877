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
from support.oracle import Pair, ask, difference, plain
from support.oracle_archives import benchmark, varied_benchmark, write_folder
from support.oracle_questions import DATASETS, SEEDS, SETS, WRONG_SEED, Stream

import natsbin
from natsbin.api.structure import topology_str2structure
from natsbin.roads.convert import convert
from natsbin.spaces import SPACES
from natsbin.synthetic import make_archive

EPOCHS = (None, 0, 1, 5, 11, 12, 89, 199, 200, -1, 1.5, "3")


@pytest.fixture(scope="module", params=["tss", "sss"])
def odd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """A space's name and a benchmark dict where no two numbers are alike, with values missing here and there."""
    folder = tmp_path_factory.mktemp("odd") / "archive"
    make_archive(folder, SPACES[request.param], [0, 3], seed=9, jobs=1)
    return request.param, varied_benchmark(folder, [3, 5, 8, 14], seed=4)


def agree(question: Callable[[Any, Any], Any], theirs: Any, ours: Any) -> None:
    """Ask about an object of each library, with that library, and compare."""
    state = random.getstate()
    first = ask(lambda: question(theirs, nats_bench))
    random.setstate(state)
    second = ask(lambda: question(ours, natsbin))
    assert difference(first, second) is None


def records(base: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for record in base["arch2infos"].values():
        yield from record.values()


def test_every_method_of_archresults(odd: tuple[str, dict[str, Any]]) -> None:
    for state in itertools.islice(records(odd[1]), 4):
        theirs = nats_bench.ArchResults.create_from_state_dict(copy.deepcopy(state))
        ours = natsbin.ArchResults.create_from_state_dict(copy.deepcopy(state))
        for method in ("arch_idx_str", "get_dataset_names", "get_total_epoch", "debug_test", "__repr__", "state_dict"):
            agree(lambda it, _, method=method: getattr(it, method)(), theirs, ours)
        for dataset in (*DATASETS, "nowhere"):
            for method in ("get_compute_costs", "get_latency", "get_dataset_seeds", "get_total_epoch", "query"):
                agree(lambda it, _, m=method, d=dataset: getattr(it, m)(d), theirs, ours)
            for seed in (None, *SEEDS, WRONG_SEED, "777"):
                agree(lambda it, _, d=dataset, s=seed: it.query(d, s), theirs, ours)
                agree(lambda it, _, d=dataset, s=seed: it.get_net_param(d, s), theirs, ours)
            for name, epoch in zip(SETS, (None, 0, 11, 3, 500, 1, 7), strict=True):
                for choice in (False, True, 777, WRONG_SEED, 0, "777", None):
                    agree(lambda it, _, d=dataset, n=name, e=epoch, c=choice: it.get_metrics(d, n, e, c), theirs, ours)


def test_every_method_of_resultscount(odd: tuple[str, dict[str, Any]]) -> None:
    for state in itertools.islice(records(odd[1]), 4):
        for trial in list(state["all_results"].values())[:4]:
            theirs = nats_bench.ResultsCount.create_from_state_dict(copy.deepcopy(trial))
            ours = natsbin.ResultsCount.create_from_state_dict(copy.deepcopy(trial))
            for method in ("get_latency", "get_total_epoch", "get_times", "get_eval_set", "get_net_param", "__repr__"):
                agree(lambda it, _, method=method: getattr(it, method)(), theirs, ours)
            for epoch in EPOCHS:
                agree(lambda it, _, e=epoch: it.judge_valid(e), theirs, ours)
                agree(lambda it, _, e=epoch: it.get_train(e), theirs, ours)
                for name in SETS[1:]:
                    agree(lambda it, _, n=name, e=epoch: it.get_eval(n, e), theirs, ours)
            for function in (None, str.upper, topology_str2structure):
                agree(lambda it, _, f=function: it.get_config(f), theirs, ours)
            agree(lambda it, _: it.state_dict(), theirs, ours)


CHANGES: dict[str, Callable[[Any, Any], Any]] = {
    "train times gone": lambda it, _: setattr(first(it), "train_times", None),
    "last train times gone": lambda it, _: setattr(last(it), "train_times", None),
    "eval times gone": lambda it, _: setattr(first(it), "eval_times", None),
    "eval times empty": lambda it, _: setattr(first(it), "eval_times", {}),
    "evaluations forgotten": lambda it, _: first(it).reset_eval(),
    "latency gone": lambda it, _: setattr(first(it), "latency", None),
    "latency set": lambda it, _: it.reset_latency("cifar10", None, 0.5),
    "latency of one": lambda it, _: first(it).update_latency([0.1, 0.7]),
    "train times set": lambda it, _: it.reset_pseudo_train_times("cifar100", None, 0.1),
    "eval times set": lambda it, _: it.reset_pseudo_eval_times("cifar100", None, "x-valid", 0.3),
    "unknown eval times": lambda it, _: it.reset_pseudo_eval_times("cifar100", None, "nowhere", 0.3),
    "unknown seed": lambda it, _: it.reset_pseudo_train_times("cifar100", WRONG_SEED, 0.1),
    "flop changed": lambda it, _: setattr(first(it), "flop", 5.0),
    "seed unlisted": lambda it, _: it.dataset_seed["cifar10"].pop(),
    "trial removed": lambda it, _: it.all_results.pop(("cifar10", it.dataset_seed["cifar10"][0])),
    "dataset added": lambda it, _: it.update("new", 3, first(it)),
    "seed added twice": lambda it, _: it.update("cifar10", it.dataset_seed["cifar10"][0], first(it)),
    "other epochs": lambda it, _: setattr(first(it), "epochs", 3),
    "an accuracy gone": lambda it, _: first(it).train_acc1es.pop(0),
    "weights cleared": lambda it, _: it.clear_params(),
    "datasets reordered": lambda it, _: setattr(it, "dataset_seed", dict(reversed(it.dataset_seed.items()))),
    "config gone": lambda it, _: setattr(first(it), "arch_config", {}),
    "trained again": lambda it, _: first(it).update_train_info({0: 1.0}, None, {0: 2.0}, {0: 3.0}),
    "evaluated again": lambda it, _: first(it).update_eval({"ori-test@0": 1.0}, {}, {}),
    "evaluated anew": lambda it, _: first(it).update_eval({"new@0": 1.0}, {"new@0": 1.0}, {"new@0": 1.0}),
    "evaluated as of old": lambda it, _: first(it).update_OLD_eval("old", {0: 1.0}, {0: 2.0}),
    "foreign attribute": lambda it, _: setattr(it, "note", "mine"),
}


def first(results: Any) -> Any:
    return results.all_results["cifar10", results.dataset_seed["cifar10"][0]]


def last(results: Any) -> Any:
    return results.all_results["cifar10", results.dataset_seed["cifar10"][-1]]


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_the_same(odd: tuple[str, dict[str, Any]], change: str) -> None:
    state = odd[1]["arch2infos"][5]["12"]
    theirs = nats_bench.ArchResults.create_from_state_dict(copy.deepcopy(state))
    ours = natsbin.ArchResults.create_from_state_dict(copy.deepcopy(state))
    agree(CHANGES[change], theirs, ours)
    for question in (
        lambda it, _: it.state_dict(),
        lambda it, _: it.get_compute_costs("cifar10"),
        lambda it, _: it.get_metrics("cifar10", "train", 1),
        lambda it, _: it.get_metrics("cifar10", "ori-test"),
        lambda it, _: it.get_total_epoch(),
        lambda it, _: repr(it),
        lambda it, lib: lib.ArchResults.create_from_state_dict(it.state_dict()),
    ):
        agree(question, theirs, ours)


def test_records_round_trip(odd: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    for state in records(odd[1]):
        ours = natsbin.ArchResults.create_from_state_dict(copy.deepcopy(state))
        assert plain(ours.state_dict()["all_results"].keys()) == plain(state["all_results"].keys())
        for key, trial in state["all_results"].items():
            assert {k: plain(v) for k, v in ours.state_dict()["all_results"][key].items()} == {
                k: plain(v) for k, v in trial.items()
            }
    natsbin.pickle_save(state, tmp_path / "one.pickle")
    again = natsbin.ArchResults.create_from_state_dict(str(tmp_path / "one.pickle"))
    assert plain(again) == plain(ours)
    other = natsbin.ArchResults(-1, "nothing")
    other.load_state_dict(again.state_dict())
    assert plain(other) == plain(ours)


def test_records_made_by_hand() -> None:
    def made(_: Any, lib: Any) -> Any:
        trial = lib.ResultsCount(
            "mine", {"w": 1}, {0: 5.0, 1: 6.0}, {0: 1.0, 1: 2.0}, 1.5, 2.5, {"arch_str": "z"}, 12, 2, [0.1]
        )
        trial.update_eval(*({"a@0": 1.0 * k, "a@1": 2.0 * k} for k in (1, 2, 3)))
        results = lib.ArchResults(7, "z")
        results.update("mine", 12, trial)
        return results, repr(results), repr(trial), trial.get_train(), trial.get_eval("a"), trial.get_net_param(True)

    agree(made, None, None)
    for method in ("get_total_epoch", "get_dataset_names", "arch_idx_str", "clear_params", "state_dict", "__repr__"):
        agree(lambda _, lib, m=method: getattr(lib.ArchResults(7, "z"), m)(), None, None)
    for wrong in ({}, {"a": 1}, None, 5, "nowhere.pickle", {"all_results": None}):
        agree(lambda _, lib, w=wrong: lib.ArchResults.create_from_state_dict(w), None, None)
    for wrong in ({"a": 1}, None, 5):
        agree(lambda _, lib, w=wrong: lib.ResultsCount.create_from_state_dict(w).name, None, None)


@pytest.mark.parametrize("from_store", [False, True])
def test_objects_of_the_dictionary_are_live(odd: tuple[str, dict[str, Any]], tmp_path: Path, from_store: bool) -> None:
    """Whatever a program changes in them, both APIs then answer the same; what it left alone a store answers for."""
    name, base = odd
    given: Any = base
    if from_store:
        write_folder(base, tmp_path / "archive")
        given = convert(tmp_path / "archive", tmp_path / "store.h5")
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
            ask(lambda api=api, change=change, i=index, hp=hp: change(api.arch2infos_dict[i][hp], None))
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
