"""Records put together again, from their forms and the columns of a store."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from natsbin.store import forms

if TYPE_CHECKING:
    from natsbin.store.reader import Store, Table

_MAPPINGS: dict[str, type[dict[Any, Any]]] = {"dict": dict, "OrderedDict": OrderedDict}


def assemble(store: Store, index: int, form: dict[str, Any]) -> Any:
    """The record of an architecture from the form of its record; the inverse of ``split.Splitter.add``."""
    arch = store.meta_archs[index]
    states = ((hp, _state(store, hp, index, arch, kind, items)) for hp, (kind, items) in form["states"])
    return _MAPPINGS[form["record"]](states)


def _state(store: Store, hp: str, index: int, arch: str, kind: str, items: list[Any]) -> dict[str, Any]:
    state = _MAPPINGS[kind]()
    for key, spec in items:
        if spec[0] == "trials":
            trials = ((dataset, seed) for dataset, seed in spec[2])
            state[key] = _MAPPINGS[spec[1]](
                ((dataset, seed), _trial(store, store.table(hp, dataset), index, seed, arch))
                for dataset, seed in trials
            )
        else:
            state[key] = index if spec[0] == "index" else forms.thaw(spec, arch)
    return state


def _trial(store: Store, table: Table, index: int, seed: int, arch: str) -> dict[str, Any]:
    row = table.kernel.row_of(index, seed)
    form = store.forms[table.form[row]]
    trial = _MAPPINGS[form["type"]]()
    for name, how, *spec in form["trial"]:
        if how == "curve":
            trial[name] = _curve(table, row, name, *spec)
        elif how == "scalar":
            trial[name] = forms.thaw_scalar(spec[0], float(table.scalars[name][row]), arch)
        else:
            trial[name] = forms.thaw(spec[0], arch)
    return trial


def _curve(table: Table, row: int, name: str, kind: str, runs: list[forms.Run]) -> dict[Any, float]:
    values: list[float] = []
    for part, start, stop in runs:
        column = table.columns[f"{part}_{forms.CURVES[name]}"]
        values += column.curve(row)[start:stop] if column.epochs else column.curve(row) * (stop - start)
    return _MAPPINGS[kind](zip(forms.run_keys(name, runs), values, strict=True))
