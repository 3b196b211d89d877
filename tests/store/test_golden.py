"""Stores of every format version that this one reads, written once and never again; tools/make_golden.py wrote them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import h5py
import pytest
from support.paths import GOLDEN, load_tool

from natsbin.api201.benchmark import NASBench201API
from natsbin.errors import StoreError
from natsbin.store import open_store
from natsbin.store.hdf5 import READS_VERSION_1
from natsbin.store.verify import check

STORES = sorted(GOLDEN.glob("*/*.h5.gz"))
answer = load_tool("make_golden").answer  # JSON that tells types, orders and the bits of floats apart


def test_the_golden_stores_are_there() -> None:
    spaces = ("sss", "sss.packed", "tss", "tss.packed")
    names = [
        f"{version}/{name}.h5.gz"
        for version, stores in (("v1", spaces), ("v2", ("nas_bench_201", "nas_bench_201.packed", *spaces)))
        for name in stores
    ]
    assert [str(path.relative_to(GOLDEN)) for path in STORES] == names


@pytest.mark.parametrize("path", STORES, ids=lambda path: str(path.relative_to(GOLDEN)))
def test_a_golden_store_answers_as_it_did(path: Path, tmp_path: Path) -> None:
    (tmp_path / "store.h5").write_bytes(gzip.decompress(path.read_bytes()))
    if path.parent.name == "v1" and h5py.version.hdf5_version_tuple < READS_VERSION_1:
        with pytest.raises(StoreError, match="needs the HDF5 that wrote it or a later one"):
            open_store(tmp_path / "store.h5")
        return
    store = open_store(tmp_path / "store.h5")
    answers = json.loads((path.parent / f"{path.name.partition('.')[0]}.json").read_text())
    assert [str(index) for index in store.indexes.tolist()] == list(answers)
    for index, expected in answers.items():
        assert answer(store.load(int(index))) == expected
    assert check(store).chunks > 20


@pytest.mark.parametrize("name", ["nas_bench_201", "nas_bench_201.packed"])
def test_the_golden_store_of_nas_bench_201(name: str, tmp_path: Path) -> None:
    path = tmp_path / "store.h5"
    path.write_bytes(gzip.decompress((GOLDEN / "v2" / f"{name}.h5.gz").read_bytes()))
    store = open_store(path)
    assert store.benchmark == "NAS-Bench-201"
    api = NASBench201API(path, verbose=False)
    assert (api.evaluated_indexes, list(api.arch2infos_dict)) == ([3, 8, 9], [3, 8])
    for hp, state in store.load(8).items():
        for (dataset, seed), trial in state["all_results"].items():
            info = api.get_more_info(8, dataset, None, hp, seed)
            assert info["train-loss"] == trial["train_losses"][trial["epochs"] - 1]
            assert info["test-accuracy"] == trial["eval_acc1es"][f"ori-test@{trial['epochs'] - 1}"]
