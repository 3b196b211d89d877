"""Curves, columns and views hold what ``get_metrics`` gives, and what the archive holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import Case, answer, bits

from natsbin.errors import QuestionError
from natsbin.rules import mean
from natsbin.store.format import ColumnKey

QUANTITIES = ("accuracy", "loss", "cur_time", "all_time")
few = settings(max_examples=15)


def draw_set(data: st.DataObject, case: Case) -> tuple[str, str, str]:
    hp, dataset = data.draw(st.sampled_from(case.store.keys))
    return hp, dataset, data.draw(st.sampled_from(list(case.store.table(hp, dataset).kernel.sets)))


@few
@given(data=st.data())
def test_curves_are_the_metrics_of_every_epoch(case: Case, data: st.DataObject) -> None:
    hp, dataset, setname = draw_set(data, case)
    quantity = data.draw(st.sampled_from(QUANTITIES))
    seed = data.draw(st.sampled_from([None, 111, 777, 888, 999]))
    indexes = data.draw(st.lists(st.sampled_from([*case.indexes, 3]), min_size=1, max_size=3))
    found = case.batch.curves(indexes, dataset, setname, quantity, hp, seed)
    assert found.shape == (len(indexes), case.space.epochs[hp])
    for index, curve in zip(indexes, found, strict=True):
        results = answer(lambda i=index: case.scalar.arch2infos_dict[i][hp])
        for epoch, value in enumerate(curve):
            metrics = answer(
                lambda r=results, e=epoch: r.get_metrics(dataset, setname, e, False if seed is None else seed)
            )
            assert bits(value) == bits((metrics or {}).get(quantity)), (index, epoch)


@few
@given(data=st.data())
def test_a_column_is_the_curves_of_the_whole_space_cut_at_an_epoch(case: Case, data: st.DataObject) -> None:
    hp, dataset, setname = draw_set(data, case)
    quantity = data.draw(st.sampled_from(QUANTITIES))
    epoch = data.draw(st.one_of(st.none(), st.integers(0, case.space.epochs[hp] - 1)))
    seed = data.draw(st.sampled_from([None, 777]))
    column = case.batch.column(dataset, setname, quantity, hp, epoch, seed)
    curves = case.batch.curves(case.indexes, dataset, setname, quantity, hp, seed)
    assert column.shape == (len(case.space),)
    np.testing.assert_array_equal(column[case.indexes], curves[:, -1 if epoch is None else epoch])
    absent = np.setdiff1d(np.arange(len(case.space)), case.indexes)
    assert np.isnan(column[absent]).all()


def trials_of(case: Case, hp: str, dataset: str) -> int:
    return len(case.store.table(hp, dataset).seed)


@few
@given(data=st.data())
def test_a_view_decodes_to_the_archive_and_copies_nothing(case: Case, data: st.DataObject) -> None:
    hp, dataset, setname = draw_set(data, case)
    quantity = data.draw(st.sampled_from(["accuracy", "loss"]))
    epoch = data.draw(st.integers(0, case.space.epochs[hp] - 1))
    lies_apart = case.store.data(f"{hp}/{dataset}/{setname}_{quantity}").chunk[1] < trials_of(case, hp, dataset)
    if lies_apart:  # as the numbers of a column with gaps do
        with pytest.raises(QuestionError, match=r"column\(\)"):
            case.batch.view(dataset, setname, quantity, hp, epoch)
        return
    view = case.batch.view(dataset, setname, quantity, hp, epoch)
    assert not view.numbers.flags.owndata
    assert np.shares_memory(view.numbers, case.store.file.read(0, case.store.file.size))
    column = case.store.table(hp, dataset).columns[ColumnKey(setname, quantity)]
    out = np.empty(column.trials)
    column.points(np.full(column.trials, epoch, np.int32), np.arange(column.trials, dtype=np.int32), out)
    np.testing.assert_array_equal(view.decode(), out)
    assert len(view.architecture) == len(view.seed) == len(view.numbers)


def test_masked_missing_values(case: Case) -> None:
    hp, indexes = case.store.hps[-1], [*case.indexes[:3], 3]
    masked = case.batch.curves(indexes, "cifar100", "train", "loss", hp, missing="mask")
    plain = case.batch.curves(indexes, "cifar100", "train", "loss", hp)
    assert masked.mask[3].all()
    np.testing.assert_array_equal(masked.filled(np.nan), plain)


def test_points_are_one_column_of_get_more_info(regular: Case) -> None:
    hp = {"tss": "200", "sss": "12"}[regular.space.name]
    rng, epochs = np.random.default_rng(1), regular.space.epochs[hp]
    archs, at = rng.choice(regular.indexes, (300, 1)), rng.integers(epochs, size=300)
    for dataset, label, setname in (("cifar10-valid", "valid", "x-valid"), ("cifar100", "valtest", "ori-test")):
        for chosen in (False, rng.choice([777, 888, 999], 300)):
            info = regular.batch.get_more_info(archs, dataset, iepoch=at, hp=hp, is_random=chosen)
            there = ~np.isnan(info[f"{label}-accuracy"])
            for quantity, name in (("accuracy", "accuracy"), ("loss", "loss"), ("all_time", "all-time")):
                found = regular.batch.points(archs, dataset, setname, quantity, iepoch=at, hp=hp, is_random=chosen)
                assert found.shape == (300, 300)
                np.testing.assert_array_equal(found[there], info[f"{label}-{name}"][there])


def test_other_quantities_come_from_the_archive(regular: Case) -> None:
    """Those that ``get_metrics`` does not know, such as the accuracy within the best five."""
    found = regular.batch.curves(regular.indexes, "cifar100", "train", "top5", "12")
    for index, curve in zip(regular.indexes, found, strict=True):
        trials = regular.scalar.arch2infos_dict[index]["12"].query("cifar100").values()
        assert curve.tolist() == [mean([trial.train_acc5es[epoch] for trial in trials]) for epoch in range(12)]
    missing = regular.batch.column("cifar100", "ori-test", "top5", "12")
    assert np.isnan(missing).all()
