"""Learning curves: what fraction of each set a network gets right, and its loss, epoch by epoch.

Shapes are ``(seeds, epochs)``; accuracies are fractions. The form is that of the genuine runs: a steep start,
a plateau that is noisy while the cosine schedule's learning rate is high, and a late rise when it ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from natsbin.spaces import CHANNELS, OPERATIONS, SAMPLES, SearchSpace, sets_of
from natsbin.synthetic.costs import CLASSES
from natsbin.synthetic.meters import Floats

EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))  # of a topology cell, in string order
WORTH = (0.0, 0.25, 0.7, 1.0, 0.15)  # of an operation, by digit


@dataclass(frozen=True)
class _Task:
    """How accuracy, top-5 accuracy, loss and over-fitting hang together on a dataset, fitted by eye."""

    worst: float  # final validation accuracy of the poorest network that learns at all
    best: float
    top5_power: float
    loss_power: float
    overfit: tuple[float, float]  # power of the error that is the training error: poorest, best network


_TASKS = {
    "cifar10-valid": _Task(0.55, 0.915, 4.2, 0.80, (1.2, 2.8)),
    "cifar10": _Task(0.64, 0.935, 4.2, 0.80, (1.2, 2.8)),
    "cifar100": _Task(0.25, 0.735, 3.0, 1.40, (1.1, 3.3)),
    "ImageNet16-120": _Task(0.12, 0.468, 3.4, 1.60, (1.0, 1.5)),
}


@dataclass(frozen=True)
class Curves:
    """Of one dataset's runs, by set: fractions right, fractions right within five, losses."""

    top1: dict[str, Floats]
    top5: dict[str, Floats]
    loss: dict[str, Floats]


def chance(dataset: str, set_name: str) -> float:
    """Fraction that a network right by chance gets; the validation half of cifar10 is not quite balanced."""
    return 0.09712 if (dataset, set_name) == ("cifar10-valid", "x-valid") else 1 / CLASSES[dataset]


def quality(space: SearchSpace, digits: tuple[int, ...]) -> float:
    """How good an architecture is, 0 to 1; a cell without a path from input to output gets -1."""
    if space.name == "sss":
        return sum(math.log2(CHANNELS[d] / 8) for d in digits) / (3 * len(digits))
    from_input, to_output = {0}, {3}
    edges = [(edge, d) for edge, d in zip(EDGES, digits, strict=True) if OPERATIONS[d] != "none"]
    for (start, end), _ in edges:  # string order is topological
        from_input |= {end} if start in from_input else set()
    for (start, end), _ in sorted(edges, reverse=True):
        to_output |= {start} if end in to_output else set()
    if 3 not in from_input:
        return -1.0
    worth = sum(WORTH[d] for (start, end), d in edges if start in from_input and end in to_output)
    return 1.0 - math.exp(-0.75 * worth)


def final_fraction(dataset: str, merit: float) -> float:
    """Validation accuracy after the longest schedule of a network of that quality, as a fraction."""
    task = _TASKS[dataset]
    return 1 / CLASSES[dataset] if merit < 0 else task.worst + (task.best - task.worst) * merit


def learn(dataset: str, finals: Floats, epochs: int, longest: int, rng: np.random.Generator) -> Curves:
    """Curves of runs, one a seed, that would reach the accuracies ``finals`` in ``longest`` epochs."""
    task, classes = _TASKS[dataset], CLASSES[dataset]
    at_chance = 1 / classes
    learns = (finals > 1.05 * at_chance)[:, None]
    merit = np.clip((finals - task.worst) / (task.best - task.worst), 0.0, 1.0)[:, None]
    schooling = 1.0 if epochs == longest else 0.70 + 0.23 * merit
    end = at_chance + np.maximum(finals[:, None] - at_chance, 0.0) * schooling

    epoch = np.arange(1, epochs + 1)
    rate = (1.0 + np.cos(np.pi * epoch / epochs)) / 2  # learning rate, relative
    progress = 0.82 * -np.expm1(-epoch / (1.5 + 0.05 * epochs)) + 0.18 * (1.0 - rate) ** 2

    shape = (len(finals), epochs)
    wobble = rng.standard_normal(shape) * (0.035 * rate + 0.001)  # what all evaluations of an epoch share
    low, high = task.overfit
    power = 1.03 if epochs < longest else low + (high - low) * merit**3
    train_end = 1.0 - (1.0 - end) ** power
    train_progress = progress * (1.0 + rng.standard_normal(shape) * 0.004)
    train = at_chance + (train_end - at_chance) * np.minimum(train_progress, 1.0)
    train = np.where(learns, train, at_chance + rng.normal(0.0, 0.001, shape))

    top1, loss = {}, {}
    for set_name in sets_of(dataset):
        if set_name == "train":
            right = train
        else:
            right = at_chance + (end - at_chance) * np.minimum(progress + wobble, 1.0 + wobble / 4)
            noise = np.sqrt(end * (1.0 - end) / SAMPLES[dataset, set_name]) * rng.standard_normal(shape)
            right = np.where(learns, right + noise, chance(dataset, set_name))
        top1[set_name] = np.clip(right, 0.5 * at_chance, 0.9998)
        gap = np.maximum(train - top1[set_name], 0.0)
        doubt = (1.0 - top1[set_name]) ** task.loss_power * (1.0 + 3.0 * gap)
        loss[set_name] = math.log(classes) * np.where(learns, doubt, 1.0)
    top5 = {
        name: np.where(learns, 1.0 - (1.0 - right) ** task.top5_power, np.minimum(5 * right, 1.0))
        for name, right in top1.items()
    }
    return Curves(top1, top5, loss)
