"""Real Optuna studies, each value of which the scalar API gives too."""

from __future__ import annotations

from typing import Any

import pytest
from support.small_spaces import CHOICES, scalar_api

from natsbin.store import Store

optuna = pytest.importorskip("optuna")
pytest.importorskip("optunahub")

from natsbin.adaptors.optuna import Objective, Problem  # noqa: E402


@pytest.fixture(autouse=True)
def quiet() -> Any:
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def test_a_study_with_pruning(sss: Store, said: Any) -> None:
    objective = Objective(sss, hp="12", choices=CHOICES["sss"])
    pruner = optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=1)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=1), pruner=pruner)
    study.optimize(objective, n_trials=30)
    states = [trial.state for trial in study.trials]
    assert set(states) == {optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED}
    spent = 0.0
    for trial in study.trials:
        index, last = trial.user_attrs["architecture"], max(trial.intermediate_values)
        assert objective.trainings.index(trial.params) == index
        assert trial.intermediate_values == {epoch: said(index, epoch)[0] for epoch in range(last + 1)}
        assert trial.user_attrs["seconds"] == said(index, last)[1]
        spent += trial.user_attrs["seconds"]
        if trial.state == optuna.trial.TrialState.COMPLETE:
            assert last == 11
            assert trial.value == said(index, 11)[0]
    assert objective.used_time == spent
    best = max(sss.indexes.tolist(), key=lambda index: said(index, 11)[0])
    assert study.best_value <= said(best, 11)[0]


def test_epochs_that_were_not_evaluated_are_not_reported(tss: Store) -> None:
    objective = Objective(tss, "cifar100", hp="200", choices=CHOICES["tss"])
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=3))
    study.optimize(objective, n_trials=2)
    for trial in study.trials:
        found = scalar_api(tss).get_more_info(trial.user_attrs["architecture"], "cifar100", None, "200", is_random=777)
        assert trial.value == found["valid-accuracy"]


def test_the_problem_of_optunahub(sss: Store, said: Any) -> None:
    problem = Problem(sss, objectives=["accuracy", "flops"], hp="12", choices=CHOICES["sss"])
    study = optuna.create_study(directions=problem.directions, sampler=optuna.samplers.NSGAIISampler(seed=2))
    study.optimize(problem, n_trials=20)
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert set(problem.search_space) == {f"channels_{layer}" for layer in range(5)}
    api = scalar_api(sss)
    for trial in study.trials:
        index = problem.trainings.index(trial.params)
        assert trial.values == [said(index, 11)[0], api.get_cost_info(index, "cifar10", hp="12")["flops"]]
    assert problem.trainings.used_time == pytest.approx(
        sum(said(problem.trainings.index(trial.params), 11)[1] for trial in study.trials)
    )
    single = Problem(sss, hp="12")
    assert single.evaluate(study.trials[0].params) == study.trials[0].values[0]
