"""One (hp, dataset) of a store laid out for questions about many architectures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from natsbin import _batch, _questions, _trainings
from natsbin.batch.arrays import Floats, Longs
from natsbin.store import Store
from natsbin.store.format import ColumnKey

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Coverage:
    """``covers[kinds[index], epoch]``: do all trials of an architecture have a value there? ``whole``: of all of them?

    ``kinds`` has one entry more than there are architectures, of one that has nothing.
    """

    kinds: npt.NDArray[np.uint16]
    covers: npt.NDArray[np.uint8]
    whole: npt.NDArray[np.uint8]

    def there(self, index: Longs, epoch: Longs) -> Bools:
        """Where the values of architectures at epochs are there."""
        found: Bools = self.covers[self.kinds[index], epoch] != 0
        return found


class BatchTable:
    """What is asked of a table again and again: arrays with an entry an architecture, made on first use."""

    def __init__(self, store: Store, hp: str, dataset: str) -> None:
        self.store, self.hp, self.dataset = store, hp, dataset
        self.table = store.table(hp, dataset)
        self.epochs = self.table.epochs
        self.total = store.total
        self.grid = _questions.TrialGrid(self.table.kernel)
        self._lanes: dict[tuple[str, str], _batch.ColumnBatch | None] = {}
        self._meters: dict[str, _trainings.ElapsedTime] = {}
        self._coverage: dict[str, Coverage] = {}
        self._times: dict[str, tuple[Floats, Floats]] = {}

    @cached_property
    def counts(self) -> npt.NDArray[np.uint8]:
        """Trials of each architecture; 0 where there is none, or where ``irregular``."""
        return np.frombuffer(self.grid.counts(), np.uint8)

    @cached_property
    def irregular(self) -> Bools:
        """Architectures that only their records answer for."""
        present = np.zeros(self.total, np.bool_)
        present[self.store.indexes] = True
        doubtful = ~self.store.regular | (np.bincount(self.table.architecture, minlength=self.total) > 0)
        found: Bools = present & doubtful & (self.counts == 0)
        return found

    @cached_property
    def any_irregular(self) -> bool:
        """Are there any?"""
        return bool(self.irregular.any())

    @cached_property
    def mixed(self) -> Bools:
        """Architectures of which not all trials were evaluated on the same sets."""
        kinds: dict[frozenset[str], int] = {}
        kind_of_form = np.zeros(max(self.table.forms, default=0) + 1, np.int64)
        for number, form in self.table.forms.items():
            kind_of_form[number] = kinds.setdefault(frozenset(form.evaluated_sets), len(kinds))
        kind = kind_of_form[self.table.form]
        least, most = np.full(self.total, len(kinds)), np.full(self.total, -1)
        np.minimum.at(least, self.table.architecture, kind)
        np.maximum.at(most, self.table.architecture, kind)
        return least < most

    def coverage(self, setname: str) -> Coverage:
        """Which architectures have a set's values at which epochs, in all their trials."""
        if setname not in self._coverage:
            self._coverage[setname] = self._find_coverage(setname)
        return self._coverage[setname]

    def _find_coverage(self, setname: str) -> Coverage:
        column = ColumnKey(setname, "accuracy")
        trials = np.flatnonzero(self.counts[self.table.architecture])
        index, form = self.table.architecture[trials], self.table.form[trials]
        answered, place = np.unique(index, return_inverse=True)
        there = np.ones((len(answered), self.epochs), np.bool_)
        for number in np.unique(form).tolist():
            lacks = np.ones(self.epochs, np.bool_)
            for start, stop in self.table.forms[number].epochs_of.get(column, ()):
                lacks[start:stop] = False
            if lacks.any():
                there[np.ix_(place[form == number], lacks)] = False
        patterns, kinds_there = np.unique(np.packbits(there, axis=1), axis=0, return_inverse=True)
        kinds = np.zeros(self.total + 1, np.uint16)
        kinds[answered] = kinds_there.reshape(-1) + 1
        covers = np.zeros((len(patterns) + 1, self.epochs), np.uint8)  # the first of those without trials
        covers[1:] = np.unpackbits(patterns, axis=1, count=self.epochs)
        return Coverage(kinds, covers, np.min(covers[1:], axis=0, initial=1).astype(np.uint8))

    def lane(self, setname: str, quantity: str) -> _batch.ColumnBatch | None:
        """A column (``accuracy``, ``loss`` or ``time``) to ask for arrays of values; None where there is none."""
        key = (setname, quantity)
        if key not in self._lanes:
            columns = self.table.kernel.sets.get(setname)
            column = None if columns is None else getattr(columns, quantity)
            coverage = self.coverage(setname)
            self._lanes[key] = column and _batch.ColumnBatch(
                self.grid, column, coverage.kinds, coverage.covers, coverage.whole
            )
        return self._lanes[key]

    def meter(self, setname: str) -> _trainings.ElapsedTime:
        """The seconds of a set that the table has."""
        if setname not in self._meters:
            self._meters[setname] = _trainings.ElapsedTime(self.grid, self.table.kernel.sets[setname])
        return self._meters[setname]

    @cached_property
    def sets(self) -> list[str]:
        """The sets with accuracies, ``train`` first."""
        found = [name for name, columns in self.table.kernel.sets.items() if columns.accuracy and columns.loss]
        return sorted(found, key=lambda name: name != "train")

    @cached_property
    def costs(self) -> tuple[Floats, Floats]:
        """FLOPs and parameters in millions, missing where the API cannot give any costs."""
        return self._costs[0], self._costs[1]

    @property
    def refused(self) -> Bools:
        """Where the API gives no costs at all: no trials, no agreement, or a latency that is no number."""
        return self._costs[3]

    @property
    def latency(self) -> Floats:
        """Mean latency in seconds over the trials that have one; missing where none has."""
        return self._costs[2]

    @cached_property
    def _costs(self) -> tuple[Floats, Floats, Floats, Bools]:
        flops, params, latency = np.empty(self.total), np.empty(self.total), np.empty(self.total)
        no_costs = np.empty(self.total, np.bool_)
        self.table.kernel.all_costs(flops, params, latency, no_costs)
        return flops, params, latency, no_costs

    def time_per_epoch(self, setname: str) -> Floats:
        """Mean seconds of an epoch on a set, by architecture."""
        return self._mean_times(setname)[0]

    def time_total(self, setname: str) -> Floats:
        """Seconds of all epochs on a set, by architecture."""
        return self._mean_times(setname)[1]

    def _mean_times(self, setname: str) -> tuple[Floats, Floats]:
        if setname not in self._times:
            per_epoch, whole = self._times[setname] = np.empty(self.total), np.empty(self.total)
            self.table.kernel.all_times(setname, per_epoch, whole)
        return self._times[setname]

    @property
    def last(self) -> Longs:
        """The last epoch, as an array of one."""
        return np.array([self.epochs - 1], np.int64)
