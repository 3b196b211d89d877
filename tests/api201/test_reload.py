"""``reload`` of an architecture from its own file, with its trained weights, as ``nas_201_api`` 2.1 does it."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.nas_bench_201 import Pair201, open_pair
from support.paths import run_python

import natsbin
from natsbin.archive.torch_file import END, HEAD
from natsbin.spaces import DATASETS
from natsbin.synthetic.nas_bench_201 import CONTAINERS, make_dict, make_nas_bench_201

torch = pytest.importorskip("torch")

from support.full import same_weights  # noqa: E402  (it needs torch)

INDEX = 3  # a small network
KEY = ("cifar10", 777)


@pytest.fixture(scope="module")
def benchmark() -> dict[str, Any]:
    return make_dict([1, INDEX])


@pytest.fixture(scope="module")
def store(benchmark: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> natsbin.Store:
    path = tmp_path_factory.mktemp("api201") / "made.pth"
    path.write_bytes(HEAD + pickle.dumps(benchmark, 2) + END)
    return natsbin.open_store(natsbin.convert(path, path.with_suffix(".h5")))


@pytest.fixture(scope="module", params=CONTAINERS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_nas_bench_201(tmp_path_factory.mktemp("archive"), [INDEX], folder=True, container=request.param)


@pytest.fixture(params=["dict", "store"])
def pair(
    request: pytest.FixtureRequest, benchmark: dict[str, Any], store: natsbin.Store, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pair201]:
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: load(*args, **kwargs, weights_only=False))
    pair = open_pair(benchmark, store if request.param == "store" else None, verbose=False)
    yield pair
    assert not pair.differences, f"{len(pair.differences)} of {pair.asked}: " + "\n".join(pair.differences[:5])


def ask_for_weights(pair: Pair201) -> None:
    for hp, dataset, seed in itertools.product(("12", "200", "5"), (*DATASETS, "nowhere"), (None, 777, 5)):
        pair.call("get_net_param", INDEX, dataset, seed, hp)


def test_weights(pair: Pair201, folder: Path) -> None:
    pair.call("reload", str(folder), INDEX)
    ask_for_weights(pair)
    assert same_weights(*(api.get_net_param(INDEX, *KEY, "200") for api in (pair.ours, pair.theirs)))
    pair.call("query_by_index", INDEX, "cifar100", "200")
    pair.call("query_meta_info_by_index", INDEX, "12")
    for dataset in DATASETS:
        pair.call("get_more_info", INDEX, dataset, None, "200", False)
        pair.call("get_cost_info", INDEX, dataset, "12")
    pair.call("clear_params", INDEX, "12")
    ask_for_weights(pair)
    pair.call("clear_params", INDEX)
    ask_for_weights(pair)
    pair.call("query_by_index", INDEX, "cifar10", "200")


def test_tensors_are_the_programs_own(pair: Pair201, folder: Path) -> None:
    """Those of a copy change with it alone; those of the object in the dictionary stay changed."""
    pair.call("reload", str(folder), INDEX)

    def change(weights: Any) -> Any:
        next(iter(weights.values())).zero_()
        return weights

    pair.ask(lambda api: change(api.get_net_param(INDEX, *KEY, "200")), "a copy changed")
    pair.call("get_net_param", INDEX, *KEY, "200")
    trial = "the object's own changed"
    pair.ask(lambda api: change(api.arch2infos_dict[INDEX]["200"].query(*KEY).net_state_dict), trial)
    pair.call("get_net_param", INDEX, *KEY, "200")
    pair.ask(lambda api: change(api.arch2infos_dict[INDEX]["200"].query(*KEY).get_net_param(clone=True)), "a clone")
    pair.call("get_net_param", INDEX, None, 777, "12")


def test_files_without_weights(pair: Pair201, benchmark: dict[str, Any], tmp_path: Path) -> None:
    for index, legacy in ((1, True), (INDEX, False)):
        path = tmp_path / f"{index:06d}-FULL.pth"
        torch.save(benchmark["arch2infos"][index], path, _use_new_zipfile_serialization=not legacy)
        pair.ask(lambda api: api.arch2infos_dict[1].clear(), "forget")
        pair.call("reload", str(tmp_path), index)
        pair.call("get_more_info", index, "cifar10", None, "200", False)
        pair.call("get_net_param", index, *KEY, "200")


def test_what_is_not_there(
    pair: Pair201, benchmark: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save({"full": benchmark["arch2infos"][1]["full"]}, tmp_path / "000001-FULL.pth")
    for place, index in ((str(tmp_path), 1), (str(tmp_path), 11), (str(tmp_path), 99_999), ("/nowhere", 1)):
        pair.call("reload", place, index)
    pair.call("reload", str(tmp_path))
    monkeypatch.delenv("TORCH_HOME", raising=False)
    pair.call("reload", None, 1)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    pair.call("reload", None, 1)


def test_pickles_have_the_weights(store: natsbin.Store, folder: Path) -> None:
    api = natsbin.NASBench201API(store, verbose=False)
    api.reload(folder, INDEX)
    again = pickle.loads(pickle.dumps(api))
    assert same_weights(again.get_net_param(INDEX, *KEY, "200"), api.get_net_param(INDEX, *KEY, "200"))


def test_values_need_no_torch(store: natsbin.Store, folder: Path) -> None:
    program = (
        "import sys, natsbin\n"
        "api = natsbin.NASBench201API(sys.argv[1], verbose=False)\n"
        f"api.reload(sys.argv[2], {INDEX})\n"
        f"assert api.get_more_info({INDEX}, 'cifar10', None, '200', False)\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = run_python(program, store.path, folder)
    assert done.returncode == 0, done.stderr
