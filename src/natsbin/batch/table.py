"""One (hp, dataset) of a store as batches ask it: arrays with an entry an architecture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import NamedTuple
from weakref import proxy

import numpy as np
import numpy.typing as npt

from natsbin import _batch, _questions, _trainings
from natsbin.batch.arrays import Floats, Longs
from natsbin.batch.fallback import ScalarFallback
from natsbin.errors import QuestionError
from natsbin.store import Store
from natsbin.store.format import ColumnKey
from natsbin.store.layouts import MISSING

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Coverage:
    """``covers[kinds[index], epoch]``: all trials of an architecture have a value at an epoch.

    ``whole[epoch]``: every architecture that has trials has a value. ``kinds`` has one entry more than there are
    architectures, for an architecture that has nothing.
    """

    kinds: npt.NDArray[np.uint16]
    covers: npt.NDArray[np.uint8]
    whole: npt.NDArray[np.uint8]

    def has(self, index: Longs, epoch: Longs) -> Bools:
        """Where architectures have a value at epochs."""
        found: Bools = self.covers[self.kinds[index], epoch] != 0
        return found


class Costs(NamedTuple):
    """An entry for each architecture of the space.

    FLOPs and parameters in millions, and the mean latency in seconds over the trials that have one; missing where there
    is none. ``none`` is where the API gives no costs at all: no trials, no agreement, or a latency that is no number.
    """

    flops: Floats
    params: Floats
    latency: Floats
    none: Bools


class BatchTable:
    """What batches ask a table again and again, computed on first use and kept.

    ``data`` is the table itself, ``grid`` the kernel's view of it. ``kept`` are columns of the whole space by name.
    """

    def __init__(self, store: Store, hp: str, dataset: str, fallback: ScalarFallback | None) -> None:
        self.store, self.hp, self.dataset, self.key = store, hp, dataset, (hp, dataset)
        self.name = f"hp {hp} on {dataset}"
        self.data = store.table(hp, dataset)
        self.epochs = self.data.epochs
        self.total = store.total
        self.grid = _questions.TrialGrid(self.data.kernel)
        self.kept: dict[tuple[str, str, int], Floats] = {}
        self._fallback = fallback
        me = proxy(self)  # as the caches would else hold the table that holds them
        self.coverage, self.column = cache(partial(BatchTable._coverage, me)), cache(partial(BatchTable._column, me))
        self.elapsed_time = cache(partial(BatchTable._elapsed_time, me))
        self.times = cache(partial(BatchTable._times, me))

    @property
    def fallback(self) -> ScalarFallback:
        """What answers for irregular architectures. QuestionError where the batch was made without it."""
        if self._fallback is None:
            raise QuestionError(
                f"{self.store.path}: {self.name} has irregular records, which this batch cannot answer for without "
                "a scalar fallback: use natsbin.Batch or natsbin.create(...).batch"
            )
        return self._fallback

    def check_set(self, setname: str) -> None:
        """QuestionError unless the table has this set."""
        if setname not in self.data.kernel.sets:
            raise QuestionError(f"no set {setname!r} with {self.name}: there are {', '.join(self.data.kernel.sets)}")

    @cached_property
    def counts(self) -> npt.NDArray[np.uint8]:
        """Trials of each architecture; 0 where there is none, or where ``irregular``."""
        return np.frombuffer(self.grid.counts(), np.uint8)

    @cached_property
    def irregular(self) -> Bools:
        """Architectures that only their records answer for, not the table."""
        present = np.zeros(self.total, np.bool_)
        present[self.store.indexes] = True
        doubtful = ~self.store.regular | (np.bincount(self.data.architecture, minlength=self.total) > 0)
        found: Bools = present & doubtful & (self.counts == 0)
        return found

    @cached_property
    def any_irregular(self) -> bool:
        """Whether there are irregular architectures."""
        return bool(self.irregular.any())

    @cached_property
    def mixed(self) -> Bools:
        """Architectures whose trials were not all evaluated on the same sets."""
        kinds: dict[frozenset[str], int] = {}
        kind_of_form = np.zeros(max(self.data.forms, default=0) + 1, np.int64)
        for number, form in self.data.forms.items():
            kind_of_form[number] = kinds.setdefault(frozenset(form.evaluated_sets), len(kinds))
        kind = kind_of_form[self.data.form]
        least, most = np.full(self.total, len(kinds)), np.full(self.total, -1)
        np.minimum.at(least, self.data.architecture, kind)
        np.maximum.at(most, self.data.architecture, kind)
        return least < most

    def _coverage(self, column: ColumnKey) -> Coverage:
        """Which architectures have a value of a column at which epochs, in all their trials."""
        answered = self.counts[self.data.architecture] > 0
        index, form = self.data.architecture[answered], self.data.form[answered]
        rows = [np.zeros(self.epochs, np.bool_)]  # of architectures without trials
        numbers: dict[bytes, int] = {}

        def number(row: Bools) -> int:
            found = numbers.setdefault(row.tobytes(), len(rows))
            rows.extend([row] if found == len(rows) else [])
            return found

        kinds = np.zeros(self.total + 1, np.uint16)
        kinds[index] = number(np.ones(self.epochs, np.bool_))
        # each form takes away epochs from the architectures that have a trial of it: few forms, many architectures
        for one in np.flatnonzero(np.bincount(form)).tolist():
            has = np.zeros(self.epochs, np.bool_)
            for start, stop in self.data.forms[one].epochs_of.get(column, ()):
                has[start:stop] = True
            if has.all():
                continue
            of_form = index[form == one]
            before = kinds[of_form]
            after = {kind: number(rows[kind] & has) for kind in np.flatnonzero(np.bincount(before)).tolist()}
            kinds[of_form] = np.array([after.get(kind, 0) for kind in range(max(after) + 1)])[before]
        covers = np.array(rows).astype(np.uint8)
        return Coverage(kinds, covers, np.min(covers[1:], axis=0).astype(np.uint8))

    def _column(self, setname: str, quantity: str) -> _batch.ColumnBatch | None:
        """A column of a set to ask for arrays of values; None where there is none."""
        column = self.data.columns.get(ColumnKey(setname, quantity))
        # losses and times count where there is an accuracy, as for the API
        coverage = self.coverage(ColumnKey(setname, "accuracy" if quantity in ("loss", "time") else quantity))
        return column and _batch.ColumnBatch(self.grid, column, coverage.kinds, coverage.covers, coverage.whole)

    def _elapsed_time(self, setname: str) -> _trainings.ElapsedTime:
        """The seconds of a set that the table has."""
        return _trainings.ElapsedTime(self.grid, self.data.kernel.sets[setname])

    @cached_property
    def sets(self) -> list[str]:
        """The sets with accuracies, ``train`` first."""
        found = [name for name, columns in self.data.kernel.sets.items() if columns.accuracy and columns.loss]
        return sorted(found, key=lambda name: name != "train")

    @cached_property
    def costs(self) -> Costs:
        """FLOPs, parameters and latencies."""
        flops, params, latency = np.empty((3, self.total))
        found = Costs(flops, params, latency, np.empty(self.total, np.bool_))
        self.data.kernel.all_costs(*found)
        return found

    def _times(self, setname: str) -> tuple[Floats, Floats]:
        """Mean seconds of an epoch on a set, and those of all its epochs, by architecture."""
        per_epoch, whole = np.full((2, self.total), MISSING)
        if setname in self.data.kernel.sets:  # no irregular trial need have it
            self.data.kernel.all_times(setname, per_epoch, whole)
        return per_epoch, whole

    @cached_property
    def last(self) -> Longs:
        """The last epoch, as an array of one."""
        return np.array([self.epochs - 1], np.int64)
