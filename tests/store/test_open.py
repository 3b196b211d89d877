"""A store in other hands: xarray, h5dump and plain h5py read labelled values without natsbin."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from support.records import Record, record, write_store

from natsbin.spaces import TSS
from natsbin.store import format as fmt
from natsbin.store import open_store
from natsbin.store.pack import pack

INDEXES = [3, 7, 9075]
GROUP = "200/ImageNet16-120"


@pytest.fixture(scope="module")
def records() -> dict[int, Record]:
    return {index: record(TSS, index) for index in INDEXES}


@pytest.fixture(scope="module", params=["mapped", "packed"])
def path(request: pytest.FixtureRequest, records: dict[int, Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("open")
    archs = TSS.architectures[:]
    archs[0], archs[1] = archs[1], archs[0]  # an order of its own, so that the list of names is there too
    path = write_store(folder / "mapped.h5", TSS, records, archs=archs)
    return path if request.param == "mapped" else pack(path, folder / "packed.h5")


def test_xarray_sees_labelled_tables(path: Path, records: dict[int, Record]) -> None:
    with xr.open_dataset(path, group=GROUP, engine="h5netcdf") as table:
        assert table.sizes["epoch"] == 200
        assert table.sizes["trial"] == sum(
            key[0] == "ImageNet16-120" for states in records.values() for key in states["200"]["all_results"]
        )
        assert {"architecture", "seed", "epoch"} == set(table.coords)
        for name, variable in table.data_vars.items():
            assert variable.dims in (("epoch", "trial"), ("trial",)), name
        assert table["x-test_accuracy"].attrs["units"] == "percent"
        assert table["train_time"].attrs["units"] == "s"
        trials = table.load().set_index(trial=["architecture", "seed"])
    missing = present = 0
    for index, states in records.items():
        for (dataset, seed), trial in states["200"]["all_results"].items():
            if dataset != "ImageNet16-120":
                continue
            found = trials.sel(architecture=index, seed=seed)
            np.testing.assert_allclose(found["params"], trial["params"], rtol=1e-15)
            np.testing.assert_allclose(found["train_loss"], list(trial["train_losses"].values()), rtol=1e-15)
            np.testing.assert_allclose(found["train_accuracy"], list(trial["train_acc1es"].values()), rtol=1e-6)
            for name in ("x-valid", "ori-test"):
                for quantity, field in (("accuracy", "eval_acc1es"), ("loss", "eval_losses")):
                    values = found[f"{name}_{quantity}"].values
                    exact = [trial[field].get(f"{name}@{epoch}", np.nan) for epoch in range(200)]
                    np.testing.assert_allclose(values, exact, rtol=1e-6, atol=1e-6)
                    missing += int(np.isnan(values).sum())
                    present += int((~np.isnan(values)).sum())
    assert missing > 100
    assert present > 100


def test_xarray_sees_the_whole(path: Path) -> None:
    with xr.open_dataset(path, engine="h5netcdf") as root:
        assert root.sizes["architecture"] == 3
        assert root["architecture"].values.tolist() == INDEXES
        assert [name.decode() for name in root["architecture_name"].values] == [TSS.architectures[i] for i in INDEXES]
        assert root.attrs["format"] == "natsbin"
        assert root.attrs["Conventions"] == "CF-1.11"
    for hp, dataset in open_store(path).keys:
        with xr.open_dataset(path, group=f"{hp}/{dataset}", engine="h5netcdf") as table:
            assert not [dim for dim in table.dims if str(dim) not in ("epoch", "trial")]


def test_h5py_reads_numbers_and_scales(path: Path) -> None:
    with h5py.File(path) as file:
        column = file[f"{GROUP}/x-test_accuracy"]
        assert [axis[0].name.rpartition("/")[2] for axis in column.dims] == ["epoch", "trial"]
        last = column[199]
        values = np.where(last == column.attrs["_FillValue"], np.nan, last * column.attrs["scale_factor"])
        assert ((values >= 0) & (values <= 100)).all()
        assert file[GROUP][fmt.SEED].dims[0][0].name.endswith("/trial")


def test_h5dump_prints_a_store(path: Path) -> None:
    h5dump = shutil.which("h5dump")
    if h5dump is None:
        pytest.skip("h5dump is not installed")
    done = subprocess.run(
        [h5dump, "-d", f"{GROUP}/train_accuracy", str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "scale_factor" in done.stdout
    assert "H5T_STD_U16LE" in done.stdout or "IEEE" in done.stdout or "FLOAT" in done.stdout
