"""One (hp, dataset) of a store as batches ask it: arrays with an entry an architecture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _kernel
from natsbin.batch.arrays import Floats, Longs
from natsbin.batch.fallback import ScalarFallback
from natsbin.errors import QuestionError
from natsbin.rules import mean
from natsbin.store import Store, forms
from natsbin.store.layouts import MISSING, is_missing

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
        self.grid = _kernel.TrialGrid(self.data.kernel)
        self.kept: dict[tuple[str, str, int], Floats] = {}
        self._fallback = fallback
        self._columns: dict[tuple[str, str], _kernel.ColumnBatch | None] = {}
        self._elapsed: dict[str, _kernel.ElapsedTime] = {}
        self._coverage: dict[str, Coverage] = {}
        self._times: dict[tuple[str, float], Floats] = {}

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
        by_form = np.array([form.get("regular") is not True for form in self.store.forms])
        doubtful = np.bincount(self.data.architecture, minlength=self.total) > 0
        doubtful[self.store.indexes] |= by_form[self.store.record_forms]
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
        used = np.unique(self.data.form)
        kind_of_form = np.zeros(len(self.store.forms), np.int64)
        for number in used.tolist():
            names = frozenset(forms.evaluated_sets(self.store.forms[number]))
            kind_of_form[number] = kinds.setdefault(names, len(kinds))
        kind = kind_of_form[self.data.form]
        least, most = np.full(self.total, len(kinds)), np.full(self.total, -1)
        np.minimum.at(least, self.data.architecture, kind)
        np.maximum.at(most, self.data.architecture, kind)
        return least < most

    def coverage(self, setname: str) -> Coverage:
        """Which architectures have a value of a set at which epochs, in all their trials."""
        if setname not in self._coverage:
            self._coverage[setname] = self._find_coverage(setname)
        return self._coverage[setname]

    def _find_coverage(self, setname: str) -> Coverage:
        field = "train_acc1es" if setname == "train" else "eval_acc1es"
        trials = np.flatnonzero(self.counts[self.data.architecture])
        index, form = self.data.architecture[trials], self.data.form[trials]
        answered, place = np.unique(index, return_inverse=True)
        there = np.ones((len(answered), self.epochs), np.bool_)
        for number in np.unique(form).tolist():
            runs = next(item[3] for item in self.store.forms[number]["trial"] if item[0] == field)
            lacks = np.ones(self.epochs, np.bool_)
            for name, start, stop in runs:
                if name == setname:
                    lacks[start:stop] = False
            if lacks.any():
                there[np.ix_(place[form == number], lacks)] = False
        patterns, kinds_there = np.unique(np.packbits(there, axis=1), axis=0, return_inverse=True)
        kinds = np.zeros(self.total + 1, np.uint16)
        kinds[answered] = kinds_there.reshape(-1) + 1
        covers = np.zeros((len(patterns) + 1, self.epochs), np.uint8)  # the first of those without trials
        covers[1:] = np.unpackbits(patterns, axis=1, count=self.epochs)
        return Coverage(kinds, covers, np.min(covers[1:], axis=0, initial=1).astype(np.uint8))

    def column(self, setname: str, quantity: str) -> _kernel.ColumnBatch | None:
        """A column (``accuracy``, ``loss`` or ``time``) to ask for arrays of values; None where there is none."""
        key = (setname, quantity)
        if key not in self._columns:
            columns = self.data.kernel.sets.get(setname)
            column = None if columns is None else getattr(columns, quantity)
            coverage = self.coverage(setname)
            self._columns[key] = column and _kernel.ColumnBatch(
                self.grid, column, coverage.kinds, coverage.covers, coverage.whole
            )
        return self._columns[key]

    def elapsed_time(self, setname: str) -> _kernel.ElapsedTime:
        """The seconds of a set that the table has."""
        if setname not in self._elapsed:
            self._elapsed[setname] = _kernel.ElapsedTime(self.grid, self.data.kernel.sets[setname])
        return self._elapsed[setname]

    @cached_property
    def sets(self) -> list[str]:
        """The sets with accuracies, ``train`` first."""
        found = [name for name, columns in self.data.kernel.sets.items() if columns.accuracy and columns.loss]
        return sorted(found, key=lambda name: name != "train")

    @cached_property
    def costs(self) -> tuple[Floats, Floats]:
        """FLOPs and parameters in millions, missing where the API cannot agree on them."""
        flops, params = np.empty(self.total), np.empty(self.total)
        self.grid.costs(flops, params)
        return flops, params

    @cached_property
    def no_costs(self) -> Bools:
        """Where the API gives no costs at all: no trials, no agreement, or a latency that is no number."""
        return is_missing(self.costs[0]) | is_missing(self.costs[1]) | self._latencies[1]

    @cached_property
    def latency(self) -> Floats:
        """Mean latency in seconds over the trials that have one; missing where none has."""
        return np.where(self.no_costs, MISSING, self._latencies[0])

    @cached_property
    def _latencies(self) -> tuple[Floats, Bools]:
        """The means by architecture, and where the API fails to find one."""
        by_form = {number: self._latency_form(number) for number in np.unique(self.data.form).tolist()}
        values = self.data.scalars["latency"]
        means, failing = np.full(self.total, MISSING), np.zeros(self.total, np.bool_)
        trials: dict[int, list[tuple[int, Any]]] = {}
        rows = zip(
            self.data.architecture.tolist(),
            self.data.seed.tolist(),
            self.data.form.tolist(),
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

    def _latency_form(self, number: int) -> tuple[bool, Any, bool]:
        """Whether a form's latency is the same for all its trials, what it then is, and if not, is it a float64?

        None is a latency whose mean the API fails to make.
        """
        spec: Any = next((i[2] for i in self.store.forms[number]["trial"] if i[0] == "latency"), None)
        if spec is None or spec[0] == "slot":
            return True, None, False
        if spec[0] == "list" and len(spec[1]) == 1 and spec[1][0][0] == "slot":
            return False, None, spec[1][0][1] == "float64"
        literal = forms.thaw(spec, "")
        if literal is None:
            return True, -1.0, False
        try:
            return True, mean(list(literal)), False
        except (ArithmeticError, TypeError):
            return True, None, False

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
            self.elapsed_time(setname).seconds(asked, by, out)
        return self._times[key]

    @cached_property
    def last(self) -> Longs:
        """The last epoch, as an array of one."""
        return np.array([self.epochs - 1], np.int64)
