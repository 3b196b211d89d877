"""Optuna: an objective that prunes on learning curves, and the benchmark as an OptunaHub problem."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from natsbin._util.extras import missing
from natsbin.adaptors.configurations import place_names
from natsbin.adaptors.trainings import MAXIMISED, Trainings, check_objectives
from natsbin.store import Store

try:
    import optuna
    from optunahub.benchmarks import BaseProblem
except ImportError as error:
    raise missing("natsbin.adaptors.optuna", "optuna and optunahub", "optuna") from error


class Objective:
    """``study.optimize(Objective("tss.h5"), n_trials=100)``: the validation accuracy, to be maximised.

    Each epoch is reported as a step, so pruners stop a training where they would stop a real one. A trial's user
    attributes are ``architecture`` (its index) and ``seconds`` (of the epochs that it ran); ``used_time`` adds up the
    seconds of all trials. The arguments are those of ``natsbin.adaptors.trainings.Trainings``.
    """

    def __init__(self, store: Store | str | Path, dataset: str = "cifar10", **which: Any) -> None:
        self.trainings = Trainings(store, dataset, **which)

    @property
    def used_time(self) -> float:
        """The simulated seconds of all trials so far."""
        return self.trainings.used_time

    def __call__(self, trial: optuna.Trial) -> float:
        choices = self.trainings.choices
        index = self.trainings.index(
            {name: trial.suggest_categorical(name, choices) for name in place_names(self.trainings.space)}
        )
        trial.set_user_attr("architecture", index)
        accuracy, seconds = self.trainings.curves(index)
        for epoch in range(self.trainings.epochs):
            if math.isnan(accuracy[epoch]):
                continue  # no evaluation after this epoch
            trial.report(float(accuracy[epoch]), epoch)
            if trial.should_prune() or epoch == self.trainings.epochs - 1:
                break
        trial.set_user_attr("seconds", float(seconds[epoch]))
        self.trainings.spend(seconds[epoch])
        if epoch < self.trainings.epochs - 1:
            raise optuna.TrialPruned
        return float(accuracy[epoch])


class Problem(BaseProblem):
    """The benchmark as an OptunaHub problem of one objective or several: whole trainings, no pruning.

    ``objectives`` are some of ``accuracy`` (percent), ``time``, ``latency`` (seconds), ``flops`` and ``params`` (M).
    """

    def __init__(
        self,
        store: Store | str | Path,
        dataset: str = "cifar10",
        objectives: Sequence[str] = ("accuracy",),
        **which: Any,
    ) -> None:
        self.objectives, self.trainings = check_objectives(objectives), Trainings(store, dataset, **which)

    @property
    def search_space(self) -> dict[str, Any]:
        """A categorical distribution for each place of an architecture."""
        distribution = optuna.distributions.CategoricalDistribution(self.trainings.choices)
        return dict.fromkeys(place_names(self.trainings.space), distribution)

    @property
    def directions(self) -> list[Any]:
        """To maximise the accuracy, to minimise all else."""
        direction = optuna.study.StudyDirection
        return [direction.MAXIMIZE if MAXIMISED[name] else direction.MINIMIZE for name in self.objectives]

    def evaluate(self, params: dict[str, Any]) -> float | list[float]:
        """The objectives of one architecture; the clock moves on by the seconds of its training."""
        values, seconds = self.trainings.objectives(self.trainings.index(params), self.objectives)
        self.trainings.spend(seconds)
        row: list[float] = values[0].tolist()
        return row[0] if len(row) == 1 else row
