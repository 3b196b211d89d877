"""``NASBench201API`` answers, prints, raises and draws as ``nas_201_api`` 2.1, over a dict and over a store."""

from __future__ import annotations

import itertools
import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.nas_bench_201 import Pair201, ask, difference, open_pair
from support.questions import Cell

import natsbin
from natsbin.api201 import means
from natsbin.spaces import DATASETS, TSS
from natsbin.synthetic.nas_bench_201 import make_dict

pytest.importorskip("torch")  # the original imports it
INDEXES = (1, 3, 11, 20, 21, 22)  # 11 has trainings without times; 20, 21, 22 lack latencies, each in its way
ABSENT = 100
HPS: tuple[Any, ...] = ("12", "200", 12, "5")
SETS = ("train", "valid", "test", "x-valid", "x-test", "ori-test", "nowhere")


@pytest.fixture(scope="module")
def benchmark() -> dict[str, Any]:
    return make_dict(INDEXES, irregular=True)


@pytest.fixture(scope="module")
def store(benchmark: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> natsbin.Store:
    from natsbin.archive.torch_file import END, HEAD

    path = tmp_path_factory.mktemp("api201") / "made.pth"
    path.write_bytes(HEAD + pickle.dumps(benchmark, 2) + END)
    return natsbin.open_store(natsbin.convert(path, path.with_suffix(".h5")))


@pytest.fixture(params=["dict", "store"])
def pair(request: pytest.FixtureRequest, benchmark: dict[str, Any], store: natsbin.Store) -> Iterator[Pair201]:
    random.seed(201)
    pair = open_pair(benchmark, store if request.param == "store" else None, verbose=False)
    yield pair
    assert pair.asked
    assert not pair.differences, f"{len(pair.differences)} of {pair.asked}: " + "\n".join(pair.differences[:5])


def questions(index: int, named: tuple[Any, ...], epochs: tuple[Any, ...], choices: tuple[Any, ...]) -> Iterator[Any]:
    for hp, dataset in itertools.product(HPS, (*DATASETS, "nowhere")):
        for arch in named if hp == "200" else named[:1]:
            for epoch, choice in itertools.product(epochs, choices):
                yield "get_more_info", (arch, dataset, epoch, hp, choice), {}
            yield "simulate_train_eval", (arch, dataset, hp), {}
            yield "simulate_train_eval", (arch, dataset), {"hp": hp, "account_time": False}
        yield "get_cost_info", (index, dataset, hp), {}
        yield "get_latency", (index, dataset), {"hp": hp}
        yield "query_by_index", (index, dataset, hp), {}
        yield "get_net_config", (index, dataset), {}
        for seed in (None, 777, 5):
            yield "get_net_param", (index, dataset, seed, hp), {}
    for hp in HPS:
        yield "query_by_index", (index,), {"hp": hp}
        yield "query_meta_info_by_index", (index, hp), {}
        for arch in named:
            yield "query_info_str_by_arch", (arch, hp), {}
            yield "query_by_arch", (arch, hp), {}
    for arch in named:
        yield "query_index_by_arch", (arch,), {}
    if index >= 0:  # all of them: see test_show_of_all_works
        yield "show", (index,), {}
    yield "arch", (index,), {}
    yield "get_cost_info", (named[-1], "cifar10"), {}


@pytest.mark.parametrize("index", [1, 11, 20, 21, ABSENT, -1, 99_999])
def test_questions_about_an_architecture(pair: Pair201, index: int) -> None:
    string = TSS.architectures[index] if 0 <= index < len(TSS) else "nowhere"
    named = (index, string, Cell(string))
    for method, args, kwargs in questions(index, named, (None, 0, 12, 200), (False, True, 777, 5)):
        pair.call(method, *args, **kwargs)


def test_verbose(benchmark: dict[str, Any], store: natsbin.Store) -> None:
    for source in (None, store):
        pair = open_pair(benchmark, source, verbose=True)
        for index in (1, ABSENT):
            for method, args, kwargs in questions(index, (index, TSS.architectures[index]), (None,), (False, True)):
                pair.call(method, *args, **kwargs)
        pair.call("find_best", "cifar10", "valid")
        pair.call("find_best", "cifar10", "valid", 0)
        pair.call("statistics", "cifar10", "12")
        pair.call("clear_params", 1)
        assert not pair.differences, pair.differences[:5]


def test_questions_about_all(pair: Pair201) -> None:
    for dataset, setname, hp in itertools.product((*DATASETS, "nowhere"), SETS, HPS):
        pair.call("find_best", dataset, setname, hp=hp)
        pair.call("find_best", dataset, setname, 30.0, 0.4, hp)
        pair.call("find_best", dataset, setname, FLOP_max=0, hp=hp)
        pair.call("statistics", dataset, hp)
    for method in ("random", "__len__", "reset_time"):
        pair.call(method)
    for name in ("used_time", "verbose", "evaluated_indexes", "archstr2index", "meta_archs"):
        pair.ask(lambda api, name=name: getattr(api, name), name)
    for given in (TSS.architectures[1], "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"):
        pair.call("str2lists", given)
        pair.call("str2matrix", given)
    pair.ask(lambda api: api[3], "[3]")
    pair.ask(lambda api: [api.arch2infos_dict[1]["200"].get_metrics("cifar10", "train"), *api.arch2infos_dict], "infos")


def test_without_limits_on_regular_architectures(tmp_path: Path) -> None:
    benchmark = make_dict([1, 2, 3, 4])
    from natsbin.archive.torch_file import END, HEAD

    path = tmp_path / "made.pth"
    path.write_bytes(HEAD + pickle.dumps(benchmark, 2) + END)
    pair = open_pair(benchmark, natsbin.open_store(natsbin.convert(path, tmp_path / "made.h5")), verbose=False)
    for dataset, setname, hp in itertools.product(DATASETS, SETS, HPS):
        pair.call("find_best", dataset, setname, None, None, hp)
        pair.call("find_best", dataset, setname, 60.0, 0.6, hp)
    assert not pair.differences, pair.differences[:5]


def test_what_programs_change(pair: Pair201) -> None:
    for args in ((1,), (3, "12"), (3, "5"), (ABSENT,)):
        pair.call("clear_params", *args)
    pair.call("query_by_index", 1)

    def slower(api: Any) -> Any:
        api.arch2infos_dict[1]["12"].reset_latency("cifar10", None, 0.5)
        api.arch2infos_dict[1]["200"].reset_pseudo_train_times("cifar10-valid", None, 3.0)
        return api.get_latency(1, "cifar10"), api.simulate_train_eval(1, "cifar10", "200")

    pair.ask(slower, "a program's own latency and times")


OPENED: list[Any] = [5, {}, {"meta_archs": []}, {"meta_archs": [], "arch2infos": {}}, "/nowhere", None]


@pytest.mark.parametrize("given", OPENED)
def test_what_is_no_benchmark(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from nas_201_api import NASBench201API as Original

    monkeypatch.delenv("TORCH_HOME", raising=False)
    theirs, ours = ask(lambda: Original(given)), ask(lambda: natsbin.NASBench201API(given))
    assert theirs.error is not None
    assert difference(theirs, ours) is None


def test_show_of_all_works(store: natsbin.Store) -> None:
    """The original prints the first heading, then raises a KeyError."""
    api = natsbin.NASBench201API(store, verbose=False)
    shown = ask(lambda: [api.show(index) for index in (1, 3)])
    api.evaluated_indexes = [1, 3]
    everything = ask(lambda: api.show(-1))
    assert everything.error is None
    for part in shown.printed.split("<" * 40):
        assert part.strip() in everything.printed


def test_opening_by_path_and_torch_home(store: natsbin.Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = store.path.with_suffix(".pth")
    place = tmp_path / "NAS-Bench-201-v1_1-096897.pth"
    api = natsbin.NASBench201API(str(path), verbose=False)
    assert (api.filename, api.evaluated_indexes) == ("made.pth", list(INDEXES))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="invalid path"):
        natsbin.NASBench201API(None)
    place.with_suffix(".h5").write_bytes(store.path.read_bytes())
    found = ask(lambda: natsbin.NASBench201API().get_latency(1, "cifar10"))
    assert found.printed.startswith("Try to use the default NAS-Bench-201 path from ")
    assert found.value == api.get_latency(1, "cifar10")


def test_what_version_1_had(store: natsbin.Store) -> None:
    api = natsbin.NASBench201API(store, verbose=False)
    assert api.arch2infos_less[1].get_total_epoch() == 12
    assert [api.arch2infos_full[1].get_total_epoch(), len(api.arch2infos_full), *api.arch2infos_full][:3] == [200, 6, 1]
    for hp, less in (("12", True), ("200", False)):
        for method, *args in (
            ("get_more_info", 1, "cifar10", None, hp, False),
            ("find_best", "cifar100", "valid", 200.0, 2.0, hp),
            ("get_net_param", 1, "cifar10", None, hp),
        ):
            ask_them = getattr(api, method)
            asked = ask(lambda args=args, call=ask_them: call(*args))
            said = [less if one is hp else one for one in args]
            older = ask(lambda said=said, call=ask_them: call(*said))
            assert difference(asked, older) is None
        assert api.get_latency(1, "cifar10", use_12epochs_result=less) == api.get_latency(1, "cifar10", hp)
        assert api.query_by_arch(1, use_12epochs_result=less) == api.query_by_arch(1, hp)
    with pytest.raises(TypeError, match="misses the argument hp"):
        api.query_by_arch(1)


def test_batches_and_pickles(store: natsbin.Store) -> None:
    """Batches add as the built-in ``sum``, which is numpy's way up to Python 3.11."""
    api = natsbin.NASBench201API(store, verbose=False)
    for dataset in DATASETS:
        values = api.batch.get_more_info(np.array([1, 3]), dataset, hp="200", is_random=False)["train-accuracy"]
        for value, index in zip(values.tolist(), [1, 3], strict=True):
            seeds = api.query_by_index(index, dataset, hp="200")
            trials = [api.get_more_info(index, dataset, None, "200", seed)["train-accuracy"] for seed in seeds]
            assert value == sum(trials) / len(trials)
            if means.PLAIN:
                assert value == api.get_more_info(index, dataset, None, "200", False)["train-accuracy"]
    index, _ = api.batch.find_best("cifar10", "valid", hp="200")
    assert index in INDEXES
    again = pickle.loads(pickle.dumps(api))
    assert again.get_more_info(1, "cifar100", None, "200", 777) == api.get_more_info(1, "cifar100", None, "200", 777)
    assert again.arch2infos_less[3].get_total_epoch() == 12
