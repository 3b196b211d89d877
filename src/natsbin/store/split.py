"""Records taken apart: what a worker hands to the writer for a few architectures.

``Splitter.add`` sorts a record's numbers by the form of their trial, so that everything after it works on
matrices: rows are trials of one form, columns its numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _codec
from natsbin.errors import ArchiveError
from natsbin.store import format as fmt
from natsbin.store import forms
from natsbin.store.format import ColumnKey
from natsbin.store.forms import Epochs
from natsbin.store.layouts import MISSING, Floats

MOST_KNOWN = 16  # orders of keys that a curve is tried against; genuine ones have a handful


@dataclass(frozen=True)
class Block:
    """Values of one column for some trials of a part: ``rows`` of the part, shape (rows, epochs)."""

    column: ColumnKey
    epochs: Epochs
    constant: bool  # one value stands for every epoch
    rows: npt.NDArray[np.int32]
    values: Floats


@dataclass(frozen=True)
class Part:
    """Trials of one table. Arrays have one entry a trial; ``form`` counts in ``forms``."""

    hp: str
    dataset: str
    forms: list[str]
    form: npt.NDArray[np.int32]
    values_a_trial: npt.NDArray[np.int32]
    index: npt.NDArray[np.int32]
    seed: npt.NDArray[np.int64]
    scalars: dict[str, Floats]
    blocks: list[Block]


@dataclass(frozen=True)
class Split:
    """Some architectures' records, taken apart: (index, record form) of each, and their trials by table."""

    records: list[tuple[int, str]]
    parts: list[Part]


@dataclass
class _Plan:
    """How the numbers of one trial form spread over columns; ``rows`` collects its trials."""

    hp: str
    dataset: str
    form: str
    gathers: list[tuple[ColumnKey, Epochs, npt.NDArray[np.intp] | slice]]
    size: int
    rows: list[tuple[int, int, dict[str, float], Floats]] = field(default_factory=list)


def _part(hp: str, dataset: str, plans: list[_Plan]) -> Part:
    """The trials that some plans of a table collected, which are then forgotten."""
    trials = [row for plan in plans for row in plan.rows]
    counts = [len(plan.rows) for plan in plans]
    found: dict[tuple[ColumnKey, Epochs, bool], list[tuple[npt.NDArray[np.int32], Floats]]] = {}
    first = 0
    for plan in plans:
        matrix = np.stack([row[3] for row in plan.rows])
        rows = np.arange(first, first + len(matrix), dtype=np.int32)
        for column, epochs, where in plan.gathers:
            values = matrix[:, where]
            constant = _constant(column, values)
            if constant.any():
                found.setdefault((column, epochs, True), []).append((rows[constant], values[constant, :1]))
            if not constant.all():
                found.setdefault((column, epochs, False), []).append((rows[~constant], values[~constant]))
        first += len(matrix)
        plan.rows = []
    return Part(
        hp,
        dataset,
        [plan.form for plan in plans],
        np.repeat(np.arange(len(plans), dtype=np.int32), counts),
        np.repeat(np.array([plan.size for plan in plans], np.int32), counts),
        np.array([row[0] for row in trials], np.int32),
        np.array([row[1] for row in trials], np.int64),
        {name: np.array([row[2].get(name, MISSING) for row in trials]) for name in fmt.SCALARS},
        [
            Block(*key, np.concatenate([rows for rows, _ in pieces]), np.concatenate([values for _, values in pieces]))
            for key, pieces in found.items()
        ],
    )


def _constant(column: ColumnKey, values: Floats) -> npt.NDArray[np.bool_]:
    """Which trials have the same value at every epoch: one number is then enough, where that is usual."""
    if not fmt.QUANTITIES[column.quantity].steady:
        return np.zeros(len(values), np.bool_)
    bits = np.ascontiguousarray(values).view(np.uint64)
    same: npt.NDArray[np.bool_] = (bits == bits[:, :1]).all(axis=1)
    return same


_usual_runs = lru_cache(maxsize=64)(forms.curve_runs)


class Splitter:
    """Takes records apart. One may serve many splits: forms that it has seen cost a look-up."""

    def __init__(self) -> None:
        self._plans: dict[Any, _Plan] = {}
        self._records: list[tuple[int, str]] = []
        self._record_texts: dict[Any, str] = {}
        self._known: dict[tuple[str, int], list[tuple[tuple[Any, ...], tuple[forms.Run, ...]]]] = {}

    def add(self, index: int, states: Mapping[str, Mapping[str, Any]]) -> None:
        """Take one architecture's record (``{hp: state}``, as archives hold it) apart.

        Raises ArchiveError that names the place where a value has no form.
        """
        parts = []
        regular = True
        for hp, state in states.items():
            arch = state["arch_str"]
            for (dataset, seed), trial in state["all_results"].items():
                try:
                    self._add_trial(hp, dataset, index, seed, trial, arch)
                except (TypeError, OverflowError) as error:
                    raise ArchiveError(f"architecture {index}, hp {hp!r}, trial {(dataset, seed)}: {error}") from error
            parts.append((hp, forms.State.of(state, arch, index)))
            regular = regular and forms.is_regular_state(state)
        key = (type(states).__name__, tuple(parts), regular)
        text = self._record_texts.get(key)
        if text is None:
            text = self._record_texts[key] = forms.RecordForm(*key).dumps()
        self._records.append((index, text))

    def take(self) -> Split:
        """The records added since the last call."""
        records, self._records = self._records, []
        plans: dict[tuple[str, str], list[_Plan]] = {}
        for plan in self._plans.values():
            if plan.rows:
                plans.setdefault((plan.hp, plan.dataset), []).append(plan)
        return Split(records, [_part(*key, of_table) for key, of_table in plans.items()])

    def _add_trial(self, hp: str, dataset: str, index: int, seed: int, trial: Mapping[str, Any], arch: str) -> None:
        fields: list[tuple[str, forms.Field]] = []
        numbers = np.empty(sum(len(trial[name]) for name in fmt.CURVES if isinstance(trial.get(name), dict)))
        used = 0
        scalars: dict[str, float] = {}
        for name, value in trial.items():
            if name in fmt.SCALARS:
                scalar, number = forms.Scalar.of(value, arch)
                fields.append((name, scalar))
                if number is not None:
                    scalars[name] = number
            elif name in fmt.CURVES and (runs := self._take_curve(name, value, numbers, used)) is not None:
                fields.append((name, forms.Curve(name, type(value).__name__, runs)))
                used += len(value)
            else:
                fields.append((name, forms.Literal.of(value, arch)))
        signature = (hp, dataset, type(trial).__name__, tuple(fields))
        plan = self._plans.get(signature)
        if plan is None:
            plan = self._plans[signature] = _plan(hp, dataset, forms.TrialForm.of(*signature[2:]))
        plan.rows.append((index, seed, scalars, numbers[:used]))

    def _take_curve(self, name: str, curve: Any, out: Floats, start: int) -> tuple[forms.Run, ...] | None:
        """The runs of a curve's keys, its numbers then in ``out``; None unless it has floats by the usual keys."""
        if type(curve) not in (dict, OrderedDict):
            return None
        known = self._known.setdefault((name, len(curve)), [])
        for keys, runs in known if type(curve) is dict else ():
            if _codec.take_floats(curve, keys, out, start):
                return runs
        # Keys of one type, as True would be found where 1 was kept.
        if not set(map(type, curve.values())) <= {float} or set(map(type, curve)) not in ({int}, {str}, set()):
            return None
        usual = _usual_runs(name, tuple(curve))
        if usual is not None:
            out[start : start + len(curve)] = list(curve.values())
            if type(curve) is dict:
                known.insert(0, (tuple(curve), usual))
                del known[MOST_KNOWN:]
        return usual


def _plan(hp: str, dataset: str, form: forms.TrialForm) -> _Plan:
    positions: dict[ColumnKey, list[tuple[int, int]]] = {}  # (epoch, place among the trial's numbers)
    place = 0
    for curve in form.curves:
        for run in curve.runs:
            pairs = positions.setdefault(curve.column(run), [])
            pairs += ((epoch, place + epoch - run.start) for epoch in range(run.start, run.stop))
            place += run.stop - run.start
    gathers: list[tuple[ColumnKey, Epochs, npt.NDArray[np.intp] | slice]] = []
    for column, pairs in positions.items():
        order = sorted(pairs)
        places = np.array([where for _, where in order], np.intp)
        contiguous = bool((np.diff(places) == 1).all())
        where = slice(int(places[0]), int(places[-1]) + 1) if contiguous else places
        gathers.append((column, forms.epoch_runs(epoch for epoch, _ in order), where))
    return _Plan(hp, dataset, form.dumps(), gathers, place)
