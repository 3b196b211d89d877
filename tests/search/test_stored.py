"""Trainings read from a store are those of the scalar API; the paper's loops see the same architectures."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.paths import load_tool
from support.records import record, write_store

import natsbin
from natsbin.errors import QuestionError
from natsbin.search import Budget, StoredSimulation, find_algorithm, search_script, stored
from natsbin.spaces import TSS
from natsbin.store import Store, open_store

paper_loops = load_tool("paper_loops")


def create(store: Store) -> Any:
    return natsbin.create(str(store.path), store.space.name, fast_mode=True, verbose=False)


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100", "ImageNet16-120"])
def test_trainings_are_those_of_the_scalar_api(sparse: Store, dataset: str) -> None:
    api, simulation = create(sparse), StoredSimulation(sparse, dataset, 12)
    trained_once = np.flatnonzero(simulation.counts)
    assert simulation.absent == len(sparse.space) - len(trained_once)
    assert 50 < len(trained_once) <= len(sparse.indexes)  # generated archives have a few records without a training
    for index in trained_once.tolist():
        for chance in (0.0, 0.49, 0.999999):
            accuracy, seconds = simulation.answer(index, 7, 0, chance)
            batch = api.batch.simulate_train_eval(index, dataset, 6, "12", rng=_Always(chance))
            assert (accuracy, seconds) == (batch[0], batch[2])
            _, rest = simulation.answer(index, 12, 7, chance)
            whole = simulation.answer(index, 12, 0, chance)[1]
            position = int(chance * simulation.counts[index])
            trained = simulation.at(7).trained.reshape(len(sparse.space), -1)[index, position]
            assert rest == whole - trained
            assert 0 < rest < whole
    assert simulation.answer(int(np.argmin(simulation.counts)), 12, 0, 0.7) == (0.0, 0.0)


class _Always(np.random.Generator):
    """Gives the same number again and again."""

    def __init__(self, number: float) -> None:
        super().__init__(np.random.PCG64(0))
        self._number = number

    def random(self, size: int) -> Any:  # type: ignore[override]
        return np.full(size, self._number)


def test_what_a_store_does_not_have(sparse: Store) -> None:
    with pytest.raises(QuestionError, match="no cifar10 with hp 07: there are"):
        StoredSimulation(sparse, "cifar10", "7")
    with pytest.raises(QuestionError, match="no cifar11 with hp 12"):
        StoredSimulation(sparse, "cifar11")


@pytest.mark.parametrize("name", ["random", "rea"])
@pytest.mark.parametrize("dataset", ["cifar10", "cifar100"])
def test_the_papers_loops(sparse: Store, name: str, dataset: str) -> None:
    api, simulation = create(sparse), StoredSimulation(sparse, dataset)
    for seed in (0, 77):
        seen: list[tuple[int, float, float]] = []
        api.reset_time()
        random.seed(seed)
        train = paper_loops.trainer(api, dataset, "12", seen)
        paper_loops.LOOPS[name](sparse.space.name, train, lambda seen=seen: len(seen) >= 2000)
        random.seed("elsewhere")
        before = random.getstate()
        algorithm = find_algorithm(f"{name}-script").make(sparse.space, 12, np.random.default_rng(0), {})
        history = search_script(algorithm, simulation, seed, Budget(trainings=2000))  # type: ignore[arg-type]
        assert random.getstate() == before
        columns = (history.index[0], history.accuracy[0], history.clock[0])
        assert list(zip(*(column.tolist() for column in columns), strict=True)) == seen
        assert sum(accuracy > 0 for _, accuracy, _ in seen) > 3


def test_as_many_places_as_an_architecture_has_seeds(tmp_path: Path) -> None:
    """Each architecture has seeds of its own, hundreds in all: arrays have a place for a few, not for each of all."""
    records = {}
    for index in range(0, 300, 10):
        states = record(TSS, 3, "200")
        state = states["200"]
        shift = 1000 * index
        state["dataset_seed"] = {
            name: [seed + shift for seed in seeds] for name, seeds in state["dataset_seed"].items()
        }
        state["all_results"] = {(name, seed + shift): one for (name, seed), one in state["all_results"].items()}
        for (_, seed), trial in state["all_results"].items():
            trial["seed"] = seed
        state["arch_index"], state["arch_str"] = index, TSS.architectures[index]
        records[index] = states
    store = open_store(write_store(tmp_path / "seeds.h5", TSS, records))
    assert len(set(store.table("200", "cifar100").seed.tolist())) > 60
    simulation, api = StoredSimulation(store, "cifar100", 200), create(store)
    assert simulation._seeds.shape == (3, store.total)
    for index in records:
        seeds = api.query_meta_info_by_index(index, "200").get_dataset_seeds("cifar100")
        expected = {api.get_more_info(index, "cifar100", None, "200", seed)["valid-accuracy"] for seed in seeds}
        found = {simulation.answer(index, 200, 0, chance)[0] for chance in (0.0, 0.4, 0.999)}
        assert found <= expected
        assert len(found) == min(len(expected), 3)


def test_more_seeds_than_searches_take(sparse: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MOST_PLACES", sparse.total - 1)
    with pytest.raises(QuestionError, match=r"[1-3] seeds of architecture \d+ with hp .*: searches take up to 0"):
        StoredSimulation(sparse, "cifar100", sparse.longest_hp)
