"""Every query in batches equals the scalar API element by element, bit for bit."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import DATASETS, Case, answers, assert_columns, assert_infos, assert_trainings, bits

import natsbin
from natsbin.errors import QuestionError

few = settings(max_examples=25)


def draw_questions(data: st.DataObject, case: Case, most: int = 12) -> tuple[str, str, list[int], list[int]]:
    """hp, dataset, architectures (some absent) and epochs."""
    hp = data.draw(st.sampled_from(case.store.hps))
    dataset = data.draw(st.sampled_from(DATASETS))
    indexes = data.draw(st.lists(st.sampled_from([*case.indexes, 2, 3]), min_size=1, max_size=most))
    epochs = case.space.epochs[hp]
    chosen = st.one_of(st.just(epochs - 1), st.integers(0, epochs - 1))
    return hp, dataset, indexes, data.draw(st.lists(chosen, min_size=len(indexes), max_size=len(indexes)))


@few
@given(data=st.data())
def test_more_info_over_the_seeds_and_of_each(case: Case, data: st.DataObject) -> None:
    hp, dataset, indexes, epochs = draw_questions(data, case)
    ask = case.scalar.get_more_info
    found = case.batch.get_more_info(indexes, dataset, epochs, hp)
    assert_infos(found, answers(lambda i, e: ask(i, dataset, e, hp, False), indexes, epochs))
    of_each = st.lists(st.sampled_from([111, 222, 777, 888, 999]), min_size=len(indexes), max_size=len(indexes))
    seeds = data.draw(of_each)
    found = case.batch.get_more_info(indexes, dataset, epochs, hp, np.array(seeds))
    assert_infos(found, answers(lambda i, e, s: ask(i, dataset, e, hp, s), indexes, epochs, seeds))


@pytest.mark.parametrize("size", [7, 400])
def test_more_info_draws_as_the_scalar_api_does(case: Case, size: int) -> None:
    hp = case.store.hps[-1]
    indexes = random.Random(3).choices(case.indexes, k=size)
    expected = answers(lambda i: case.scalar.get_more_info(i, "cifar100", None, hp, True), indexes, seed=11)
    left = random.getstate()
    random.seed(11)
    found = case.batch.get_more_info(indexes, "cifar100", None, hp, True)
    assert random.getstate() == left
    assert_infos(found, expected)


def test_a_generator_draws_each_seed_and_again_the_same(case: Case) -> None:
    hp = case.store.hps[-1]
    answered = ~np.isnan(case.batch.get_more_info(case.indexes, "cifar100", None, hp)["train-loss"])
    index = case.indexes[int(np.argmax(answered))]
    draws = [
        case.batch.get_more_info(np.full(200, index), "cifar100", None, hp, np.random.default_rng(4))["train-loss"]
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*draws)
    seeds = case.scalar.query_by_index(index, "cifar100", hp)
    single = case.batch.get_more_info(index, "cifar100", None, hp, list(seeds))["train-loss"]
    assert set(draws[0]) == set(single)


@few
@given(data=st.data())
def test_cost_info_and_latency(case: Case, data: st.DataObject) -> None:
    hp, dataset, indexes, _ = draw_questions(data, case, most=30)
    expected = answers(lambda i: case.scalar.get_cost_info(i, dataset, hp), indexes)
    assert_columns(case.batch.get_cost_info(indexes, dataset, hp), expected)
    latency = case.batch.get_latency(indexes, dataset, hp)
    assert [bits(value) for value in latency] == [bits((one or {}).get("latency")) for one in expected]


@few
@given(data=st.data())
def test_simulated_schedules(case: Case, data: st.DataObject) -> None:
    hp, _, indexes, epochs = draw_questions(data, case, most=20)
    dataset, account = data.draw(st.sampled_from(DATASETS[1:])), data.draw(st.booleans())
    seed = data.draw(st.integers(0, 1000))
    ask = case.scalar.simulate_train_eval
    case.scalar.reset_time()
    case.api.reset_time()
    for _ in range(2):
        expected = answers(lambda i, e: ask(i, dataset, e, hp, account), indexes, epochs, seed=seed)
        random.seed(seed)
        assert_trainings(case.batch.simulate_train_eval(indexes, dataset, epochs, hp, account), expected)
        assert case.batch.used_time == case.scalar.used_time


def test_broadcast_shapes(case: Case) -> None:
    hp = case.store.hps[0]
    index, epoch = np.array(case.indexes)[:5, None], np.arange(case.space.epochs[hp])[None, :3]
    found = case.batch.get_more_info(index, "cifar10-valid", epoch, hp)["train-loss"]
    assert found.shape == np.broadcast_shapes(index.shape, epoch.shape)
    for i, row in zip(index[:, 0].tolist(), found, strict=True):
        for e, value in zip(epoch[0].tolist(), row, strict=True):
            alone = case.batch.get_more_info(i, "cifar10-valid", e, hp)["train-loss"]
            assert alone.shape == ()
            assert bits(alone) == bits(value)


def test_the_api_has_a_batch_that_shares_its_clock(case: Case) -> None:
    if case.wild:
        with pytest.raises(QuestionError, match="store"):
            _ = case.scalar.batch
        return
    api = natsbin.create(case.path, case.space.name, fast_mode=True, verbose=False)
    assert api.batch is api.batch
    hp, index = case.store.hps[0], case.indexes[0]
    *_, clock = api.batch.simulate_train_eval([index, index], "cifar10", None, hp)
    assert api.used_time == api.batch.used_time == clock[-1]
    api.simulate_train_eval(index, "cifar10", None, hp)
    assert api.batch.used_time == api.used_time > clock[-1]
    api.reset_time()
    assert api.batch.used_time == 0
    copied = pickle.loads(pickle.dumps(api))
    assert copied.batch.get_latency(index, "cifar10", hp) == api.batch.get_latency(index, "cifar10", hp)
