"""Trained weights through the API: as nats_bench gives them from the same full archive, into networks of ours."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="weights are tensors")

import nats_bench  # noqa: E402
from support.full import same_weights  # noqa: E402
from support.made import Made  # noqa: E402
from support.oracle import Pair  # noqa: E402

import natsbin  # noqa: E402
from natsbin import convert_weights  # noqa: E402
from natsbin.errors import NoWeightsWarning, StoreError  # noqa: E402
from natsbin.models import get_cell_based_tiny_net  # noqa: E402
from natsbin.spaces import SSS, TSS, SearchSpace  # noqa: E402
from natsbin.weights import open_weights  # noqa: E402

INDEX = {"sss": 0, "tss": TSS.architectures.index("|none~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|")}
LONG = {"sss": "90", "tss": "200"}


Full = tuple[SearchSpace, Path, Path]


@pytest.fixture(scope="module")
def full(space: SearchSpace, made: Made, tmp_path_factory: pytest.TempPathFactory) -> Full:
    """A space, a full archive of its smallest network, and the store with weights that was made of it."""
    folder = tmp_path_factory.mktemp(space.name)
    archive = made.archive(space, [INDEX[space.name]], kind="full")
    archive = Path(shutil.copytree(archive, folder / f"{space.archive_name}-full"))
    convert_weights(archive, folder / "store.h5", jobs=1)
    return space, archive, folder / "store.h5"


@pytest.fixture
def pair(full: Full) -> Iterator[Any]:
    """nats_bench on the full archive, natsbin on its store."""
    space, archive, store = full
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield (
            nats_bench.create(str(archive), space.name, fast_mode=True, verbose=False),
            natsbin.create(store, space.name, fast_mode=True, verbose=False),
        )


def test_equal_to_the_original(full: Full, pair: Any) -> None:
    theirs, ours = pair
    index = INDEX[full[0].name]
    theirs.get_net_config(index, "cifar10")
    count = 0
    for hp, results in theirs.arch2infos_dict[index].items():
        for dataset in results.get_dataset_names():
            every = theirs.get_net_param(index, dataset, None, hp)
            mine = ours.get_net_param(index, dataset, None, hp)
            assert type(mine) is dict
            assert list(mine) == list(every) == results.get_dataset_seeds(dataset)
            for seed, weights in every.items():
                assert same_weights(mine[seed], weights)
                assert same_weights(ours.get_net_param(index, dataset, seed, hp), weights)
                count += 1
    assert count == {"sss": 20, "tss": 5 + 4 * len(results.get_dataset_seeds("cifar10"))}[full[0].name]


def test_as_in_the_documentation_of_the_original(full: Full, pair: Any) -> None:
    ours, hp, index = pair[1], LONG[full[0].name], INDEX[full[0].name]
    network = get_cell_based_tiny_net(ours.get_net_config(index, "cifar10"))
    params = ours.get_net_param(index, "cifar10", 777, hp)
    assert str(network.load_state_dict(params)) == "<All keys matched successfully>"
    assert same_weights(network.state_dict(), params)
    _, logits = network.eval()(torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)))
    assert logits.isfinite().all()


def test_answers_are_those_of_the_original(full: Full, pair: Any) -> None:
    """Everything but the weights themselves, with `clear` in the text of an object."""
    index, hp = INDEX[full[0].name], LONG[full[0].name]
    both = Pair(*pair)
    both.call("get_more_info", index, "cifar10", None, hp, False)

    def ask_all() -> None:
        both.ask(lambda api: repr(api.arch2infos_dict[index][hp]))
        both.ask(lambda api: list(api.query_by_index(index, "cifar10", hp)[777].state_dict()))
        both.ask(lambda api: type(api.query_by_index(index, "cifar10", hp)[777].net_state_dict).__name__)
        both.ask(lambda api: sorted(api.query_by_index(index, "cifar10", hp)[777].get_net_param(clone=True) or ()))
        both.ask(lambda api: len(api.get_net_param(index, "cifar10-valid", 777, "12") or ()))
        both.ask(lambda api: [one is None for one in api.get_net_param(index, "cifar10", None, hp).values()])
        both.call("get_net_param", index, "cifar10", 5, hp)
        both.call("get_net_param", index, "cifar9", 777, hp)

    ask_all()
    both.call("clear_params", index, hp)
    ask_all()
    both.ask(lambda api: api.reload(None if api is pair[1] else api.archive_dir, index))
    ask_all()
    both.call("clear_params", index)
    ask_all()
    assert both.differences == []


def test_objects_share_and_answers_do_not(full: Full, pair: Any) -> None:
    """As in the original, where every answer is a copy, and an object holds its own."""
    index, hp = INDEX[full[0].name], LONG[full[0].name]
    for api in pair:
        one = api.get_net_param(index, "cifar10", 777, hp)
        for tensor in one.values():
            tensor.zero_()
        assert api.get_net_param(index, "cifar10", 777, hp)["classifier.weight"].any()
        held = api.arch2infos_dict[index][hp].get_net_param("cifar10", 777)
        held["classifier.weight"].zero_()
        assert not api.get_net_param(index, "cifar10", 777, hp)["classifier.weight"].any()
        api.reload(str(api.archive_dir), index)
        assert api.get_net_param(index, "cifar10", 777, hp)["classifier.weight"].any()


@pytest.mark.parametrize("named", [True, False])
def test_reload_from_the_full_archive(full: Full, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool) -> None:
    """Opened without weights; one architecture's come from the archive, named or in $TORCH_HOME, and go again."""
    space, archive, store = full
    index, hp = INDEX[space.name], LONG[space.name]
    monkeypatch.setenv("TORCH_HOME", str(archive.parent))
    alone = Path(shutil.copy(store, tmp_path / "alone.h5"))
    both = Pair(
        nats_bench.create(str(archive), space.name, fast_mode=True, verbose=False),
        natsbin.create(alone, space.name, fast_mode=True, verbose=False),
    )
    both.ask(lambda api: api.reload(str(archive) if named else None, index))
    both.ask(lambda api: repr(api.arch2infos_dict[index][hp]))
    both.call("get_more_info", index, "cifar10", None, hp, False)
    assert both.differences == []
    expected = both.theirs.get_net_param(index, "cifar10", None, hp)
    for _ in range(2):
        found = both.ours.get_net_param(index, "cifar10", None, hp)
        assert list(found) == list(expected)
        assert all(same_weights(found[seed], weights) for seed, weights in expected.items())
        for tensor in found[777].values():
            tensor.zero_()
    both.ask(lambda api: api.clear_params(index))
    both.ask(lambda api: api.get_net_param(index, "cifar10", 777, hp))
    assert both.differences == []
    assert sorted(path.name for path in archive.parent.iterdir()) == [archive.name, "store.h5", "store.weights"]


def test_copies_and_pickles(full: Full, pair: Any) -> None:
    ours, hp, index = pair[1], LONG[full[0].name], INDEX[full[0].name]
    expected = ours.get_net_param(index, "cifar10", 777, hp)
    for other in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert same_weights(other.get_net_param(index, "cifar10", 777, hp), expected)
    results = ours.query_by_index(index, None, hp)
    for other in (copy.deepcopy(results), pickle.loads(pickle.dumps(results))):
        assert same_weights(other.get_net_param("cifar10", 777), expected)


def test_a_part_of_the_weights(full: Full, tmp_path: Path) -> None:
    space, archive, _ = full
    index, hp = INDEX[space.name], LONG[space.name]
    convert_weights(archive, tmp_path / "x.h5", hps=["12"], datasets=["cifar100"], jobs=1)
    api = natsbin.create(tmp_path / "x.h5", space.name, verbose=False)
    assert len(api.get_net_param(index, "cifar100", None, "12")) > 0
    with pytest.warns(NoWeightsWarning, match=rf"x\.weights of architecture {index}, hp {hp}, on cifar10: .*-full"):
        assert api.get_net_param(index, "cifar10", 777, hp) is None
    assert api.get_net_param(index, "cifar10", 777, hp) is None


def test_without_a_weights_file(full: Full, tmp_path: Path) -> None:
    space, _, store = full
    alone = Path(shutil.copy(store, tmp_path / "alone.h5"))
    api = natsbin.create(alone, space.name, verbose=False)
    with pytest.warns(NoWeightsWarning, match=r"alone\.h5: open the full archive, NATS-.*-full"):
        assert api.get_net_param(INDEX[space.name], "cifar10", None, LONG[space.name]).keys() >= {777}


def test_a_bad_weights_file(full: Full, tmp_path: Path) -> None:
    space, _, store = full
    other = Path(shutil.copy(store, tmp_path / "x.h5"))
    (tmp_path / "x.weights").write_bytes(b"no weights")
    api = natsbin.create(other, space.name, verbose=False)
    assert api.get_more_info(INDEX[space.name], "cifar10", is_random=False)["train-accuracy"] > 0
    with pytest.raises(StoreError, match=r"x\.weights: no weights file"):
        api.get_net_param(INDEX[space.name], "cifar10", 777)


def test_weights_of_the_other_space(full: Full, made: Made, tmp_path: Path) -> None:
    space, _, store = full
    convert_weights(made.archive(SSS if space is TSS else TSS, [0]), tmp_path / "x.h5", jobs=1)
    other = Path(shutil.copy(store, tmp_path / "x.h5"))
    api = natsbin.create(other, space.name, verbose=False)
    with pytest.raises(StoreError, match="beside a store of another"):
        api.get_net_param(INDEX[space.name], "cifar10", 777)


def test_weights_survive_safetensors(full: Full, tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    weights = open_weights(full[2].with_suffix(".weights"))
    found = weights.state_dict(*next(weights.keys()))
    safetensors.save_file(found, tmp_path / "x.safetensors")
    loaded = safetensors.load_file(tmp_path / "x.safetensors")
    assert all(torch.equal(loaded[name], tensor) for name, tensor in found.items())
    torch.save(found, tmp_path / "x.pt")
    assert same_weights(torch.load(tmp_path / "x.pt", weights_only=True), found)


def test_weights_that_another_user_can_have_put_there(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    space, _, store = full
    beside, original, modes = store.with_suffix(".weights"), os.stat, [0]

    def of_another(path: Any, **more: Any) -> Any:
        found = list(original(path, **more))
        if Path(path) == beside:
            found[4] += 77
        elif Path(path) == store.parent:
            found[0] |= modes[0]
        return os.stat_result(found)

    monkeypatch.setattr(os, "stat", of_another)
    for modes[0], used in ((0, True), (0o1777, False)):
        api = natsbin.create(store, space.name, True, False)
        with nullcontext() if used else pytest.warns(NoWeightsWarning):
            found = api.get_net_param(INDEX[space.name], "cifar10", None, LONG[space.name])
        assert any(one is not None for one in found.values()) == used
