"""Simulated trainings: a whole schedule at once, and the clock after each of its steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _trainings, rules
from natsbin.batch import draws, questions
from natsbin.batch.arrays import Floats, Longs, common_shape, finish, flat, lacking, longs, or_missing
from natsbin.batch.questions import Questions, Trials
from natsbin.batch.table import BatchTable
from natsbin.store.format import ColumnKey
from natsbin.store.layouts import MISSING, is_missing

Bools = npt.NDArray[np.bool_]
Answers = tuple[Floats, Floats, Floats]  # accuracy, latency, seconds

VALID = ColumnKey("x-valid", "accuracy")


def simulate(
    table: BatchTable,
    costs: BatchTable,
    index: Longs,
    iepoch: Any,
    rng: np.random.Generator | None,
    seed: Any,
    start: float,
    account_time: bool,
    missing: str,
) -> tuple[Any, Any, Any, Floats]:
    """The answer of ``simulate_train_eval``, with a clock that shows ``start`` before the first training.

    ``costs`` is the table of the dataset that was asked for, ``table`` that of the dataset that was trained on
    (``rules.trained_on``).
    """
    epoch = questions.epochs_of(table, iepoch)
    seeds = None if seed is None else longs("seed", seed)
    shape = common_shape(arch=index, iepoch=epoch, seed=seeds)
    index, epoch = flat(index, shape), flat(epoch, shape)
    if seeds is not None:
        first = second = Trials(seed=flat(seeds, shape))
    else:
        first, second = _two_draws(table, shape, index, epoch, rng)
    asked = Questions(table, shape, index, epoch, first)
    again = Questions(table, shape, index, table.last, second)
    accuracy, latency, seconds = answers = _trained(asked, again, costs)
    if table.any_irregular or costs.any_irregular:
        _patch_trainings(asked, again, answers)
        _patch_latencies(asked, costs, answers)
    clock = np.full(asked.n, start, np.float64)
    if account_time and asked.n:
        _trainings.running(seconds, start, clock)
    what = f"of a training with {costs.name}"
    return (
        finish(accuracy, shape, missing, f"accuracy {what}"),
        finish(latency, shape, "nan" if missing == "raise" else missing, f"latency {what}"),
        finish(seconds, shape, missing, f"seconds {what}"),
        clock.reshape(shape),
    )


def _trained(asked: Questions, again: Questions, costs: BatchTable) -> Answers:
    """What the tables say."""
    table, (label, fallback) = asked.table, rules.FALLBACK
    valid = table.column("x-valid", "accuracy")
    if valid is None or not {"train", "x-valid"} <= table.data.kernel.sets.keys():  # all are irregular
        return lacking(asked.n), lacking(asked.n), lacking(asked.n)
    valtest = table.column(fallback, "accuracy") if (label, fallback) in rules.parts_of(table.dataset) else None
    answers = np.empty(asked.n), np.empty(asked.n), np.empty(asked.n)
    none = costs.costs.none & ~costs.irregular  # the fallback says it of the irregular ones
    times = table.elapsed_time("train"), table.elapsed_time("x-valid")
    _trainings.trainings(asked.native, again.native, valid, valtest, *times, costs.costs.latency, none, *answers)
    return answers


def _two_draws(
    table: BatchTable, shape: tuple[int, ...], index: Longs, epoch: Longs, rng: np.random.Generator | None
) -> tuple[Trials, Trials]:
    """A random trial for each question, and a second one for those without a validation accuracy."""
    n = math.prod(shape)
    whole = table.coverage(VALID).whole
    all_have_one = (bool(whole.all()) or bool(whole[epoch].all())) and not table.any_irregular
    if rng is not None:
        one = Trials(chance=rng.random(n))
        return one, one if all_have_one else Trials(chance=rng.random(n))
    twice = np.zeros(n, np.bool_)
    if not all_have_one and rules.FALLBACK in rules.parts_of(table.dataset):
        twice[:] = _take_fallback(table, shape, index, epoch)
    first, second = draws.choices(questions.seed_counts(table, index, n), twice)
    return Trials(position=first), Trials(position=second)


def _take_fallback(table: BatchTable, shape: tuple[int, ...], index: Longs, epoch: Longs) -> Bools:
    """Where there is no validation accuracy, but one on the set of ``rules.FALLBACK``."""
    label, setname = rules.FALLBACK
    found = ~table.coverage(VALID).has(index, epoch) & table.coverage(ColumnKey(setname, "accuracy")).has(index, epoch)
    asked = Questions(table, shape, index, epoch, Trials())
    found = np.array(np.broadcast_to(found, (asked.n,)))
    for place, one, at, _ in asked.each_irregular():
        info = table.fallback.more_info(one, *table.key, at, False)
        found[place] = "valid-accuracy" not in info and f"{label}-accuracy" in info
    return found


def _patch_trainings(asked: Questions, again: Questions, answers: Answers) -> None:
    """Put in the accuracies and seconds of irregular architectures."""
    table, (accuracy, _, seconds) = asked.table, answers
    irregular = zip(asked.each_irregular(), again.each_irregular(), strict=True)
    for (place, one, at, seed), (_, _, _, other) in irregular:
        info = table.fallback.more_info(one, *table.key, at, seed)
        label, timed = "valid", info
        if "valid-accuracy" not in info:
            label, timed = rules.FALLBACK[0], table.fallback.more_info(one, *table.key, None, other)
        accuracy[place] = seconds[place] = MISSING
        trained, validated = info.get("train-all-time"), timed.get("valid-per-time")
        if f"{label}-accuracy" in info and trained is not None and validated is not None:
            accuracy[place], seconds[place] = info[f"{label}-accuracy"], trained + validated


def _patch_latencies(asked: Questions, costs: BatchTable, answers: Answers) -> None:
    """Put in the latencies of irregular architectures; nothing of those that the API gives no costs of."""
    latencies, no_costs = costs.costs.latency.copy(), costs.costs.none.copy()
    for one in np.unique(asked.index[costs.irregular[asked.index]]).tolist():
        found = costs.fallback.cost_info(one, *costs.key)
        no_costs[one] = not found
        latencies[one] = or_missing(found.get("latency"))
    accuracy, latency, seconds = answers
    latency[:] = latencies[asked.index]
    gone = is_missing(accuracy) | no_costs[asked.index]
    accuracy[gone] = latency[gone] = seconds[gone] = MISSING
