"""Trainings read from a store are those of the scalar API; the paper's loops see the same architectures."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from support.paths import load_tool

import natsbin
from natsbin.errors import QuestionError
from natsbin.search import Budget, StoredSimulation, find_algorithm, search_script
from natsbin.store import Store

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
