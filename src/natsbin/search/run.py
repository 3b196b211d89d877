"""One search, training by training: any object with ``ask`` and ``tell`` against a simulation."""

from __future__ import annotations

import heapq
from dataclasses import replace
from typing import Protocol

import numpy as np

from natsbin.errors import QuestionError
from natsbin.search.history import Budget, History
from natsbin.search.training import Algorithm, Training


class Trainer(Protocol):
    """What answers a training: ``Simulation``, or anything with its method."""

    def answer(self, index: int, epochs: int, resume_from: int, chance: float) -> tuple[float, float]:
        """Accuracy in percent, and simulated seconds."""


def search(algorithm: Algorithm, trainer: Trainer, budget: Budget, rng: np.random.Generator) -> History:
    """Run an algorithm until its budget is spent, or it asks for nothing more: a history of one run.

    ``rng`` draws the trial of a training that came without a chance. Where the algorithm has ``workers``, so many
    trainings run side by side; it is told of them as they end, at equal times of the lower worker's first.
    """
    seconds, trainings = budget.limits
    running: list[tuple[float, int, Training, float]] = []
    idle = list(range(getattr(algorithm, "workers", 1)))
    rows: list[tuple[int, int, float, float]] = []
    clock = 0.0
    while clock < seconds and len(rows) < trainings:
        while idle and (asked := algorithm.ask()) is not None:
            training = _complete(asked, rng)
            accuracy, cost = trainer.answer(
                training.index, training.epochs, training.resume_from, training.chance or 0.0
            )
            heapq.heappush(running, (clock + float(cost), heapq.heappop(idle), training, float(accuracy)))
        if not running:
            break
        clock, worker, training, accuracy = heapq.heappop(running)
        heapq.heappush(idle, worker)
        algorithm.tell(training, accuracy)
        rows.append((training.index, training.epochs, accuracy, clock))
    if not rows:
        raise QuestionError(f"{type(algorithm).__name__} asked for no training: there is nothing to report")
    index, epochs, accuracies, clocks = zip(*rows, strict=True)
    return History(
        np.array([index], np.int32),
        np.array([epochs], np.int16),
        np.array([accuracies]),
        np.array([clocks]),
        np.array([len(rows)]),
    )


def _complete(asked: Training | tuple[int, int], rng: np.random.Generator) -> Training:
    training = asked if isinstance(asked, Training) else Training(*asked)
    return training if training.chance is not None else replace(training, chance=float(rng.random()))
