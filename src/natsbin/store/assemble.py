"""Records put together again, from their forms and the columns of tables."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, cast

from natsbin.store.forms import Curve, Index, Literal, RecordForm, Scalar, State, Trials
from natsbin.store.literals import MAPPINGS
from natsbin.store.table import Table

TableOf = Callable[[str, str], Table]
"""The table of an hp and a dataset."""


def assemble(form: RecordForm, index: int, arch: str, table_of: TableOf) -> OrderedDict[str, dict[str, Any]]:
    """The record of an architecture from the form of its record; the inverse of ``split.Splitter.add``."""
    states = ((hp, _state(state, hp, index, arch, table_of)) for hp, state in form.states)
    return cast("OrderedDict[str, dict[str, Any]]", MAPPINGS[form.mapping](states))


def _state(form: State, hp: str, index: int, arch: str, table_of: TableOf) -> dict[str, Any]:
    state = MAPPINGS[form.mapping]()
    for key, item in form.items:
        match item:
            case Trials(mapping, keys, _):
                trials = ((key, _trial(table_of(hp, key[0]), index, key[1], arch)) for key in keys)
                state[key] = MAPPINGS[mapping](trials)
            case Literal():
                state[key] = item.value(arch)
            case Index():
                state[key] = index
    return state


def _trial(table: Table, index: int, seed: int, arch: str) -> dict[str, Any]:
    row = table.kernel.row_of(index, seed)
    form = table.forms[int(table.form[row])]
    trial = MAPPINGS[form.mapping]()
    for name, field in form.fields:
        match field:
            case Curve():
                trial[name] = _curve(table, row, field)
            case Scalar():
                trial[name] = field.value(float(table.scalars[name][row]), arch)
            case Literal():
                trial[name] = field.value(arch)
    return trial


def _curve(table: Table, row: int, curve: Curve) -> dict[Any, float]:
    values: list[float] = []
    for run in curve.runs:
        column = table.columns[curve.column(run)]
        count = run.stop - run.start
        values += column.curve(row)[run.start : run.stop] if column.epochs else column.curve(row) * count
    return MAPPINGS[curve.mapping](zip(curve.keys(), values, strict=True))
