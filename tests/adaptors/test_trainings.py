"""Trainings and configurations, which all optimisers share."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from support.batches import answer
from support.made import Made
from support.small_spaces import CHOICES, scalar_api

import natsbin
from natsbin.adaptors import configurations
from natsbin.adaptors.trainings import MAXIMISED, Trainings
from natsbin.errors import QuestionError
from natsbin.spaces import CHANNELS, OPERATIONS, SSS, TSS, search_space
from natsbin.store import Store, open_store


@pytest.mark.parametrize("space", [TSS, SSS], ids=["tss", "sss"])
def test_a_configuration_is_the_architecture_string_in_names(space: Any) -> None:
    for index in range(0, len(space), 487):
        found = configurations.configuration_of(space, index)
        everything = OPERATIONS if space.name == "tss" else CHANNELS
        assert [everything.index(value) for value in found.values()] == list(space.parse(space.architectures[index]))
        assert configurations.index_of(space, {**found, "epochs": 3}) == index


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100", "ImageNet16-120"])
@pytest.mark.parametrize("hp", ["12", "200"])
def test_curves_are_what_simulate_train_eval_gives_for_each_epoch(tss: Store, dataset: str, hp: str) -> None:
    trainings, api = Trainings(tss, dataset, hp=hp), scalar_api(tss)
    assert trainings.seed == (111 if hp == "12" else 777)
    index = tss.indexes[[3, 40]]
    accuracy, seconds = trainings.curves(index)
    rng = random.Random(5)
    for place, one in enumerate(index.tolist()):
        for epoch in {0, trainings.epochs - 1, *rng.sample(range(trainings.epochs), 5)}:
            found = seeded_simulation(api, one, dataset, epoch, hp, trainings.seed)
            assert (accuracy[place, epoch], seconds[place, epoch]) == found


def seeded_simulation(api: Any, index: int, dataset: str, epoch: int, hp: str, seed: int) -> tuple[float, float]:
    """The scalar ``simulate_train_eval`` where its random trial has this seed."""
    for attempt in range(1000):
        random.seed(attempt)
        where = "cifar10-valid" if dataset == "cifar10" else dataset
        state = random.getstate()
        accuracy, _, seconds, _ = api.simulate_train_eval(index, dataset, epoch, hp, account_time=False)
        random.setstate(state)
        info = api.get_more_info(index, where, epoch, hp, is_random=True)
        own = api.get_more_info(index, where, epoch, hp, is_random=seed)
        if info == own and ("valid-accuracy" in own or attempt > 20 or _times_agree(api, index, where, hp)):
            return accuracy, seconds
    raise AssertionError("this seed never came up")


def _times_agree(api: Any, index: int, dataset: str, hp: str) -> bool:
    """Does an evaluation take as long whatever the seed, so that a second random trial changes nothing?"""
    times = {api.get_more_info(index, dataset, None, hp, is_random=seed)["valid-per-time"] for seed in (777, 888)}
    return len(times) == 1


def test_objectives_are_those_of_the_scalar_api(sss: Store, said: Any) -> None:
    trainings = Trainings(sss.path, hp=12)
    values, seconds = trainings.objectives(sss.indexes, list(MAXIMISED))
    api = scalar_api(sss)
    for row, spent, index in zip(values.tolist(), seconds.tolist(), sss.indexes.tolist(), strict=True):
        costs = api.get_cost_info(index, "cifar10", hp="12")
        accuracy, elapsed = said(index, 11)
        assert row == [accuracy, elapsed, costs["latency"], costs["flops"], costs["params"]]
        assert spent == elapsed


def test_the_clock_adds_up(sss: Store) -> None:
    trainings = Trainings(sss, hp=12)
    assert trainings.spend(2.5) == 2.5
    assert trainings.spend(np.array([1.0, 0.5])) == trainings.used_time == 4.0


def test_what_is_not_there_is_refused(sss: Store) -> None:
    with pytest.raises(QuestionError, match="no training of architecture 1 on cifar10, hp 90, seed 777"):
        Trainings(sss).curves([0, 1])
    with pytest.raises(QuestionError, match="seed 5"):
        Trainings(sss, seed=5).curves(0)
    with pytest.raises(QuestionError, match="no dataset 'mnist'"):
        Trainings(sss, "mnist")
    with pytest.raises(QuestionError, match=r"choices \(8, 9\): expected some of 8, 16"):
        Trainings(sss, choices=(8, 9))
    with pytest.raises(QuestionError, match="objectives 'accuracy'"):
        Trainings(sss).objectives(0, "accuracy")
    with pytest.raises(QuestionError, match="channels_1 is None: expected one of 8, 16"):
        configurations.index_of(SSS, {"channels_0": 8})
    with pytest.raises(QuestionError, match="expected one of tss, sss"):
        search_space("nb101")


def test_the_small_space_is_whole(sss: Store, tss: Store) -> None:
    assert len(sss.indexes) == 2**5
    assert len(tss.indexes) == 2**6
    for store in (sss, tss):
        for index in store.indexes.tolist():
            found = configurations.configuration_of(store.space, index)
            assert set(found.values()) <= set(CHOICES[store.space.name])
    assert natsbin.create(sss, "sss", verbose=False).get_more_info(0, "cifar10", hp="12")


def test_trainings_without_a_latency_are_answered(made: Made) -> None:
    """``simulate_train_eval`` fails for them (20 has an empty list of latencies), which must not end a study."""
    store = open_store(made.store(SSS, [20, 84]))
    trainings, api = Trainings(store, "cifar10", hp="12", seed=777), scalar_api(store)
    failing = [index for index in (20, 84) if answer(lambda i=index: api.get_latency(i, "cifar10", "12")) is None]
    assert failing
    for index in failing:
        info = api.get_more_info(index, "cifar10-valid", None, "12", is_random=777)
        values, _ = trainings.objectives([index], ["accuracy", "time"])
        assert values[0].tolist() == [info["valid-accuracy"], info["train-all-time"] + info["valid-per-time"]]
        with pytest.raises(QuestionError, match="has not all of accuracy, latency"):
            trainings.objectives([index], ["accuracy", "latency"])
