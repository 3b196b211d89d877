"""Archives of the published layout with other datasets, hps, epochs, seeds, sets and numbers of architectures."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.oracle import Pair, plain
from support.tiny import ask_everything, open_both, state, trial, write_archive

import natsbin
from natsbin._util.compare import difference
from natsbin.archive import open_archive
from natsbin.spaces import SearchSpace

DATASETS = {
    "cifar10": ("ori-test",),
    "cifar10-valid": ("x-valid", "ori-test"),
    "CIFAR-10 (8 bit)": ("x-valid", "x-test", "ori-test"),
    "tiny/imagenet": ("x-valid", "corrupted"),
    "数据集": ("x-valid", "x-test", "a/b %41", "."),
    "..": (),
}
HPS = {"5": 3, "forms": 2, "α/β %2F": 4}


@pytest.fixture(scope="module")
def records(space: SearchSpace) -> dict[int, Any]:
    rng = random.Random(9)
    return {
        index: {
            hp: state(
                index,
                space.architectures[10 + index],
                {
                    (dataset, seed): trial(space.architectures[10 + index], sets, seed, epochs, rng)
                    for dataset, sets in DATASETS.items()
                    for seed in (0, -7, 2**40)[: 1 + (index + len(dataset)) % 3]
                },
            )
            for hp, epochs in HPS.items()
        }
        for index in (0, 2, 3)
    }


@pytest.fixture(scope="module")
def archs(space: SearchSpace) -> list[str]:
    return space.architectures[10:14]


@pytest.fixture(scope="module")
def folder(
    space: SearchSpace, archs: list[str], records: dict[int, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return write_archive(tmp_path_factory.mktemp(space.name) / "MQ-simple", archs, records)


@pytest.fixture(scope="module")
def store(folder: Path) -> Path:
    return natsbin.convert(folder, folder.with_name("store.h5"), jobs=1)


@pytest.fixture(params=[False, True], ids=["whole", "fast"])
def pair(
    request: pytest.FixtureRequest,
    space: SearchSpace,
    archs: list[str],
    records: dict[int, Any],
    folder: Path,
    store: Path,
) -> Pair:
    return open_both(space, archs, records, folder, store)[request.param]


def test_answers_are_those_of_the_original(pair: Pair, archs: list[str], records: dict[int, Any]) -> None:
    ask_everything(pair, archs, records)
    assert pair.differences == []
    assert pair.asked > 1000


def test_export_gives_them_back(folder: Path, store: Path, tmp_path: Path, records: dict[int, Any]) -> None:
    natsbin.verify(store, folder, jobs=1)
    natsbin.pack(store, tmp_path / "packed.h5")
    natsbin.verify(tmp_path / "packed.h5", folder, jobs=1)
    back = open_archive(natsbin.export(tmp_path / "packed.h5", tmp_path / "back", jobs=1))
    for index, record in records.items():
        assert difference(record, back.read(index)) is None


def test_batches_take_the_names_of_the_store(store: Path, space: SearchSpace, records: dict[int, Any]) -> None:
    api = natsbin.create(store, space.name, verbose=False)
    assert set(api.batch._store.hps) == set(HPS)
    index = np.array(list(records))
    for hp in HPS:
        assert set(api.batch._store.datasets(hp)) == set(DATASETS)
        assert api.batch._store.epochs(hp) == HPS[hp]
        for dataset, sets in DATASETS.items():
            found = api.batch.get_more_info(index, dataset, None, hp)
            expected = [plain(api.get_more_info(one, dataset, None, hp, False)) for one in index.tolist()]
            for name, values in found.items():
                if name != "comment":
                    assert [dict_of(one)[name] for one in expected] == values.tolist()
            for setname in ("train", *sets):
                best = api.find_best(dataset, setname, hp=hp)
                assert api.batch.find_best(dataset, setname, hp=hp) == best
    seeds = np.full(len(index), 0)
    accuracy = api.batch.simulate_train_eval(index, "CIFAR-10 (8 bit)", None, "5", seed=seeds)[0]
    expected = [api.get_more_info(one, "CIFAR-10 (8 bit)", None, "5", 0)["valid-accuracy"] for one in index.tolist()]
    assert accuracy.tolist() == expected


def dict_of(answer: Any) -> dict[str, Any]:
    return {key[1]: value[1] for key, value in answer[1]}


def test_frames_and_labelled_arrays(store: Path, records: dict[int, Any]) -> None:
    pytest.importorskip("pyarrow")
    from natsbin import frames

    table = frames.table(store, hp="α/β %2F")
    assert set(table["dataset"].to_pylist()) == set(DATASETS)
    assert len(frames.table(store, hp="5", datasets="tiny/imagenet")) == len(records)
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(store, engine="natsbin", hp="5", dataset="数据集") as found:
        assert set(found["set"].values.tolist()) == {"train", *DATASETS["数据集"]}
        expected = records[2]["5"]["all_results"]["数据集", 0]["eval_acc1es"]["a/b %41@1"]
        assert found["accuracy"].sel(set="a/b %41", architecture=2, seed=0, epoch=1).item() == expected


def test_more_tables_than_a_store_may_have(
    space: SearchSpace, archs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("natsbin.store.format.MOST_TABLES", 3)
    rng = random.Random(1)
    one = {hp: state(0, archs[0], {("a", 0): trial(archs[0], ("x-valid",), 0, 1, rng)}) for hp in ("1", "2", "3", "4")}
    write_archive(tmp_path / "folder", archs, {0: one})
    with pytest.raises(natsbin.errors.ArchiveError, match="hp '4' on 'a': expected at most 3 such pairs"):
        natsbin.convert(tmp_path / "folder", tmp_path / "x.h5", jobs=1)
    assert not (tmp_path / "x.h5").exists()
