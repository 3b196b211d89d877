"""The files of a sweep."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from support.packed import unpack
from support.searches import sparse_store

if any(importlib.util.find_spec(name) is None for name in ("joblib", "pandas", "fsspec")):
    pytest.skip("needs natsbin[sweep]", allow_module_level=True)

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from natsbin.errors import OutputError
from natsbin.explore import make_site
from natsbin.store import Store
from natsbin.sweep import AlgorithmSpec, Sweep, run


def test_a_sweep(tmp_path: Path) -> None:
    store = sparse_store(tmp_path / "sss.h5", "sss", 10)
    algorithms = (AlgorithmSpec("random"), AlgorithmSpec("rea"))
    sweep = Sweep(
        stores={"sss": str(store)}, algorithms=algorithms, datasets=("cifar100",), trainings=20, seeds=6, block=4,
        times=5,
    )  # fmt: skip
    run(sweep, tmp_path / "out", engine="serial")
    for path in (tmp_path / "out" / "incumbents").glob("*.parquet"):  # the store lacks what most runs found
        table = pq.read_table(path)
        test = np.where(table["at"].to_numpy() < 8, np.nan, np.arange(len(table)) * 7 % 11 / 3)
        place = table.schema.get_field_index("test")
        pq.write_table(table.set_column(place, "test", pa.array(test)), path)
    site = make_site([store], sweep=tmp_path / "out")
    about = json.loads(site.files["data/manifest.json"]())["sweep"]
    assert about["algorithms"] == ["random", "rea"]
    assert [(one["space"], one["dataset"], one["hp"]) for one in about["places"]] == [("sss", "cifar100", "12")]
    found = unpack(site.files["data/sweep/sss.cifar100.12.bin"]())
    table = pd.concat(pd.read_parquet(path) for path in (tmp_path / "out" / "incumbents").glob("*.parquet"))
    for label in about["algorithms"]:
        own = table[table["algorithm"] == label].sort_values(["seed", "at"])
        assert np.array_equal(found["at"], own["at"].unique())
        assert np.array_equal(found[f"{label} index"], own["index"].to_numpy().reshape(6, -1))
        test = own["test"].to_numpy().reshape(6, -1)
        there = ~np.isnan(test).any(axis=0)
        assert there.any()
        assert np.array_equal(found[f"{label} test"][1][there], np.median(test, axis=0)[there])
        assert np.isnan(found[f"{label} test"][:, ~there]).all()


def test_another_folder(tmp_path: Path, sss: Store) -> None:
    with pytest.raises(OutputError, match="not a folder of a sweep"):
        make_site([sss], sweep=tmp_path)
