"""The paper's random search, evolution and REINFORCE as plain loops over the scalar API.

Written from the settings of the paper's scripts, to compare ``natsbin.search`` with: draws are those of Python's
``random`` (of torch in REINFORCE), architectures are strings, and nothing of ``natsbin.search`` is used.
"""

from __future__ import annotations

import importlib
import random
from collections import deque
from collections.abc import Callable
from typing import Any

from natsbin.spaces import CHANNELS, OPERATIONS

Train = Callable[[str], float]
"""Trains an architecture: the accuracy in percent."""
Spent = Callable[[], bool]
"""Is the budget spent?"""


def random_loop(space: str, train: Train, spent: Spent) -> None:
    """Random search."""
    while not spent():
        train(drawn(space))


def evolution_loop(space: str, train: Train, spent: Spent) -> None:
    """Regularized evolution: a population of 10, samples of 3."""
    population: deque[tuple[str, float]] = deque()
    while len(population) < 10:
        arch = drawn(space)
        population.append((arch, train(arch)))
    while not spent():
        sample = [random.choice(list(population)) for _ in range(3)]
        child = child_of(max(sample, key=lambda one: one[1])[0], space)
        population.append((child, train(child)))
        population.popleft()


def reinforce_loop(space: str, train: Train, spent: Spent) -> None:
    """REINFORCE: a learning rate of 0.01 for Adam, and an average that forgets a tenth at a time as baseline."""
    torch: Any = importlib.import_module("torch")
    digits, choices = (5, len(CHANNELS)) if space == "sss" else (6, len(OPERATIONS))
    logits = (1e-3 * torch.randn(digits, choices)).requires_grad_()
    adam = torch.optim.Adam([logits], lr=0.01)
    total, weight = 0.0, 0.0
    while not spent():
        policy = torch.distributions.Categorical(logits.softmax(-1))
        action = policy.sample()
        reward = train(spelled(action.tolist(), space))
        total, weight = 0.9 * total + 0.1 * reward, 0.9 * weight + 0.1
        loss = -(policy.log_prob(action) * (reward - total / weight)).sum()
        adam.zero_grad()
        loss.backward()
        adam.step()


LOOPS: dict[str, Callable[[str, Train, Spent], None]] = {
    "random": random_loop,
    "rea": evolution_loop,
    "reinforce": reinforce_loop,
}


def drawn(space: str) -> str:
    """A random architecture, digit by digit."""
    if space == "sss":
        return ":".join(str(random.choice(CHANNELS)) for _ in range(5))
    return _joined([[random.choice(OPERATIONS) for _ in range(node)] for node in (1, 2, 3)])


def child_of(parent: str, space: str) -> str:
    """A mutation: another operation on an edge of a random node, or any width of a random layer."""
    if space == "sss":
        channels = parent.split(":")
        place = random.randint(0, 4)
        channels[place] = str(random.choice(CHANNELS))
        return ":".join(channels)
    operations = [[edge.split("~")[0] for edge in node.strip("|").split("|")] for node in parent.split("+")]
    node = operations[random.randint(0, 2)]
    place = random.randint(0, len(node) - 1)
    new = random.choice(OPERATIONS)
    while new == node[place]:
        new = random.choice(OPERATIONS)
    node[place] = new
    return _joined(operations)


def spelled(digits: list[int], space: str) -> str:
    """The architecture of digits."""
    if space == "sss":
        return ":".join(str(CHANNELS[digit]) for digit in digits)
    names = [OPERATIONS[digit] for digit in digits]
    return _joined([names[:1], names[1:3], names[3:]])


def trainer(api: Any, dataset: str, hp: str, seen: list[tuple[int, float, float]]) -> Train:
    """Trains by ``simulate_train_eval`` and notes index, accuracy and clock of each training.

    An architecture that the API has no trial of is a training that failed: 0 % after 0 seconds.
    """

    def train(arch: str) -> float:
        index = api.query_index_by_arch(arch)
        try:
            accuracy, _, _, clock = api.simulate_train_eval(arch, dataset, hp=hp)
        except (ZeroDivisionError, KeyError, ValueError, AssertionError):
            accuracy, clock = 0.0, api.used_time
        seen.append((index, accuracy, clock))
        return float(accuracy)

    return train


def _joined(operations: list[list[str]]) -> str:
    nodes = ["|".join(f"{name}~{place}" for place, name in enumerate(node)) for node in operations]
    return "+".join(f"|{node}|" for node in nodes)
