"""The paper's random search and evolution, draw for draw: seeded through Python's ``random``, over the scalar API.

A loop over ``random.choice`` and ``simulate_train_eval`` sees the same architectures, trials and times.
"""

from __future__ import annotations

import random
from collections import deque
from typing import Any

from natsbin.search.checks import whole
from natsbin.search.history import Budget, History
from natsbin.search.moves import moves_of
from natsbin.search.run import search
from natsbin.search.stored import StoredSimulation
from natsbin.search.training import Training
from natsbin.spaces import SearchSpace


class ScriptRandomSearch:
    """Random search that draws digit after digit with ``random.choice``."""

    def __init__(self, space: SearchSpace, epochs: int, rng: Any) -> None:
        self._moves, self._epochs = moves_of(space), epochs
        self._choices = range(space.base)

    def ask(self) -> Training:
        """An architecture drawn digit by digit."""
        return Training(self.drawn(), self._epochs, 0, 0.0)

    def tell(self, training: Training, accuracy: float) -> None:
        """Random search learns nothing."""

    def drawn(self) -> int:
        """The index of random digits."""
        rank = 0
        for _ in range(self._moves.digits):
            rank = rank * self._moves.base + random.choice(self._choices)
        return int(self._moves.index_of_rank[rank])


class ScriptEvolution(ScriptRandomSearch):
    """Regularized evolution that draws with ``random.choice`` and ``random.randint``."""

    def __init__(self, space: SearchSpace, epochs: int, rng: Any, *, population: int = 10, sample: int = 3) -> None:
        super().__init__(space, epochs, rng)
        self._size, self._sample = whole("population", population, 1), whole("sample", sample, 1)
        self._population: deque[tuple[float, int]] = deque(maxlen=population)

    def ask(self) -> Training:
        """A random architecture until the population is full, then the child of the best of a sample."""
        if len(self._population) < self._size:
            return super().ask()
        sample = [random.choice(self._population) for _ in range(self._sample)]
        return Training(self._child(max(sample, key=lambda one: one[0])[1]), self._epochs, 0, 0.0)

    def tell(self, training: Training, accuracy: float) -> None:
        """The newest joins the population; beyond its size the oldest leaves."""
        self._population.append((accuracy, training.index))

    def _child(self, parent: int) -> int:
        if self._moves.space.name == "sss":
            place, digit = random.randint(0, self._moves.digits - 1), random.choice(self._choices)
        else:
            node = random.randint(0, 2)
            place = node * (node + 1) // 2 + random.randint(0, node)
            own = self._moves.digits_of(parent)[place]
            while (digit := random.choice(self._choices)) == own:
                pass
        return int(self._moves.replaced(parent, place, digit, skip_own=False))


class _Scalar:
    """Trainings by the scalar API, which draws their trials from Python's ``random``."""

    def __init__(self, simulation: StoredSimulation) -> None:
        self._simulation = simulation

    def answer(self, index: int, epochs: int, resume_from: int, chance: float) -> tuple[float, float]:
        simulation = self._simulation
        if not simulation.counts[index]:
            return 0.0, 0.0
        accuracy, _, seconds, _ = simulation.api.simulate_train_eval(index, simulation.dataset, hp=simulation.hp)
        return accuracy, seconds


def search_script(algorithm: ScriptRandomSearch, simulation: StoredSimulation, seed: int, budget: Budget) -> History:
    """A run that begins with ``random.seed(seed)``; the ``random`` module is left as it was."""
    before = random.getstate()
    random.seed(seed)
    try:
        return search(algorithm, _Scalar(simulation), budget, None)  # type: ignore[arg-type]
    finally:
        random.setstate(before)
