"""The trainings of a store: what ``simulate_train_eval`` says of every trial with one hp on one dataset."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.api.create import create
from natsbin.errors import QuestionError
from natsbin.search.simulation import Fidelity, Floats, Simulation
from natsbin.spaces import hp_name
from natsbin.store import Store

MOST_PLACES = 1 << 21
"""Trainings of a whole space, those that are not there counted too: some 200 MB of arrays at three fidelities."""


def api_of(store: Store) -> Any:
    """The API over an open store."""
    return create(store, store.space.name, fast_mode=True, verbose=False)


class StoredSimulation(Simulation):
    """Trainings with one hp on one dataset, read from a store by batch questions.

    ``api`` is an API over the store, where there is one already: several simulations read faster through one.
    """

    def __init__(self, store: Store, dataset: str, hp: str | int = "12", api: Any = None) -> None:
        self.store, self.dataset, self.hp = store, dataset, hp_name(hp, store.hps)
        self._looked_up = "cifar10-valid" if dataset == "cifar10" else dataset  # where simulate_train_eval looks
        for one in (dataset, self._looked_up):
            if (self.hp, one) not in store.keys:
                have = ", ".join(f"{name} with hp {key}" for key, name in sorted(store.keys))
                raise QuestionError(f"{store.path}: no {one} with hp {self.hp}: there are {have}")
        self.api: Any = api_of(store) if api is None else api
        self._indexes = np.arange(store.total)
        self._seeds = self._seeds_by_place()
        epochs = store.epochs(self.hp)
        present = ~np.isnan(self._asked(epochs)[0])
        counts = np.zeros(len(store.space), np.int64)
        counts[: store.total] = present.sum(axis=0)
        self._order = np.argsort(~present, axis=0, kind="stable")  # trials that are there first, by ascending seed
        super().__init__(store.space, epochs, counts)

    def read(self, epochs: int) -> Fidelity:
        """What there is after some epochs. QuestionError where a trial has no accuracy there."""
        arrays = [self._by_architecture(one) for one in self._asked(epochs)]
        missing = np.isnan(arrays).any(axis=0) & (np.arange(self._trials) < self.counts[:, None])
        if missing.any():
            raise QuestionError(
                f"{self.store.path}: no accuracy or times of architecture {int(np.argmax(missing.any(axis=1)))} after "
                f"{epochs} epochs with hp {self.hp} on {self.dataset} (and of {int(missing.sum())} trials in all): an "
                "algorithm that pauses there cannot run"
            )
        accuracy, seconds, trained = (np.nan_to_num(one).reshape(-1) for one in arrays)
        return Fidelity(accuracy, seconds, trained)

    def _seeds_by_place(self) -> npt.NDArray[np.int64]:
        """Each architecture's own seeds, ascending: of shape (most seeds, architectures).

        Architectures have three seeds of hundreds that a store may have. Where one has fewer than others, a seed
        stands that none has.
        """
        table = self.store.table(self.hp, self._looked_up)
        counts = np.bincount(table.architecture, minlength=self.store.total)
        most = int(counts.max(initial=0))
        if most * len(counts) > MOST_PLACES:
            raise QuestionError(
                f"{self.store.path}: {most} seeds of architecture {int(counts.argmax())} with hp {self.hp} on "
                f"{self._looked_up}: searches take up to {MOST_PLACES // len(counts)}"
            )
        order = np.lexsort((table.seed, table.architecture))
        first = np.cumsum(counts) - counts
        place = np.arange(len(order)) - first[table.architecture[order]]
        known = set(table.seed.tolist())
        found = np.full((most, len(counts)), next(seed for seed in itertools.count() if seed not in known))
        found[place, table.architecture[order]] = table.seed[order]
        return found

    def _asked(self, epochs: int) -> tuple[Floats, Floats, Floats]:
        """Accuracy, seconds, and seconds of training alone: of shape (most seeds, architectures)."""
        batch = self.api.batch
        accuracy, _, seconds, _ = batch.simulate_train_eval(
            self._indexes, self.dataset, epochs - 1, self.hp, account_time=False, seed=self._seeds
        )
        trained = batch.train_time(self._indexes, epochs, dataset=self._looked_up, hp=self.hp, seed=self._seeds)
        return accuracy, seconds, trained

    def _by_architecture(self, values: Floats) -> Floats:
        """Of shape (architectures of the space, trials), those that are there first."""
        found = np.full((len(self.space), self._trials), np.nan)
        found[: len(self._indexes)] = np.take_along_axis(values, self._order, axis=0)[: self._trials].T
        return found
