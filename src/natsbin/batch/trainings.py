"""Simulated trainings over arrays: a whole schedule at once, and the clock after each of its steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _trainings
from natsbin.batch import draws
from natsbin.batch.arrays import (
    Floats,
    Longs,
    check_policy,
    common_shape,
    empty,
    finish,
    flat,
    lacking,
    longs,
    with_tensors,
)
from natsbin.batch.core import Questions, Trials
from natsbin.batch.queries import Queries
from natsbin.batch.table import BatchTable
from natsbin.errors import QuestionError
from natsbin.store.layouts import MISSING, is_missing

Bools = npt.NDArray[np.bool_]
Answers = tuple[Floats, Floats, Floats]  # accuracy, latency, seconds

SEARCHED = ("cifar10", "cifar100", "ImageNet16-120")


class Trainings(Queries):
    """``simulate_train_eval`` over arrays."""

    @with_tensors
    def simulate_train_eval(
        self,
        arch: Any,
        dataset: str,
        iepoch: Any = None,
        hp: str | int = "12",
        account_time: bool = True,
        *,
        rng: np.random.Generator | None = None,
        seed: Any = None,
        missing: str = "nan",
    ) -> tuple[Any, Any, Any, Any]:
        """A whole schedule of trainings: accuracies in percent, latencies, seconds, and the clock after each, in order.

        One random trial of each, drawn with ``rng``, or as the scalar API draws without one; or those of ``seed``.
        The clock moves on by the seconds of every training that has an answer, unless ``account_time`` is False.
        """
        check_policy(missing)
        if dataset not in SEARCHED:
            raise QuestionError(f"Invalid dataset name : {dataset} vs {SEARCHED}")
        costs = self._sheet(hp, dataset)
        sheet = self._sheet(hp, "cifar10-valid") if dataset == "cifar10" else costs
        index, epoch = self._index(arch), self._epoch(sheet, iepoch)
        seeds = None if seed is None else longs("seed", seed)
        shape = common_shape(arch=index, iepoch=epoch, seed=seeds)
        index, epoch = flat(index, shape), flat(epoch, shape)
        if seeds is not None:
            first = second = Trials(seed=flat(seeds, shape))
        else:
            first, second = self._two_draws(sheet, shape, index, epoch, rng)
        asked = Questions(sheet, shape, index, epoch, first)
        again = Questions(sheet, shape, index, sheet.last, second)
        accuracy, latency, seconds = self._trained(asked, again, costs)
        if sheet.any_irregular or costs.any_irregular:
            self._patch(asked, again, (accuracy, latency, seconds))
            self._price(asked, costs, (accuracy, latency, seconds))
        clock = np.full(asked.n, self._clock._used_time, np.float64)
        if account_time and asked.n:
            _trainings.running(seconds, self._clock._used_time, clock)
            self._clock._used_time = float(clock[-1])
        what = f"of a training with hp {sheet.hp} on {dataset}"
        return (
            finish(accuracy, shape, missing, f"accuracy {what}"),
            finish(latency, shape, "nan" if missing == "raise" else missing, f"latency {what}"),
            finish(seconds, shape, missing, f"seconds {what}"),
            clock.reshape(shape),
        )

    def _trained(self, asked: Questions, again: Questions, costs: BatchTable) -> Answers:
        """What the tables say."""
        sheet = asked.sheet
        valid, valtest = sheet.lane("x-valid", "accuracy"), sheet.lane("ori-test", "accuracy")
        if valid is None:
            return lacking(asked.n), lacking(asked.n), lacking(asked.n)
        accuracy, latency, seconds = empty(asked.n), empty(asked.n), empty(asked.n)
        refused = costs.refused & ~costs.irregular  # of the irregular, records tell
        lanes = valid, None if sheet.dataset == "cifar10-valid" else valtest
        meters = sheet.meter("train"), sheet.meter("x-valid")
        numbers = accuracy, latency, seconds
        _trainings.trainings(asked.asked, again.asked, *lanes, *meters, costs.latency, refused, *numbers)
        return accuracy, latency, seconds

    def _two_draws(
        self, sheet: BatchTable, shape: tuple[int, ...], index: Longs, epoch: Longs, rng: np.random.Generator | None
    ) -> tuple[Trials, Trials]:
        """A random trial for each question, and a second for those without a validation accuracy."""
        n = int(np.prod(shape, dtype=np.int64))
        whole = sheet.coverage("x-valid").whole
        whole_there = (bool(whole.all()) or bool(whole[epoch].all())) and not sheet.any_irregular
        if rng is not None:
            one = Trials(chance=rng.random(n))
            return one, one if whole_there else Trials(chance=rng.random(n))
        twice = np.zeros(n, np.bool_)
        if not whole_there and sheet.dataset != "cifar10-valid":
            twice[:] = self._fallbacks(sheet, shape, index, epoch)
        counts = np.ascontiguousarray(np.broadcast_to(self._counts(sheet, index), (n,)))
        first, second = draws.choices(counts, twice)
        return Trials(position=first), Trials(position=second)

    def _fallbacks(self, sheet: BatchTable, shape: tuple[int, ...], index: Longs, epoch: Longs) -> Bools:
        """Where the API takes the accuracy of the whole test set, having none on the validation set."""
        fallback = ~sheet.coverage("x-valid").there(index, epoch) & sheet.coverage("ori-test").there(index, epoch)
        asked = Questions(sheet, shape, index, epoch, Trials())
        fallback = np.array(np.broadcast_to(fallback, (asked.n,)))
        for place, one, at, _ in asked.each_irregular(self._fallback):
            found = self._fallback.more_info(one, sheet.hp, sheet.dataset, at, False)
            fallback[place] = "valid-accuracy" not in found and "valtest-accuracy" in found
        return fallback

    def _patch(self, asked: Questions, again: Questions, answers: Answers) -> None:
        """What records say of the irregular ones."""
        sheet, (accuracy, _, seconds) = asked.sheet, answers
        irregular = zip(asked.each_irregular(self._fallback), again.each_irregular(self._fallback), strict=True)
        for (place, one, at, seed), (_, _, _, other) in irregular:
            info = self._fallback.more_info(one, sheet.hp, sheet.dataset, at, seed)
            label, timed = "valid", info
            if "valid-accuracy" not in info:
                label, timed = "valtest", self._fallback.more_info(one, sheet.hp, sheet.dataset, None, other)
            accuracy[place] = seconds[place] = MISSING
            trained, validated = info.get("train-all-time"), timed.get("valid-per-time")
            if f"{label}-accuracy" in info and trained is not None and validated is not None:
                accuracy[place], seconds[place] = info[f"{label}-accuracy"], trained + validated

    def _price(self, asked: Questions, costs: BatchTable, answers: Answers) -> None:
        """Latencies of those that were patched; nothing of those that the API gives no costs of."""
        latencies, refused = costs.latency.copy(), costs.refused.copy()
        for one in np.unique(asked.index[costs.irregular[asked.index]]).tolist():
            found = self._fallback.cost_info(one, costs.hp, costs.dataset)
            refused[one] = not found
            latency = found.get("latency")
            latencies[one] = MISSING if latency is None else latency
        accuracy, latency, seconds = answers
        latency[:] = latencies[asked.index]
        gone = is_missing(accuracy) | refused[asked.index]
        accuracy[gone] = latency[gone] = seconds[gone] = MISSING
