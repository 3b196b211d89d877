"""Syne Tune: the benchmark as a blackbox for its simulator, with the elapsed time of every epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from natsbin._util.extras import missing
from natsbin.adaptors.configurations import place_names
from natsbin.adaptors.trainings import Trainings
from natsbin.errors import QuestionError
from natsbin.store import Store

try:
    from syne_tune.blackbox_repository.blackbox import Blackbox
    from syne_tune.blackbox_repository.global_optimization_problems import global_optimization_problem_collection
    from syne_tune.config_space import choice, ordinal, randint
except ImportError as error:
    raise missing("natsbin.adaptors.syne_tune", "syne-tune", "syne-tune") from error

ACCURACY = "accuracy"
"""The metric: validation accuracy in percent, to be maximised."""

ELAPSED_TIME = "elapsed_time"
"""The ``elapsed_time_attr``: seconds from the start of a training until its epoch is evaluated."""

EPOCH = "epoch"
"""The resource, counted from 1."""


class ArchitectureBlackbox(Blackbox):
    """Learning curves of one dataset: ``UserBlackboxBackend(blackbox=…, elapsed_time_attr=ELAPSED_TIME)``.

    The arguments are those of ``natsbin.adaptors.trainings.Trainings``; a ``seed`` given to Syne Tune's backend is a
    seed of the trainings, and without one it is theirs.
    """

    def __init__(self, store: Store | str | Path, dataset: str = "cifar10", **which: Any) -> None:
        self.trainings = Trainings(store, dataset, **which)
        domain = choice if self.trainings.space.name == "tss" else ordinal
        super().__init__(
            configuration_space={
                name: domain(list(self.trainings.choices)) for name in place_names(self.trainings.space)
            },
            fidelity_space={EPOCH: randint(1, self.trainings.epochs)},
            objectives_names=[ACCURACY, ELAPSED_TIME],
        )

    @property
    def fidelity_values(self) -> Any:
        """The epochs, counted from 1."""
        return np.arange(1, self.trainings.epochs + 1)

    def _objective_function(
        self, configuration: dict[str, Any], fidelity: dict[str, Any] | None = None, seed: int | None = None
    ) -> Any:
        found = np.stack(self.trainings.curves(self.trainings.index(configuration), seed), axis=1)
        if fidelity is None:
            return found
        epoch = int(fidelity[EPOCH])
        if not 1 <= epoch <= self.trainings.epochs:
            raise QuestionError(f"epoch {epoch}: expected 1 to {self.trainings.epochs}")
        return dict(zip(self.objectives_names, found[epoch - 1].tolist(), strict=True))


def register(name: str, store: Store | str | Path, **which: Any) -> None:
    """Let Syne Tune's ``load_blackbox(name)`` and ``BlackboxRepositoryBackend(name, …, dataset=…)`` find a store.

    The blackbox is a dict by dataset, of those that the store has.
    """
    found = {}
    for dataset in ("cifar10", "cifar100", "ImageNet16-120"):
        try:
            found[dataset] = ArchitectureBlackbox(store, dataset, **which)
        except QuestionError:
            continue  # this store does not have the dataset
    if not found:
        raise QuestionError(f"{store}: no dataset with such trainings: {which}")
    global_optimization_problem_collection[name] = found
