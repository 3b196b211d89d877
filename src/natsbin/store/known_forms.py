"""Trials and records whose forms were met before, taken apart without making objects.

A walked record (``natsbin._record``) is words and numbers. The first record of some words is made into objects once,
with every float replaced by its place among the record's numbers. These objects are checked and split like any others,
and where each place then lies says where the numbers of all records of these words go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from natsbin._record import WalkedRecord
from natsbin._rows import Places
from natsbin.errors import ArchiveError
from natsbin.store.layouts import Floats, is_missing
from natsbin.store.split import Splitter

Check = Callable[[object], Mapping[str, Mapping[str, Any]]]
"""Returns the record that it is given; ArchiveError where that is not what an archive contains."""

_Numbers = npt.NDArray[np.int32]

MOST_FORMS = 4096  # of trials; each takes some 10 KB


_UNFIT: Literal["unfit"] = "unfit"
"""Stands for a trial that has floats outside columns, or more of them than its objects: its objects must be made."""


class KnownForms:
    """Takes what stands in ``record``, one after another, to ``splitter``, if only the numbers are new."""

    def __init__(self, record: WalkedRecord, splitter: Splitter) -> None:
        self.record, self._splitter = record, splitter
        self._records: dict[int, Any] = {}
        self._trials: dict[tuple[str, str], dict[int, Any]] = defaultdict(dict)
        self._count = 0

    def add(self, index: int, arch: str, check: Check) -> bool:
        """Take the record apart; False where its objects must be made, be it for an error."""
        form = self.record.take(self._records, index, arch)
        if form is None and self._is_new(index, arch) and self._count < MOST_FORMS:
            self._learn(index, arch, check)
            form = self.record.take(self._records, index, arch)
        if form is None:
            return False
        self._splitter.add_record(index, form)
        return True

    def _is_new(self, index: int, arch: str) -> bool:
        """Whether something of the record is not known yet, and all that is known of it fits."""
        found = self.record.find(self._records, index, arch)
        if found is None:
            return True
        trials = [self.record.find_trial(known, number) for number, known in enumerate(found[2])]
        return None in trials and _UNFIT not in trials

    def _learn(self, index: int, arch: str, check: Check) -> None:
        """Find out about the forms of the record."""
        *ranges, (_, total) = self.record.number_ranges()
        try:
            states = check(self.record.build(arch, numbered=True))
            trials = [
                (hp, *key, trial, self._splitter.separate(hp, key[0], trial, arch))
                for hp, state in states.items()
                for key, trial in state["all_results"].items()
            ]
        except (ArchiveError, TypeError, OverflowError):
            return
        if len(trials) != len(ranges) or sum(end - start for start, end in ranges) != total:
            return
        places: list[_Numbers | Literal["unfit"]] = []
        for (*_, (_, row)), numbers in zip(trials, ranges, strict=True):
            where = _places(row, *numbers)
            if where is None:
                return
            places.append(where)
        if any(trial["net_state_dict"] is not None for _, _, _, trial, _ in trials):
            return  # the caller may forget weights, and note that in the record
        known: list[tuple[int, dict[int, Any]]] = []
        fit = all(
            isinstance(found, np.ndarray) for found in places
        )  # else plans would be made in another order than without
        for number, ((hp, dataset, seed, _, (signature, _)), found) in enumerate(zip(trials, places, strict=True)):
            of_table = self._trials[hp, dataset]
            known.append((seed, of_table))
            if self.record.find_trial(of_table, number) is not None:
                continue
            if isinstance(found, str):
                self.record.remember_trial(of_table, number, found)
            elif fit:
                self.record.remember_trial(of_table, number, Places(self._splitter.plan(signature).rows, found))
            self._count += 1
        if self.record.find(self._records, index, arch) is None:
            self._count += 1
            form = self._splitter.record_form(index, states)
            self.record.remember(
                self._records, (form, [seed for seed, _ in known], [of_table for _, of_table in known])
            )


def _places(row: Floats, start: int, end: int) -> _Numbers | Literal["unfit"] | None:
    """The places of a trial's numbers, which are their values; None where these are not the numbers of this trial."""
    there = ~is_missing(row)
    places = np.where(there, row, start).astype(np.int32) - np.int32(start)
    found = places[there]
    if not len(found) or found.min() < 0 or found.max() >= end - start:
        return None
    if not np.array_equal(np.sort(found), np.arange(end - start)):
        return _UNFIT
    return np.where(there, places, np.int32(-1))
