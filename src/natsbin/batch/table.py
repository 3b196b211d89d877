"""One (hp, dataset) of a store laid out for questions about many architectures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _kernel
from natsbin.api.utils import mean
from natsbin.batch.arrays import Floats, Longs
from natsbin.store import Store
from natsbin.store.format import ColumnKey
from natsbin.store.forms import Scalar
from natsbin.store.layouts import MISSING, is_missing

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
        self.grid = _kernel.TrialGrid(self.table.kernel)
        self._lanes: dict[tuple[str, str], _kernel.ColumnBatch | None] = {}
        self._meters: dict[str, _kernel.ElapsedTime] = {}
        self._coverage: dict[str, Coverage] = {}
        self._times: dict[tuple[str, float], Floats] = {}

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

    def lane(self, setname: str, quantity: str) -> _kernel.ColumnBatch | None:
        """A column (``accuracy``, ``loss`` or ``time``) to ask for arrays of values; None where there is none."""
        key = (setname, quantity)
        if key not in self._lanes:
            columns = self.table.kernel.sets.get(setname)
            column = None if columns is None else getattr(columns, quantity)
            coverage = self.coverage(setname)
            self._lanes[key] = column and _kernel.ColumnBatch(
                self.grid, column, coverage.kinds, coverage.covers, coverage.whole
            )
        return self._lanes[key]

    def meter(self, setname: str) -> _kernel.ElapsedTime:
        """The seconds of a set that the table has."""
        if setname not in self._meters:
            self._meters[setname] = _kernel.ElapsedTime(self.grid, self.table.kernel.sets[setname])
        return self._meters[setname]

    @cached_property
    def sets(self) -> list[str]:
        """The sets with accuracies, ``train`` first."""
        found = [name for name, columns in self.table.kernel.sets.items() if columns.accuracy and columns.loss]
        return sorted(found, key=lambda name: name != "train")

    @cached_property
    def costs(self) -> tuple[Floats, Floats]:
        """FLOPs and parameters in millions, missing where the API cannot agree on them."""
        flops, params = np.empty(self.total), np.empty(self.total)
        self.grid.costs(flops, params)
        return flops, params

    @cached_property
    def refused(self) -> Bools:
        """Where the API gives no costs at all: no trials, no agreement, or a latency that is no number."""
        return is_missing(self.costs[0]) | is_missing(self.costs[1]) | self._latencies[1]

    @cached_property
    def latency(self) -> Floats:
        """Mean latency in seconds over the trials that have one; missing where none has."""
        return np.where(self.refused, MISSING, self._latencies[0])

    @cached_property
    def _latencies(self) -> tuple[Floats, Bools]:
        """The means by architecture, and where the API fails to find one."""
        by_form = {number: _latency_form(form.latency) for number, form in self.table.forms.items()}
        values = self.table.scalars["latency"]
        means, failing = np.full(self.total, MISSING), np.zeros(self.total, np.bool_)
        trials: dict[int, list[tuple[int, Any]]] = {}
        rows = zip(
            self.table.architecture.tolist(),
            self.table.seed.tolist(),
            self.table.form.tolist(),
            values.tolist(),
            strict=True,
        )
        for index, seed, form, value in rows:
            known, literal, wide = by_form[form]
            latency = literal if known else np.float64(value) if wide else value
            trials.setdefault(index, []).append((seed, latency))
        for index, found in trials.items():
            latencies = [latency for _, latency in sorted(found, key=lambda pair: pair[0])]
            if any(latency is None for latency in latencies):
                failing[index] = True
                continue
            measured = [latency for latency in latencies if latency > 0]
            if measured:
                means[index] = mean(measured)
        return means, failing

    def time_per_epoch(self, setname: str) -> Floats:
        """Mean seconds of an epoch on a set, by architecture."""
        return self._whole_time(setname, float(self.epochs))

    def time_total(self, setname: str) -> Floats:
        """Seconds of all epochs on a set, by architecture."""
        return self._whole_time(setname, 1.0)

    def _whole_time(self, setname: str, by: float) -> Floats:
        key = (setname, by)
        if key not in self._times:
            index = np.arange(self.total, dtype=np.int64)
            out = self._times[key] = np.empty(self.total)
            asked = _kernel.NativeQuestions(self.grid, self.total, index, self.last, None, None, None)
            self.meter(setname).seconds(asked, by, out)
        return self._times[key]

    @property
    def last(self) -> Longs:
        """The last epoch, as an array of one."""
        return np.array([self.epochs - 1], np.int64)


def _latency_form(latency: Scalar | None) -> tuple[bool, Any, bool]:
    """Whether a form's latency is the same for all its trials, what it then is, and if not, is it a float64?

    None is a latency whose mean the API fails to make.
    """
    slot = latency and latency.slot
    if latency is None or (slot and not slot.in_list):
        return True, None, False
    if slot:
        return False, None, slot.type == "float64"
    literal = latency.value(MISSING)
    if literal is None:
        return True, -1.0, False
    try:
        return True, mean(list(literal)), False
    except (ArithmeticError, TypeError):
        return True, None, False
