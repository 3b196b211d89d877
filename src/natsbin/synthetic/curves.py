"""Learning curves: what fraction of each set a network gets right, and its loss, epoch by epoch.

Shapes are ``(seeds, epochs)``; accuracies are fractions. The form and its numbers are those of the genuine
runs: a steep start, a plateau on which evaluation is noisy while the cosine schedule's learning rate is
high, and a late rise when it ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from natsbin.spaces import CHANNELS, OPERATIONS, SAMPLES, SearchSpace, sets_of
from natsbin.synthetic.averages import Floats
from natsbin.synthetic.costs import CLASSES

EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))  # of a topology cell, in string order
WORTH = (0.0, 0.25, 0.7, 1.0, 0.15)  # of an operation, by digit

NEARLY_ALL = 0.9998  # right, where training saturates


@dataclass(frozen=True)
class _Task:
    """How final accuracy, top-5 accuracy, loss and over-fitting depend on each other on a dataset."""

    worst: dict[str, float]  # final validation accuracy of a space's poorest network that learns at all
    best: float
    final_power: float  # of the quality, between those two
    schooling: float  # of the longest schedule's accuracy, what a poor network reaches in 12 epochs
    top5_power: float
    loss_power: tuple[float, float]  # of what is wrong, and its slope with what is right
    overfit: tuple[float, float]  # power of the error that is the training error: poorest, best network
    doubt: float  # how much loss a gap between training and evaluation adds


_CIFAR10 = (0.70, 4.2, (0.6, 0.35), (1.2, 5.5), 5.0)
_TASKS = {
    "cifar10-valid": _Task({"tss": 0.55, "sss": 0.77}, 0.915, 1.0, *_CIFAR10),
    "cifar10": _Task({"tss": 0.64, "sss": 0.80}, 0.935, 1.0, *_CIFAR10),
    "cifar100": _Task({"tss": 0.25, "sss": 0.32}, 0.735, 1.5, 0.55, 3.0, (1.6, -0.5), (1.1, 6.5), 1.0),
    "ImageNet16-120": _Task({"tss": 0.12, "sss": 0.16}, 0.468, 2.0, 0.55, 3.4, (1.7, -0.7), (1.0, 1.6), 1.0),
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
        return math.sqrt(sum(math.log2(CHANNELS[d] / 8) for d in digits) / (3 * len(digits)))
    from_input, to_output = {0}, {3}
    edges = [(edge, d) for edge, d in zip(EDGES, digits, strict=True) if OPERATIONS[d] != "none"]
    for (start, end), _ in edges:  # string order is topological
        from_input |= {end} if start in from_input else set()
    for (start, end), _ in sorted(edges, reverse=True):
        to_output |= {start} if end in to_output else set()
    if 3 not in from_input:
        return -1.0
    worth = sum(WORTH[d] for (start, end), d in edges if start in from_input and end in to_output)
    return 1.0 - math.exp(-0.65 * worth)


def final_fraction(space: SearchSpace, dataset: str, merit: float) -> float:
    """Validation accuracy after the longest schedule of a network of that quality, as a fraction."""
    task = _TASKS[dataset]
    if merit < 0:
        return 1 / CLASSES[dataset]
    worst = task.worst[space.name]
    return worst + (task.best - worst) * float(merit**task.final_power)


def _progress(epochs: int) -> tuple[Floats, Floats]:
    """How much of its final accuracy a run has by each epoch (0 to 1), and the relative learning rate."""
    epoch = np.arange(1, epochs + 1)
    rate = (1.0 + np.cos(np.pi * epoch / epochs)) / 2
    start = -np.expm1(-((epoch / (1.5 + 0.0325 * epochs)) ** 0.6))
    progress = 0.74 * start + 0.26 * (1.0 - rate)
    return progress / progress[-1], rate


def learn(dataset: str, finals: Floats, epochs: int, longest: int, rng: np.random.Generator) -> Curves:
    """Curves of runs, one a seed, that would reach the accuracies ``finals`` in ``longest`` epochs."""
    task, classes = _TASKS[dataset], CLASSES[dataset]
    at_chance = 1 / classes
    shape = (len(finals), epochs)
    learns = (finals > 1.05 * at_chance)[:, None]
    worst = task.worst["tss"]
    merit = np.clip((finals - worst) / (task.best - worst), 0.0, 1.0)[:, None]
    schooling = 1.0 if epochs == longest else task.schooling + 0.2 * merit
    if epochs == 1:
        schooling = schooling * 0.3
    end = at_chance + np.maximum(finals[:, None] - at_chance, 0.0) * schooling
    low, high = task.overfit
    power = 1.03 if epochs < longest else low + (high - low) * merit**8
    train_end = np.minimum(1.0 - (1.0 - end) ** power, NEARLY_ALL)

    progress, rate = _progress(epochs)
    train_progress = np.minimum(progress * (1.0 + rng.standard_normal(shape) * 0.004), 1.0)
    train = np.where(
        learns, at_chance + (train_end - at_chance) * train_progress, at_chance + rng.normal(0, 0.001, shape)
    )
    setback = np.abs(rng.standard_normal(shape)) * 0.16 * rate  # what all evaluations of an epoch share

    top1, top5, loss = {}, {}, {}
    for set_name in sets_of(dataset):
        right = train
        if set_name != "train":
            noise = np.sqrt(end * (1.0 - end) / SAMPLES[dataset, set_name]) * rng.standard_normal(shape)
            right = at_chance + (end - at_chance) * progress * (1.0 - setback) + noise
            right = np.where(learns, right, chance(dataset, set_name))
        right = np.clip(right, 0.5 * at_chance, NEARLY_ALL)
        intercept, slope = task.loss_power
        doubt = 1.0 + task.doubt * np.maximum(train - right, 0.0) * progress
        wrong = (1.0 - right) ** (intercept + slope * right) * doubt
        top1[set_name] = right
        top5[set_name] = np.where(learns, 1.0 - (1.0 - right) ** task.top5_power, 5 * right)
        loss[set_name] = math.log(classes) * np.where(learns, wrong, 1.0)
    return Curves(top1, top5, loss)
