"""Trainings read from a store are those of the scalar API; the paper's loops see the same architectures."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import natsbin
from natsbin.errors import QuestionError
from natsbin.search import Budget, StoredSimulation, find_algorithm, search_script
from natsbin.spaces import CHANNELS, OPERATIONS
from natsbin.store import Store


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


def drawn(space: str) -> str:
    """A random architecture, digit by digit, as a string."""
    if space == "sss":
        return ":".join(str(random.choice(CHANNELS)) for _ in range(5))
    ops = [[random.choice(OPERATIONS) for _ in range(node)] for node in (1, 2, 3)]
    return joined(ops)


def joined(ops: list[list[str]]) -> str:
    nodes = ["|".join(f"{op}~{place}" for place, op in enumerate(node)) for node in ops]
    return "+".join(f"|{node}|" for node in nodes)


def child_of(parent: str, space: str) -> str:
    if space == "sss":
        channels = parent.split(":")
        place = random.randint(0, 4)
        channels[place] = str(random.choice(CHANNELS))
        return ":".join(channels)
    ops = [[edge.split("~")[0] for edge in node.strip("|").split("|")] for node in parent.split("+")]
    node = ops[random.randint(0, 2)]
    place = random.randint(0, len(node) - 1)
    new = random.choice(OPERATIONS)
    while new == node[place]:
        new = random.choice(OPERATIONS)
    node[place] = new
    return joined(ops)


def random_loop(space: str, train: Callable[[str], float], count: int) -> None:
    for _ in range(count):
        train(drawn(space))


def evolution_loop(space: str, train: Callable[[str], float], count: int) -> None:
    population: deque[tuple[str, float]] = deque()
    for _ in range(10):
        arch = drawn(space)
        population.append((arch, train(arch)))
    for _ in range(count - 10):
        sample = [random.choice(list(population)) for _ in range(3)]
        child = child_of(max(sample, key=lambda one: one[1])[0], space)
        population.append((child, train(child)))
        population.popleft()


@pytest.mark.parametrize(("name", "loop"), [("random-script", random_loop), ("rea-script", evolution_loop)])
@pytest.mark.parametrize("dataset", ["cifar10", "cifar100"])
def test_the_papers_loops(sparse: Store, name: str, loop: Callable[..., None], dataset: str) -> None:
    api, simulation, space = create(sparse), StoredSimulation(sparse, dataset), sparse.space.name
    present = set(np.flatnonzero(simulation.counts).tolist())
    count = 3000 if loop is random_loop else 1500
    for seed in (0, 77):
        seen: list[int] = []
        answers: list[tuple[float, float]] = []

        def train(arch: str, seen: list[int] = seen, answers: list[tuple[float, float]] = answers) -> float:
            seen.append(api.query_index_by_arch(arch))
            if seen[-1] in present:
                accuracy, _, _, clock = api.simulate_train_eval(arch, dataset, hp="12")
            else:  # a training that failed
                accuracy, clock = 0.0, api.used_time
            answers.append((accuracy, clock))
            return accuracy

        api.reset_time()
        random.seed(seed)
        loop(space, train, count)
        random.seed("elsewhere")
        before = random.getstate()
        algorithm = find_algorithm(name).make(sparse.space, 12, np.random.default_rng(0), {})
        history = search_script(algorithm, simulation, seed, Budget(trainings=count))  # type: ignore[arg-type]
        assert random.getstate() == before
        assert history.index[0].tolist() == seen
        assert list(zip(history.accuracy[0].tolist(), history.clock[0].tolist(), strict=True)) == answers
        assert sum(one > 0 for one, _ in answers) > 3
