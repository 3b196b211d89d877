"""Odd records and odd arrays are answered right, and the kernel checks what it is given."""

from __future__ import annotations

import random
import threading
from functools import partial
from typing import Any

import numpy as np
import pytest
from support.batches import RAGGED, Case, answers, assert_columns, assert_infos, assert_trainings, bits
from support.files import write_folder
from support.made import Made
from support.records import record

import natsbin
from natsbin import _names, _questions
from natsbin.batch import Batch
from natsbin.errors import QuestionError
from natsbin.spaces import SearchSpace


@pytest.fixture(scope="module")
def odd(space: SearchSpace, made: Made) -> Case:
    """Records of which tables answer for none: seeds out of order, costs of other types, no times."""
    records = {index: record(space, index) for index in RAGGED[:6]}
    for place, states in enumerate(records.values()):
        for state in states.values():
            for (dataset, seed), trial in list(state["all_results"].items()):
                if place == 0:
                    state["dataset_seed"][dataset] = state["dataset_seed"][dataset][::-1]
                elif place == 1:
                    trial["params"] = float(trial["params"])
                elif place == 2 and seed == 777:
                    trial["train_times"][0] = trial["train_times"][0] * 2
                elif place == 3:
                    trial["eval_times"] = {}
                elif place == 4:
                    trial["flop"] = np.float64(trial["flop"])
    return Case(made, write_folder(made.folder() / "odd", space, records), space.name, wild=True)


def test_odd_records_answer_as_the_scalar_api(odd: Case) -> None:
    for hp, dataset in odd.store.keys:
        assert odd.batch._table(hp, dataset).irregular.sum() >= 2
        epoch = odd.space.epochs[hp] - 1
        for chosen in (False, 777, True):
            ask = partial(odd.scalar.get_more_info, dataset=dataset, iepoch=epoch, hp=hp, is_random=chosen)
            infos = answers(ask, odd.indexes, seed=2)
            random.seed(2)
            assert_infos(odd.batch.get_more_info(odd.indexes, dataset, epoch, hp, chosen), infos)
        costs = answers(partial(odd.scalar.get_cost_info, dataset=dataset, hp=hp), odd.indexes)
        assert_columns(odd.batch.get_cost_info(odd.indexes, dataset, hp), costs)
        if dataset != "cifar10-valid":
            odd.scalar.reset_time()
            odd.api.reset_time()
            ask = partial(odd.scalar.simulate_train_eval, dataset=dataset, iepoch=None, hp=hp)
            trainings = answers(ask, odd.indexes, seed=4)
            random.seed(4)
            assert_trainings(odd.batch.simulate_train_eval(odd.indexes, dataset, None, hp), trainings)
        curve = odd.batch.curves(odd.indexes[:2], dataset, "train", "all_time", hp)
        metrics = odd.scalar.arch2infos_dict[odd.indexes[0]][hp].get_metrics(dataset, "train", 0)
        assert bits(curve[0, 0]) == bits(metrics["all_time"])


def test_irregular_records_need_the_scalar_api(odd: Case) -> None:
    alone = Batch(odd.store)
    with pytest.raises(QuestionError, match=r"irregular records.*natsbin\.Batch"):
        alone.get_more_info(odd.indexes, "cifar10", None, "12")


def test_missing_values_are_nan_or_masked(regular: Case) -> None:
    assert np.isnan(regular.batch.get_more_info([0, 3], "cifar10", None, "12")["train-loss"]).tolist() == [False, True]
    masked = regular.batch.get_cost_info([0, 3], "cifar10", "12", missing="mask")["flops"]
    assert masked.mask.tolist() == [False, True]


def test_empty_and_equal_questions(regular: Case) -> None:
    for nothing in ([], np.empty((0, 3), np.int64), np.array([], "U10")):
        found = regular.batch.get_more_info(nothing, "cifar10", None, "12")
        assert found["train-loss"].shape == np.shape(nothing)
        assert regular.batch.simulate_train_eval(nothing, "cifar100", None, "12")[0].shape == np.shape(nothing)
        assert regular.batch.get_cost_info(nothing, "cifar10", "12")["flops"].shape == np.shape(nothing)
    same = np.full(1_000_000, regular.indexes[1])
    alone = regular.batch.get_more_info(regular.indexes[1], "cifar100", 3, "12")
    many = regular.batch.get_more_info(same, "cifar100", 3, "12")
    for name, value in alone.items():
        assert (many[name] == value).all()


def test_strings_and_tuples_ask_like_indexes(regular: Case) -> None:
    names = [regular.space.architectures[i] for i in regular.indexes]
    by_index = regular.batch.get_latency(regular.indexes, "cifar10", "12")
    for archs in (names, tuple(names), np.array(names), np.array(names, "S"), tuple(regular.indexes)):
        np.testing.assert_array_equal(regular.batch.get_latency(archs, "cifar10", "12"), by_index)
    assert regular.batch.get_latency(names[0], "cifar10", 12) == by_index[0]


def test_tensors_in_tensors_out(regular: Case) -> None:
    torch = pytest.importorskip("torch")
    index = torch.tensor(regular.indexes)
    accuracy, *_, clock = regular.batch.simulate_train_eval(index, "cifar10", None, "12", seed=777)
    assert isinstance(accuracy, torch.Tensor)
    assert accuracy.dtype == torch.float64
    assert isinstance(clock, torch.Tensor)
    plain = regular.batch.get_cost_info(regular.indexes, "cifar10", "12")
    tensors = regular.batch.get_cost_info(index, dataset="cifar10", hp="12")
    for name, values in plain.items():
        np.testing.assert_array_equal(tensors[name].numpy(), values)
    assert isinstance(regular.batch.query_index_by_arch(index), torch.Tensor)
    with pytest.raises(QuestionError, match="mask"):
        regular.batch.get_latency(index, "cifar10", "12", missing="mask")


def test_threads_get_the_same_answers(regular: Case) -> None:
    hp = regular.store.hps[-1]
    rng = np.random.default_rng(1)
    index = rng.choice(regular.indexes, 20_000)
    epoch = rng.integers(0, regular.space.epochs[hp], len(index))
    expected = regular.batch.get_more_info(index, "cifar100", epoch, hp)
    fresh = natsbin.create(regular.path, regular.space.name, verbose=False).batch  # all threads fetch chunks at once
    found: list[Any] = [None] * 4

    def ask(place: int) -> None:
        found[place] = fresh.get_more_info(index, "cifar100", epoch, hp)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        for name, values in expected.items():
            np.testing.assert_array_equal(one[name], values)


def test_the_kernel_checks_what_it_is_given(regular: Case) -> None:
    table = regular.batch._table("12", "cifar10")
    one, far = np.zeros(1, np.int64), np.array([10**6], np.int64)
    grid = table.grid
    for epoch in (far, -far):
        with pytest.raises(IndexError):
            _questions.Questions(grid, 1, one, epoch, None, None, None)
    with pytest.raises(ValueError, match="lengths"):
        _questions.Questions(grid, 3, np.zeros(2, np.int64), one, None, None, None)
    asked = _questions.Questions(grid, 1, one, one, None, far, None)
    column = table.column("train", "accuracy")
    assert column is not None
    out = np.zeros(1)
    column.values(asked, out)  # a position that there is not
    assert np.isnan(out[0])
    elapsed = table.elapsed_time("train")
    many = np.full(2 * table.total + 2, regular.indexes[0])
    for index in (far, -far):  # architectures that there are not
        many[::2] = index
        for seed in (None, np.array([777]), np.array([777, 1] * (len(many) // 2))):
            for questions in (index, np.ascontiguousarray(many)):
                chosen = seed if seed is None or len(seed) in (1, len(questions)) else seed[:1]
                asked = _questions.Questions(grid, len(questions), questions, one, chosen, None, None)
                values, seconds = np.zeros(len(questions)), np.zeros(len(questions))
                column.values(asked, values)
                elapsed.seconds(asked, 1.0, seconds)
                assert np.isnan(values[::2]).all()
                assert np.isnan(seconds[::2]).all()
    asked = _questions.Questions(grid, 1, one, one, None, far, None)
    with pytest.raises(ValueError, match="places"):
        column.values(asked, np.zeros(2))
    other = regular.batch._table("12", "cifar100").column("train", "accuracy")
    assert other is not None
    with pytest.raises(ValueError, match="another grid"):
        other.values(asked, out)
    with pytest.raises(ValueError, match="differ"):
        _names.ranks_of_strings(["a"], True, np.zeros(2, np.int32))
    with pytest.raises(ValueError, match="bytes"):
        _names.ranks_of_texts(np.zeros(7, np.uint8), 4, False, True, np.zeros(2, np.int32))


def test_an_hp_may_be_a_number(regular: Case) -> None:
    number = int(regular.store.hps[0])
    np.testing.assert_array_equal(
        regular.batch.get_latency(regular.indexes, "cifar10", number),
        regular.batch.get_latency(regular.indexes, "cifar10", regular.store.hps[0]),
    )
