"""The files of a site have the numbers of the API."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau
from support.packed import unpack
from support.small_spaces import scalar_api

from natsbin import Batch, encodings
from natsbin.errors import QuestionError
from natsbin.explore import make_site
from natsbin.explore.space_files import BLOCK, some_of
from natsbin.store import Store


def same(one: Any, other: Any) -> bool:
    return np.array_equal(np.asarray(one, np.float64), np.asarray(other, np.float64), equal_nan=True)


@pytest.mark.parametrize("name", ["tss", "sss"])
def test_columns(site: Any, name: str) -> None:
    store = site.stores[name]
    batch, index = Batch(store), store.indexes
    for hp, dataset in store.keys:
        folder = f"data/{name}/{hp}/{dataset}"
        costs = batch.get_cost_info(index, dataset, hp)
        for cost in ("flops", "params", "latency"):
            assert same(unpack(site.files[f"{folder}/{cost}.bin"]())["values"], costs[cost])
        for epoch in (0, store.space.epochs[hp] - 1):
            for quantity in ("accuracy", "loss"):
                found = unpack(site.files[f"{folder}/train/{quantity}/{epoch}.bin"]())["values"]
                assert same(found, batch.column(dataset, "train", quantity, hp, epoch)[index])
            found = unpack(site.files[f"{folder}/time/{epoch}.bin"]())["values"]
            assert same(found, batch.column(dataset, "train", "all_time", hp, epoch)[index])


def test_columns_equal_the_scalar_api(site: Any, tss: Store) -> None:
    api = scalar_api(tss)
    found = unpack(site.files["data/tss/200/cifar10-valid/x-valid/accuracy/199.bin"]())["values"]
    for place, index in enumerate(tss.indexes.tolist()):
        info = api.get_more_info(index, "cifar10-valid", 199, "200", is_random=False)
        assert found[place] == info["valid-accuracy"]


def test_rows(site: Any, tss: Store) -> None:
    rows = unpack(site.files["data/tss/rows.bin"]())
    assert np.array_equal(rows["index"], tss.indexes)
    assert np.array_equal(rows["digits"], encodings.digits("tss", tss.indexes))


@pytest.mark.parametrize("quantity", ["accuracy", "loss"])
def test_curves(site: Any, tss: Store, quantity: str) -> None:
    index = tss.indexes[:BLOCK]
    found = unpack(site.files[f"data/tss/200/cifar100/train/{quantity}/curves/0.bin"]())
    seeds = found["seeds"].astype(np.int64)
    curves = Batch(tss).curves(index[:, None], "cifar100", "train", quantity, "200", seeds[None, :])
    if "correct" in found:
        values = np.where(found["correct"] < 0, np.nan, 100 * found["correct"] / found["samples"])
        np.testing.assert_allclose(values, curves, rtol=0, atol=1e-6)
    else:
        assert same(found["values"], curves.astype(np.float32))
    assert quantity == "loss" or "correct" in found


def test_agreement(site: Any, sss: Store) -> None:
    found = json.loads(site.files["data/sss/agreement.json"]())
    names = [(one["hp"], one["dataset"]) for one in found["columns"]]
    assert sorted(names) == sss.keys
    columns = [
        Batch(sss).column(one["dataset"], one["set"], "accuracy", one["hp"])[sss.indexes] for one in found["columns"]
    ]
    there = ~np.isnan(columns).any(axis=0)
    assert there.sum() > 2
    for i, j in ((0, 1), (2, 5)):
        both = ~(np.isnan(columns[i]) | np.isnan(columns[j]))
        assert found["tau"][i][j] == found["tau"][j][i] == kendalltau(columns[i][both], columns[j][both]).statistic
    lines = json.loads(site.files["data/sss/90/cifar100/agreement.json"]())
    assert lines["epochs"][-1] == 89
    assert lines["lines"][-1]["tau"][-1] == pytest.approx(1)


def test_manifest(site: Any) -> None:
    found = json.loads(site.files["data/manifest.json"]())
    assert [one["name"] for one in found["spaces"]] == ["tss", "sss"]
    for one in found["spaces"]:
        for hp, about in one["hps"].items():
            for dataset, sets in about["datasets"].items():
                for setname in sets:
                    for epoch in about["columns"]:
                        assert f"data/{one['name']}/{hp}/{dataset}/{setname}/accuracy/{epoch}.bin" in site.files


def test_fewer_epochs_and_no_curves(tss: Store) -> None:
    files = make_site([tss], epochs=3, curves=()).files
    assert not any("/curves/" in name for name in files)
    epochs = {name.rpartition("/")[2] for name in files if name.startswith("data/tss/200/cifar10/train/loss/")}
    assert epochs == {f"{epoch}.bin" for epoch in some_of(200, 3)}
    assert some_of(200, 3)[-1] == 199
    assert some_of(12, 12) == some_of(12, None) == list(range(12))


def test_stores_are_checked(tss: Store) -> None:
    with pytest.raises(QuestionError, match="second store of the topology space"):
        make_site([tss, tss])
    with pytest.raises(QuestionError, match="no store"):
        make_site([])
