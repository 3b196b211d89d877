"""Values of the xarray backend are those of the batch and of the scalar API, however they are indexed."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.batches import Case, answer, bits, make_case
from support.made import Made

from natsbin.errors import QuestionError, StoreError

xr = pytest.importorskip("xarray")
pytest.importorskip("pandas")

from natsbin.adaptors.xarray import DIMS, QUANTITIES, NatsbinBackend  # noqa: E402


@pytest.fixture(scope="session", params=["tss", "sss", "tss wild"])
def case(request: pytest.FixtureRequest, made: Made) -> Case:
    return make_case(made, request.param)


def opened(case: Case, dataset: str = "cifar100", **kwargs: Any) -> Any:
    return xr.open_dataset(case.path, engine=NatsbinBackend, hp="12", dataset=dataset, **kwargs)


def test_a_selection_is_what_the_scalar_api_says(case: Case) -> None:
    found = opened(case)
    assert found.accuracy.dims == DIMS
    for index in case.indexes:
        for seed in found.seed.values.tolist():
            for setname in found["set"].values.tolist():
                chosen = found.sel(set=setname, architecture=index, seed=seed)
                results = answer(lambda i=index: case.scalar.arch2infos_dict[i]["12"])
                for epoch in (0, 7, 11):
                    metrics = answer(lambda r=results, e=epoch, s=seed, n=setname: r.get_metrics("cifar100", n, e, s))
                    for quantity in QUANTITIES:
                        expected = bits((metrics or {}).get(quantity))
                        assert bits(chosen[quantity].values[epoch]) == expected, (index, seed, setname, epoch)


def test_all_ways_of_indexing_give_the_same_bits(case: Case) -> None:
    found = opened(case, setname="train")
    assert found.loss.dims == DIMS[1:]
    index, seeds = case.indexes, found.seed.values
    epochs = np.arange(12)
    whole = case.batch.points(np.array(index)[:, None, None], "cifar100", "train", "loss", epochs, "12", seeds[:, None])
    loss = found.loss
    np.testing.assert_array_equal(loss[:].values.view(np.int64), whole.view(np.int64))
    np.testing.assert_array_equal(loss[2, 0].values, whole[2, 0])
    np.testing.assert_array_equal(loss[[5, 1], :, 3:9:2].values, whole[[5, 1], :, 3:9:2])
    np.testing.assert_array_equal(loss.isel(epoch=-1, architecture=slice(None, None, -1)).values, whole[::-1, :, -1])
    points = loss.isel(architecture=xr.DataArray([3, 0, 3], dims="k"), epoch=xr.DataArray([0, 11, 4], dims="k"))
    np.testing.assert_array_equal(points.transpose("k", "seed").values, whole[[3, 0, 3], :, [0, 11, 4]])
    assert loss.sel(architecture=index[4], seed=seeds[0], epoch=6).item() == pytest.approx(whole[4, 0, 6], nan_ok=True)


def test_coordinates_are_named_and_have_units(case: Case) -> None:
    found = opened(case)
    costs = case.batch.get_cost_info(case.indexes, "cifar100", "12")
    for name in ("flops", "params", "latency"):
        np.testing.assert_array_equal(found[name].values, costs[name])
    assert found.arch_str.values.tolist() == [case.space.architectures[i] for i in case.indexes]
    assert found.arch_str.isel(architecture=[2]).values.tolist() == [case.space.architectures[case.indexes[2]]]
    assert found.accuracy.units == "percent"
    assert found.latency.units == found.all_time.units == "s"
    assert found.attrs["hp"] == "12"


def test_blocks_change_nothing(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = opened(case).accuracy.values
    monkeypatch.setattr("natsbin.adaptors.xarray.BLOCK", 50)
    np.testing.assert_array_equal(opened(case).accuracy.values, whole)


def test_dask_chunks_are_the_files(case: Case) -> None:
    pytest.importorskip("dask")
    found = opened(case, chunks={})
    h5py = pytest.importorskip("h5py")
    with h5py.File(case.path) as file:
        epochs = file["12/cifar100/train_accuracy"].chunks[0]
    assert found.accuracy.data.chunksize[-1] == epochs
    computed = found.accuracy.mean(["seed", "epoch"]).compute(scheduler="threads")
    np.testing.assert_array_equal(computed.values, opened(case).accuracy.mean(["seed", "epoch"]).values)


def test_a_lazy_dataset_pickles_to_its_path(case: Case) -> None:
    found = opened(case)
    again = pickle.loads(pickle.dumps(found))
    assert len(pickle.dumps(found)) < 100_000
    xr.testing.assert_identical(again.load(), found.load())


def test_the_tree_has_every_table(case: Case) -> None:
    tree = xr.open_datatree(case.path, engine=NatsbinBackend)
    assert {group.strip("/") for group in tree.groups if group.count("/") == 2} == {
        f"{hp}/{dataset}" for hp, dataset in case.store.keys
    }
    np.testing.assert_array_equal(tree["12/cifar100"].accuracy.values, opened(case).accuracy.values)


def test_the_engine_is_known_by_its_name(case: Case) -> None:
    found = xr.open_dataset(case.path, engine="natsbin", hp=12, dataset="cifar10", drop_variables="loss")
    assert "loss" not in found
    assert "accuracy" in found


def test_what_is_not_there_is_refused(case: Case, tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="no dataset 'mnist' with hp 12: there are cifar10-valid"):
        opened(case, "mnist")
    with pytest.raises(QuestionError, match="no set 'x-valid': there are train"):
        opened(case, "cifar10", setname="x-valid")
    with pytest.raises(QuestionError, match="no hyper-parameters '7'"):
        xr.open_dataset(case.path, engine=NatsbinBackend, hp="7", dataset="cifar10")
    (tmp_path / "no.h5").write_bytes(b"nothing")
    with pytest.raises(StoreError):
        xr.open_dataset(tmp_path / "no.h5", engine=NatsbinBackend, dataset="cifar10")
