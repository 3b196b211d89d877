"""A training as every optimiser sees it: validation accuracy and seconds, epoch by epoch, of one seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.adaptors.configurations import choices_of, index_of
from natsbin.adaptors.opening import check_official, chosen_hp, open_batch
from natsbin.errors import QuestionError
from natsbin.store import Store

Floats = npt.NDArray[np.float64]

MAXIMISED = {"accuracy": True, "time": False, "latency": False, "flops": False, "params": False}
"""What may be an objective, and whether more of it is better."""


class Trainings:
    """Simulated trainings of one store, dataset, hp and seed.

    Accuracy (percent) and seconds after an epoch are what ``simulate_train_eval`` gives for ``iepoch``: the validation
    accuracy, and the time of all epochs so far plus one evaluation; also where that fails for want of a latency.
    FLOPs, parameters (M) and latency (s) are those of ``get_cost_info``. ``used_time`` is the simulated clock in
    seconds: what was spent on all trainings so far.
    """

    def __init__(
        self,
        store: Store | str | Path,
        dataset: str = "cifar10",
        *,
        hp: str | int | None = None,
        seed: int | None = None,
        choices: Sequence[Any] | None = None,
    ) -> None:
        """Open them.

        Args:
            store: a store or its path.
            dataset: ``cifar10``, ``cifar100``, ``ImageNet16-120`` or another of the store, but not ``cifar10-valid``.
            hp: hyper-parameter set; that of most epochs for None.
            seed: seed of the trainings; for None the lowest that every architecture was trained with.
            choices: operations or channels that a place may have; all for None.

        Raises QuestionError for what the store does not have.
        """
        self.store, self.batch = open_batch(store)
        check_official(self.store)
        self.space, self.dataset, self.hp = self.store.space, dataset, chosen_hp(self.store, hp)
        self.epochs = self.store.epochs(self.hp)
        self.choices = choices_of(self.space, choices)
        self.trained_on = "cifar10-valid" if dataset == "cifar10" else dataset
        if dataset == "cifar10-valid" or (self.hp, self.trained_on) not in self.store.keys:
            raise QuestionError(f"no dataset {dataset!r} with hp {self.hp}: there are {self.store.keys}")
        self.seed = self._common_seed() if seed is None else seed
        self.used_time = 0.0

    def _common_seed(self) -> int:
        seeds, counts = np.unique(self.store.table(self.hp, self.trained_on).seed, return_counts=True)
        if counts.max() < len(self.store.indexes):
            raise QuestionError(f"not all architectures share a seed: choose one of {seeds.tolist()}")
        return int(seeds[np.argmax(counts == counts.max())])

    def index(self, configuration: Mapping[str, Any]) -> int:
        """The architecture that a configuration describes."""
        return index_of(self.space, configuration)

    def curves(self, index: Any, seed: int | None = None) -> tuple[Floats, Floats]:
        """Accuracies and seconds after each epoch, of shape index.shape + (epochs,).

        NaN where a set was not evaluated. QuestionError where the store does not have the training.
        """
        return self._ask(np.asarray(index)[..., None], np.arange(self.epochs), seed)

    def _ask(self, index: Any, epoch: Any, seed: int | None = None) -> tuple[Floats, Floats]:
        chosen = self.seed if seed is None else seed
        info = self.batch.get_more_info(index, self.trained_on, epoch, self.hp, chosen)
        lacks = np.full_like(info["train-accuracy"], np.nan)
        accuracy, per_time = info.get("valid-accuracy", lacks), info.get("valid-per-time", lacks)
        unknown = np.isnan(accuracy)
        if (
            unknown.any()
        ):  # the test set stands in, at the time of a validation after the last epoch: as in the scalar API
            last = self.batch.get_more_info(index, self.trained_on, None, self.hp, chosen).get("valid-per-time", lacks)
            accuracy = np.where(unknown, info.get("valtest-accuracy", lacks), accuracy)
            per_time = np.where(unknown, last, per_time)
        self._refuse_missing(index, accuracy, chosen)
        return accuracy, info["train-all-time"] + per_time

    def _refuse_missing(self, index: Any, values: Floats, seed: int) -> None:
        lacking = np.isnan(values[..., -1])
        if lacking.any():
            one = int(np.broadcast_to(index, values.shape)[..., -1][lacking].reshape(-1)[0])
            raise QuestionError(f"no training of architecture {one} on {self.dataset}, hp {self.hp}, seed {seed}")

    def spend(self, seconds: Any) -> float:
        """Move the clock on by the seconds of one training or of several; returns what it then shows."""
        self.used_time += float(np.sum(seconds))
        return self.used_time

    def objectives(self, index: Any, names: Sequence[str]) -> tuple[Floats, Floats]:
        """Some of ``MAXIMISED`` after the last epoch, of shape (n, names), and the seconds of each training."""
        chosen = np.asarray(index).reshape(-1)
        accuracy, seconds = (column[:, 0] for column in self._ask(chosen[:, None], self.epochs - 1))
        found = {"accuracy": accuracy, "time": seconds}
        found |= self.batch.get_cost_info(chosen, self.dataset, self.hp)
        values = np.stack([found[name] for name in check_objectives(names)], axis=1)
        if np.isnan(values).any():
            place = int(np.argmax(np.isnan(values).any(axis=1)))
            raise QuestionError(f"architecture {chosen[place]} has not all of {', '.join(names)}: {values[place]}")
        return values, seconds


def check_objectives(names: Sequence[str]) -> list[str]:
    """The names, if they are objectives that there are."""
    if isinstance(names, str) or not names or not set(names) <= set(MAXIMISED):
        raise QuestionError(f"objectives {names!r}: expected some of {', '.join(MAXIMISED)}")
    return list(names)
