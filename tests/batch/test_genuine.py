"""Batches over the genuine samples equal nats_bench itself."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

import nats_bench
from support.batches import DATASETS, Case, answers, assert_columns, assert_infos, assert_trainings
from support.made import Made


def test_genuine_samples_answer_as_nats_bench(genuine: tuple[str, Path], made: Made) -> None:
    name, folder = genuine
    case = Case(made, folder, name)
    original: Any = nats_bench.create(str(folder), name, fast_mode=True, verbose=False)
    rng = random.Random(0)
    for hp in case.store.hps:
        for dataset in DATASETS:
            index = rng.choices(case.indexes, k=4)
            epoch = [case.space.epochs[hp] - 1, 0, *rng.choices(range(case.space.epochs[hp]), k=2)]
            for chosen in (False, 777):
                ask = partial(original.get_more_info, hp=hp, is_random=chosen)
                infos = answers(lambda i, e, d, ask=ask: ask(i, d, e), index, epoch, [dataset] * 4)
                assert_infos(case.batch.get_more_info(index, dataset, epoch, hp, chosen), infos)
            costs = answers(partial(original.get_cost_info, dataset=dataset, hp=hp), index)
            assert_columns(case.batch.get_cost_info(index, dataset, hp), costs)
            if dataset != "cifar10-valid":
                train = partial(original.simulate_train_eval, hp=hp)
                trainings = answers(lambda i, e, d, train=train: train(i, d, e), index, epoch, [dataset] * 4, seed=6)
                random.seed(6)
                assert_trainings(case.batch.simulate_train_eval(index, dataset, epoch, hp), trainings)
