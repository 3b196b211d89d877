"""Records taken apart: what a worker hands to the writer for a few architectures.

``Splitter.add`` sorts a record's numbers by the form of their trial, so that everything after it works on
matrices: rows are trials of one form, columns its numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from natsbin import _codec
from natsbin._rows import Rows, spread
from natsbin.errors import ArchiveError
from natsbin.spaces import DATASETS
from natsbin.store import format as fmt
from natsbin.store import forms
from natsbin.store.format import ColumnKey
from natsbin.store.forms import Epochs
from natsbin.store.layouts import MISSING, Floats

MOST_KNOWN = 16  # orders of keys that a curve is tried against; genuine ones have a handful
SCALARS_FIRST = np.arange(len(fmt.SCALARS), dtype=np.int32)  # their places in a row
SCALAR_PLACES = {name: place for place, name in enumerate(fmt.SCALARS)}


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


class Signature(NamedTuple):
    """The form of a trial, and its table."""

    hp: str
    dataset: str
    mapping: str
    fields: tuple[tuple[str, forms.Field], ...]


@dataclass
class Plan:
    """How the numbers of one trial form spread over columns, and ``rows`` of its trials.

    A row has a number for each of ``format.SCALARS`` or MISSING, then ``size`` numbers of the curves. ``gathers``
    are the places in it of each column.
    """

    hp: str
    dataset: str
    form: str
    gathers: list[tuple[ColumnKey, Epochs, npt.NDArray[np.int32]]]
    size: int
    rows: Rows


def _part(hp: str, dataset: str, plans: list[Plan]) -> Part:
    """The trials that some plans of a table collected, which are then forgotten."""
    labels = [plan.rows.labels() for plan in plans]
    counts = [plan.rows.count for plan in plans]
    firsts = [0, *accumulate(counts)]
    found: dict[tuple[ColumnKey, Epochs], list[tuple[Rows, int, npt.NDArray[np.int32]]]] = {}
    for plan, first in zip(plans, firsts, strict=False):
        for column, epochs, where in plan.gathers:
            found.setdefault((column, epochs), []).append((plan.rows, first, where))
    (_, (_, scalars)) = spread([(plan.rows, 0, SCALARS_FIRST) for plan in plans], False)
    blocks = [
        Block(column, epochs, constant, *taken)
        for (column, epochs), pieces in found.items()
        for constant, taken in zip((True, False), spread(pieces, fmt.QUANTITIES[column.quantity].steady), strict=True)
        if len(taken[0])
    ]
    for plan in plans:
        plan.rows.clear()
    return Part(
        hp,
        dataset,
        [plan.form for plan in plans],
        np.repeat(np.arange(len(plans), dtype=np.int32), counts),
        np.repeat(np.array([plan.size for plan in plans], np.int32), counts),
        np.concatenate([index for index, _ in labels]),
        np.concatenate([seed for _, seed in labels]),
        dict(zip(fmt.SCALARS, np.ascontiguousarray(scalars.T), strict=True)),
        blocks,
    )


_usual_runs = lru_cache(maxsize=64)(forms.curve_runs)


class Splitter:
    """Takes records apart. One may serve many splits: forms that it has seen cost a look-up."""

    def __init__(self) -> None:
        self._plans: dict[Signature, Plan] = {}
        self._records: list[tuple[int, str]] = []
        self._record_texts: dict[Any, str] = {}
        self._known: dict[tuple[str, int], list[tuple[tuple[Any, ...], tuple[forms.Run, ...]]]] = {}

    def add(self, index: int, states: Mapping[str, Mapping[str, Any]]) -> None:
        """Take one architecture's record (``{hp: state}``, as archives hold it) apart.

        Raises ArchiveError that names the place where a value has no form.
        """
        for hp, state in states.items():
            arch = state["arch_str"]
            for (dataset, seed), trial in state["all_results"].items():
                try:
                    signature, row = self.separate(hp, dataset, trial, arch)
                    self.plan(signature).rows.add(index, seed, row)
                except (TypeError, OverflowError) as error:
                    raise ArchiveError(f"architecture {index}, hp {hp!r}, trial {(dataset, seed)}: {error}") from error
        self.add_record(index, self.record_form(index, states))

    def add_record(self, index: int, form: str) -> None:
        """Note an architecture whose trials are with their plans."""
        self._records.append((index, form))

    def record_form(self, index: int, states: Mapping[str, Mapping[str, Any]]) -> str:
        """The form of a record without its trials."""
        parts = tuple((hp, forms.State.of(state, state["arch_str"], index)) for hp, state in states.items())
        key = (type(states).__name__, parts, all(map(forms.is_regular_state, states.values())))
        text = self._record_texts.get(key)
        if text is None:
            text = self._record_texts[key] = forms.RecordForm(*key).dumps()
        return text

    def take(self) -> Split:
        """The records added since the last call."""
        records, self._records = self._records, []
        plans: dict[tuple[str, str], list[Plan]] = {}
        for plan in self._plans.values():
            if plan.rows.count:
                plans.setdefault((plan.hp, plan.dataset), []).append(plan)
        return Split(records, [_part(*key, plans[key]) for key in sorted(plans, key=_usual_order)])

    def plan(self, signature: Signature) -> Plan:
        """The plan of a trial's form. Raises ArchiveError for names that a store cannot have."""
        plan = self._plans.get(signature)
        if plan is None:
            hp, dataset, mapping, fields = signature
            plan = self._plans[signature] = _plan(hp, dataset, forms.TrialForm.of(mapping, fields))
        return plan

    def separate(self, hp: str, dataset: str, trial: Mapping[str, Any], arch: str) -> tuple[Signature, Floats]:
        """The form of a trial, and its numbers as ``Plan.rows`` has them. TypeError where a value has no form."""
        fields: list[tuple[str, forms.Field]] = []
        most = sum(len(trial[name]) for name in fmt.CURVES if isinstance(trial.get(name), dict))
        used = len(fmt.SCALARS)
        numbers = np.full(used + most, MISSING)
        for name, value in trial.items():
            if name in fmt.SCALARS:
                scalar, number = forms.Scalar.of(value, arch)
                fields.append((name, scalar))
                if number is not None:
                    numbers[SCALAR_PLACES[name]] = number
            elif name in fmt.CURVES and (runs := self._take_curve(name, value, numbers, used)) is not None:
                fields.append((name, forms.Curve(name, type(value).__name__, runs)))
                used += len(value)
            else:
                fields.append((name, forms.Literal.of(value, arch)))
        return Signature(hp, dataset, type(trial).__name__, tuple(fields)), numbers[:used]

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


def _usual_order(table: tuple[str, str]) -> tuple[str, int, str]:
    """Sorts tables as most records have them. The order in which a process met them would depend on other processes."""
    hp, dataset = table
    return hp, DATASETS.index(dataset) if dataset in DATASETS else len(DATASETS), dataset


def _plan(hp: str, dataset: str, form: forms.TrialForm) -> Plan:
    positions: dict[ColumnKey, list[tuple[int, int]]] = {}  # (epoch, place among the trial's numbers)
    place = 0
    for curve in form.curves:
        for run in curve.runs:
            pairs = positions.setdefault(curve.column(run), [])
            pairs += ((epoch, place + epoch - run.start) for epoch in range(run.start, run.stop))
            place += run.stop - run.start
    gathers: list[tuple[ColumnKey, Epochs, npt.NDArray[np.int32]]] = []
    for column, pairs in positions.items():
        order = sorted(pairs)
        places = np.array([len(fmt.SCALARS) + where for _, where in order], np.int32)
        gathers.append((column, forms.epoch_runs(epoch for epoch, _ in order), places))
    return Plan(hp, dataset, form.dumps(), gathers, place, Rows(len(fmt.SCALARS) + place))
