"""Full archives opened by their path: weights are read from the archive itself, whether it was converted or not."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="weights are tensors")

import nats_bench  # noqa: E402
from support.files import make_tar, record_path, write_folder  # noqa: E402
from support.full import INDEXES, make_full, record, same_weights  # noqa: E402
from support.oracle import Pair  # noqa: E402

import natsbin  # noqa: E402
from natsbin import convert  # noqa: E402
from natsbin.archive import is_full  # noqa: E402
from natsbin.archive.files import FilesArchive  # noqa: E402
from natsbin.archive.simplify import simplify  # noqa: E402
from natsbin.errors import ArchiveError, NoWeightsWarning  # noqa: E402
from natsbin.spaces import SSS  # noqa: E402


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A full archive with nothing beside it."""
    return make_full(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def converted(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its store, which has no weights, where ``create`` looks for it."""
    archive = Path(shutil.copytree(full, tmp_path_factory.mktemp("converted") / full.name))
    convert(archive, archive.with_name(f"{archive.name}.h5"), jobs=1)
    return archive


@pytest.fixture(params=["in place", "converted"])
def archive(request: pytest.FixtureRequest, full: Path, converted: Path) -> Path:
    return full if request.param == "in place" else converted


def trained(index: int) -> list[tuple[str, str, int, bool]]:
    """Each training of an architecture, and whether it has weights."""
    return [
        (hp, dataset, seed, trial["net_state_dict"] is not None)
        for hp, state in record(index).items()
        for (dataset, seed), trial in state["all_results"].items()
    ]


@pytest.mark.filterwarnings("ignore::natsbin.errors.NoWeightsWarning")
@pytest.mark.parametrize("fast_mode", [True, False])
def test_equal_to_the_original(archive: Path, fast_mode: bool) -> None:
    beside = sorted(archive.parent.iterdir())
    theirs = nats_bench.create(str(archive), "sss", fast_mode=True, verbose=False)
    ours = natsbin.create(archive, "sss", fast_mode=fast_mode, verbose=False)
    with_weights = 0
    for index in INDEXES:
        for hp, dataset, seed, has_weights in trained(index):
            expected = theirs.get_net_param(index, dataset, seed, hp)
            found = ours.get_net_param(index, dataset, seed, hp)
            assert (expected is not None) == (found is not None) == has_weights
            with_weights += has_weights
            if has_weights:
                assert same_weights(found, expected)
                assert same_weights(ours.get_net_param(index, dataset, None, hp)[seed], expected)
    assert with_weights > 50
    assert sorted(archive.parent.iterdir()) == beside


@pytest.mark.filterwarnings("ignore::natsbin.errors.NoWeightsWarning")
def test_other_answers_are_those_of_the_original(archive: Path) -> None:
    pair = Pair(
        nats_bench.create(str(archive), "sss", fast_mode=True, verbose=False),
        natsbin.create(archive, "sss", fast_mode=True, verbose=False),
    )
    for index in INDEXES:
        for hp, dataset, seed, _ in trained(index):
            pair.call("get_more_info", index, dataset, None, hp, False)
            pair.call("get_cost_info", index, dataset, hp)
            pair.call("get_net_config", index, dataset)
            pair.ask(lambda api, key=(index, hp): repr(api.arch2infos_dict[key[0]][key[1]]))
            pair.ask(lambda api, key=(index, hp, dataset, seed): list(
                api.query_by_index(key[0], key[2], key[1])[key[3]].state_dict()
            ))  # fmt: skip
        pair.call("simulate_train_eval", index, "cifar100", None, "12")
        pair.call("query_info_str_by_arch", index, "12")
        pair.call("get_net_param", index, "nowhere", 777, "12")
        pair.call("get_net_param", index, "cifar10", 5, "12")
    pair.call("get_more_info", 1, "cifar10", None, "12", False)
    pair.call("clear_params", 3)
    pair.call("get_net_param", 3, "cifar10", 777, "12")
    pair.ask(lambda api: repr(api.arch2infos_dict[3]["12"]))
    assert pair.differences == []


def test_opening_reads_no_record(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: Any, index: int) -> Any:
        raise AssertionError(index)

    monkeypatch.setattr(FilesArchive, "read", read)
    monkeypatch.setattr("natsbin.roads.convert.convert", read)
    api = natsbin.create(archive, "sss", fast_mode=True, verbose=False)
    assert (len(api), api.arch(9), api.avaliable_hps) == (32768, SSS.architectures[9], [])


def test_a_training_without_weights(archive: Path) -> None:
    api = natsbin.create(archive, "sss", fast_mode=True, verbose=False)
    hp, dataset, seed, _ = next(training for training in trained(20) if not training[3])
    assert [training for training in trained(20) if training[:2] == (hp, dataset)] == [(hp, dataset, seed, False)]
    told = f"no trained weights in {archive} of architecture 20, hp {hp}, on {dataset}: only of others"
    with pytest.warns(NoWeightsWarning) as warned:
        assert api.get_net_param(20, dataset, seed, hp) is None
    assert [str(one.message) for one in warned] == [told]


def test_tensors_are_the_caller_s_own(archive: Path) -> None:
    api = natsbin.create(archive, "sss", fast_mode=True, verbose=False)
    api.get_net_param(3, "cifar100", 777, "90")["stem.weight"].zero_()
    again = api.get_net_param(3, "cifar100", 777, "90")
    assert again["stem.weight"].all()
    for other in (pickle.loads(pickle.dumps(api)), pickle.loads(pickle.dumps(api.arch2infos_dict[3]["90"]))):
        ask = other.get_net_param
        assert same_weights(ask(3, "cifar100", 777, "90") if hasattr(other, "arch2infos_dict") else
                            ask("cifar100", 777), again)  # fmt: skip


@pytest.mark.parametrize("inner", ["", "folder"])
def test_a_tar(full: Path, tmp_path: Path, inner: str) -> None:
    tar = make_tar(full, tmp_path / f"{full.name}.tar", inner)
    api = natsbin.create(tar, "sss", fast_mode=True, verbose=False)
    expected = nats_bench.create(str(full), "sss", fast_mode=True, verbose=False).get_net_param(9, "cifar10", 777, "90")
    assert same_weights(api.get_net_param(9, "cifar10", 777, "90"), expected)
    assert list(tmp_path.iterdir()) == [tar]


def test_what_is_full(full: Path, tmp_path: Path) -> None:
    """What is in it decides, not its name."""
    states = record(3)
    renamed = write_folder(tmp_path / "renamed", SSS, {3: states})
    simplify(states)
    simple = write_folder(tmp_path / full.name, SSS, {3: states})
    cut = write_folder(tmp_path / "cut", SSS, {})
    record_path(cut, 3).write_bytes(record_path(simple, 3).read_bytes()[:-20])
    archives = {full: True, renamed: True, simple: False, cut: False, tmp_path: False, tmp_path / "absent": False}
    assert {path: is_full(path) for path in archives} == archives


def test_a_damaged_record(full: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(full, tmp_path / full.name))
    record_path(copy, 9).write_bytes(record_path(copy, 9).read_bytes()[:-100])
    api = natsbin.create(copy, "sss", fast_mode=True, verbose=False)
    assert api.get_net_param(3, "cifar100", 777, "90") is not None
    with pytest.raises(ArchiveError, match=r"000009\.pickle\.pbz2: cut short"):
        api.get_net_param(9, "cifar10", 777, "90")


def test_batches_need_a_store(full: Path) -> None:
    api = natsbin.create(full, "sss", verbose=False)
    with pytest.raises(natsbin.errors.QuestionError, match="need a store: natsbin convert"):
        _ = api.batch
