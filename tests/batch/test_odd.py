"""Archives of odd numbers: the batch answers like natsbin's scalar API, and that like ``nats_bench``."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import nats_bench
import numpy as np
import pytest
from support.batches import DATASETS, answers, assert_columns, assert_infos, bits
from support.files import make_meta
from support.odd import odd_records
from support.oracle import Pair
from support.questions import SEARCHED, SETS
from support.records import record, write_store

import natsbin
from natsbin import rules
from natsbin.spaces import SPACES, SSS

INDEXES = (3, 5, 8, 13)
SEEDS = (False, True, 777, 888)


def open_all(folder: Path, name: str, seed: int) -> tuple[Pair, Any, str]:
    """The original and natsbin over one odd archive, the store of it in fast mode, and its hp."""
    space = SPACES[name]
    records = odd_records(space, INDEXES, seed)
    store = write_store(folder / f"{name}{seed}.h5", space, records)  # type: ignore[arg-type]
    given = {**make_meta(space), "arch2infos": records, "evaluated_indexes": set(records)}
    pair = Pair(nats_bench.create(given, name, False, False), natsbin.create(store, name, False, False))
    return pair, natsbin.create(store, name, True, False), next(iter(records[3]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("odd")


def check(folder: Path, name: str, seed: int) -> None:
    """Ask all, the original first; what a batch cannot give is a float, so numbers are compared by their value."""
    pair, fast, hp = open_all(folder, name, seed)
    scalar, batch, epochs = pair.ours, fast.batch, SPACES[name].epochs[hp]
    limited = list(itertools.product(DATASETS, SETS, ((None, None), (30.0, None), (None, 0.4))))
    for touched in (False, True):
        for dataset, setname, limits in limited:
            pair.call("find_best", dataset, setname, *limits, hp)
        for dataset in DATASETS:
            pair.call("statistics", dataset, hp)
        for index in INDEXES if not touched else ():
            pair.ask(lambda api, index=index: api.arch2infos_dict[index][hp].get_dataset_names())
    for dataset, index in itertools.product(DATASETS, INDEXES):
        pair.call("get_cost_info", index, dataset, hp)
        for epoch in (None, 0):
            for choice in SEEDS:
                pair.call("get_more_info", index, dataset, epoch, hp, choice)
            pair.call("simulate_train_eval", index, dataset, epoch, hp)
    assert pair.differences == []
    asked = [index for index in INDEXES for _ in range(3)]
    for dataset in {dataset for _, dataset in batch._store.keys}:

        def each(method: str, *args: Any, dataset: str = dataset) -> list[Any]:
            return answers(
                getattr(scalar, method), asked, [dataset] * len(asked), *([one] * len(asked) for one in args)
            )

        for choice, epoch in itertools.product(SEEDS, (None, 0)):
            expected, state = each("get_more_info", epoch, hp, choice), random.getstate()
            random.seed(0)
            assert_infos(batch.get_more_info(asked, dataset, epoch, hp, choice), expected)
            assert random.getstate() == state
        assert_columns(batch.get_cost_info(asked, dataset, hp=hp), each("get_cost_info", hp))
        if dataset not in SEARCHED or (hp, rules.trained_on(dataset)) not in batch._store.keys:
            continue
        for epoch in (0, epochs - 1):
            trained, state = each("simulate_train_eval", epoch, hp), random.getstate()
            random.seed(0)
            found = batch.simulate_train_eval(asked, dataset, epoch, hp=hp)[:3]
            assert random.getstate() == state
            for place, one in enumerate(trained):
                assert [bits(values[place]) for values in found] == [bits(value) for value in (one or (None,) * 4)[:3]]


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 24))])
@pytest.mark.parametrize("name", ["tss", "sss"])
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # float16
def test_odd_archives(folder: Path, name: str, seed: int) -> None:
    check(folder, name, seed)


def test_the_clock_of_float16_seconds(tmp_path: Path) -> None:
    """The scalar API adds in the type of the seconds; batches add in float64."""
    states = record(SSS, 3, "01")
    for trial in states["01"]["all_results"].values():
        for name in ("train_times", "eval_times"):
            trial[name] = {key: np.float16(value) for key, value in trial[name].items()}
    api = natsbin.create(write_store(tmp_path / "x.h5", SSS, {3: states}), "sss", True, False)
    assert type(api.simulate_train_eval(3, "cifar100", 0, "01")[3]) is type(0 + np.float16(1))  # numpy 1: float64
    api.reset_time()
    random.seed(0)
    _, _, seconds, clock = api.batch.simulate_train_eval([3, 3], "cifar100", 0, hp="01")
    assert clock.tolist() == [seconds[0], seconds[0] + seconds[1]]


def test_more_seeds_than_arrays_have_room_for(tmp_path: Path) -> None:
    """Batches answer for the most frequent seeds from arrays, and one by one for architectures with another."""
    records = {index: record(SSS, index, "01") for index in (*range(90), 100)}
    for index, states in records.items():
        state = states["01"]
        for dataset, seeds in state["dataset_seed"].items():
            if index != 100:
                state["all_results"][dataset, 1000 + index] = dict(state["all_results"][dataset, seeds[0]])
                seeds.append(1000 + index)
    api: Any = natsbin.create(write_store(tmp_path / "x.h5", SSS, records), "sss", True, False)
    assert 20 < api.batch._table("01", "cifar100").irregular.sum() < 40
    asked = list(records)
    for choice in (False, True, 777, 1001, 1080):
        expected = answers(api.get_more_info, asked, *([one] * len(asked) for one in ("cifar100", None, "01", choice)))
        random.seed(0)
        assert_infos(api.batch.get_more_info(asked, "cifar100", None, "01", choice), expected)
