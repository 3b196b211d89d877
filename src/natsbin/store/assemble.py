"""Records put together again, from their forms and the columns of tables.

What all of a form share is worked out once, in a ``TrialMaker`` or ``StateMaker``: a store has a few hundred forms.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import numpy as np

from natsbin._column import Column
from natsbin.store.forms import Curve, Index, Literal, RecordForm, Run, Scalar, State, TrialForm, Trials, run_keys
from natsbin.store.literals import MAPPINGS, Slot, Spec, thaw
from natsbin.store.table import Table

TableOf = Callable[[str, str], Table]
"""The table of an hp and a dataset."""

Make = Callable[[str], Any]
"""Makes a value of its own, given the architecture string."""

_ATOMS = ("bool", "str", "int")


class TrialMaker:
    """Makes the trials of one form.

    Attributes:
        blank: a trial whose values are missing, but for those that all trials of the form share.
        curves: the fields whose numbers are in columns with epochs.
        literals: what makes the values that a trial has of its own, but no column keeps.
    """

    def __init__(self, form: TrialForm) -> None:
        fields = dict(form.fields)
        specs: dict[str, Spec] = {}
        slots: list[tuple[str, Slot]] = []
        for name, field in form.fields:
            if isinstance(field, Scalar) and field.slot is not None:
                slots.append((name, field.slot))
            elif isinstance(field, (Scalar, Literal)):
                specs[name] = field.spec
        constants = {name: spec[1] for name, spec in specs.items() if spec[0] in _ATOMS}
        self.curves = {name: field for name, field in fields.items() if isinstance(field, Curve)}
        self.blank = MAPPINGS[form.mapping]((name, constants.get(name)) for name in fields)
        self.literals = {name: literal_maker(spec) for name, spec in specs.items() if name not in constants}
        self._slots = slots

    def make(self, table: Table, row: int, arch: str) -> dict[str, Any]:
        """A trial."""
        trial: dict[str, Any] = self.blank.copy()
        self.fill(trial, table, row, arch)
        for name, curve in self.curves.items():
            trial[name] = read_curve(table, row, curve, curve.keys())
        return trial

    def fill(self, trial: dict[str, Any], table: Table, row: int, arch: str) -> None:
        """Put all values of a trial but its curves into a copy of ``blank``."""
        for name, make in self.literals.items():
            trial[name] = make(arch)
        for name, slot in self._slots:
            number = table.scalars[name][row]  # a numpy float64
            value = number if slot.type == "float64" else float(number)
            trial[name] = [value] if slot.in_list else value

    def read(self, table: Table, row: int, name: str) -> dict[Any, float]:
        """The values of one curve, by epoch or by ``SET@EPOCH``."""
        curve = self.curves[name]
        return read_curve(table, row, curve, _shared_keys(name.startswith("train_"), curve.runs))


class StateMaker:
    """Makes the states of one hp of the records of one form.

    Attributes:
        seeds: the seeds of each dataset whose trials are all there.
        datasets: all datasets, in their order.
        arch_str: what makes its architecture string.
    """

    def __init__(self, form: State) -> None:
        self._mapping = MAPPINGS[form.mapping]
        self._items: list[tuple[str, Make | None | Trials]] = [
            (key, literal_maker(item.spec) if isinstance(item, Literal) else None if isinstance(item, Index) else item)
            for key, item in form.items
        ]
        trials = {key for _, item in form.items if isinstance(item, Trials) for key in item.keys}
        literals = {key: literal_maker(item.spec) for key, item in form.items if isinstance(item, Literal)}
        listed = literals["dataset_seed"]("")
        self.seeds: dict[str, list[int]] = {
            dataset: seeds for dataset, seeds in listed.items() if all((dataset, seed) in trials for seed in seeds)
        }
        self.datasets = list(listed)
        self.arch_str = literals["arch_str"]

    def make(self, index: int, arch: str, make_trial: Callable[[str, int], Any]) -> dict[str, Any]:
        """A state; ``make_trial`` gives the trial of a dataset and a seed."""
        state = self._mapping()
        for key, item in self._items:
            if isinstance(item, Trials):
                state[key] = MAPPINGS[item.mapping]((one, make_trial(*one)) for one in item.keys)
            else:
                state[key] = index if item is None else item(arch)
        return state


class Assembler:
    """Makes the records of a store, or parts of them."""

    def __init__(self) -> None:
        self._trial_makers: dict[int, TrialMaker] = {}
        self._state_makers: dict[int, dict[str, StateMaker]] = {}

    def states(self, form: RecordForm) -> dict[str, StateMaker]:
        """What makes the states of a form, by hp."""
        found = self._state_makers.get(id(form))  # a store keeps its forms, and comparing them takes longer
        if found is None:
            found = self._state_makers[id(form)] = {hp: StateMaker(state) for hp, state in form.states}
        return found

    def trial(self, table: Table, row: int) -> TrialMaker:
        """What makes the trial of a row."""
        number = int(table.form[row])
        maker = self._trial_makers.get(number)
        if maker is None:
            maker = self._trial_makers[number] = TrialMaker(table.forms[number])
        return maker

    def record(self, form: RecordForm, index: int, arch: str, table_of: TableOf) -> OrderedDict[str, dict[str, Any]]:
        """The record of an architecture from the form of its record; the inverse of ``split.Splitter.add``."""

        def state(hp: str, maker: StateMaker) -> dict[str, Any]:
            def trial(dataset: str, seed: int) -> dict[str, Any]:
                table = table_of(hp, dataset)
                row = table.kernel.row_of(index, seed)
                return self.trial(table, row).make(table, row, arch)

            return maker.make(index, arch, trial)

        states = ((hp, state(hp, maker)) for hp, maker in self.states(form).items())
        return cast("OrderedDict[str, dict[str, Any]]", MAPPINGS[form.mapping](states))


def read_curve(table: Table, row: int, curve: Curve, keys: Any) -> dict[Any, float]:
    """The mapping of a curve. It reads no epochs but the curve's own."""
    values: list[float] = []
    for run in curve.runs:
        values += _run(table.columns[curve.column(run)], row, run)
    return MAPPINGS[curve.mapping](zip(keys, values, strict=True))


def _run(column: Column, row: int, run: Run) -> list[float]:
    if not column.epochs:
        return column.curve(row) * (run.stop - run.start)
    if run.stop - run.start == column.epochs:
        return column.curve(row)
    epochs = np.arange(run.start, run.stop, dtype=np.int32)
    values = np.empty(len(epochs))
    column.points(epochs, np.full_like(epochs, row), values)
    return values.tolist()


@lru_cache(1024)
def _shared_keys(train: bool, runs: tuple[Run, ...]) -> list[Any]:
    return list(run_keys("train_" if train else "", runs))


def literal_maker(spec: Spec) -> Make:
    """What makes a literal: ``thaw``, with all that does not depend on the architecture done before."""
    if spec[0] in _ATOMS:
        return lambda _arch: spec[1]
    if spec[0] == "arch":
        return lambda arch: arch
    if spec[0] == "list" and all(item[0] in _ATOMS for item in spec[1]):
        items = [item[1] for item in spec[1]]
        return lambda _arch: items.copy()
    if spec[0] in MAPPINGS and all(key[0] in _ATOMS for key, _ in spec[1]):
        constants = {key[1]: value[1] for key, value in spec[1] if value[0] in _ATOMS}
        blank = MAPPINGS[spec[0]]((key[1], constants.get(key[1])) for key, _ in spec[1])
        others = [(key[1], literal_maker(value)) for key, value in spec[1] if value[0] not in _ATOMS]

        def make(arch: str) -> Any:
            made = blank.copy()
            for key, make_value in others:
                made[key] = make_value(arch)
            return made

        return make
    return lambda arch: thaw(spec, arch)
