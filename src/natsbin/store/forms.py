"""The form of a record or of a trial: everything about it that is not one of its measured numbers.

A record is a form plus the numbers. Real archives repeat a few hundred forms, so a store keeps each once, as JSON, and
a number a trial. The types here are the only ones that know the JSON; docs/format.md specifies it. What is hashed for
every trial of an archive is a NamedTuple, as those hash at native speed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from natsbin.store.format import CURVES, SCALARS, ColumnKey
from natsbin.store.literals import MAPPINGS, Slot, Spec, freeze, freeze_scalar, slot_of, thaw, thaw_scalar

Epochs = tuple[tuple[int, int], ...]
"""Runs start..stop of epochs."""

_REGULAR_FIELDS = {
    "train_acc1es", "train_acc5es", "train_losses", "train_times", "eval_acc1es", "eval_losses", "eval_times",
    "params", "flop", "latency", "epochs", "eval_names",
}  # fmt: skip

MOST_EPOCHS = 100_000
"""Keys of curves above this are kept as they are, and so are curves of more keys."""


class Run(NamedTuple):
    """A set's epochs start..stop, in the order of a dict's keys."""

    set: str
    start: int
    stop: int


class Literal(NamedTuple):
    """A value that is the same in all records of a form."""

    spec: Spec

    @staticmethod
    def of(value: Any, arch: str) -> Literal:
        """The form of a value. TypeError for a type that no archive holds."""
        return Literal(freeze(value, arch))

    @staticmethod
    def parse(spec: Spec) -> Literal:
        """From parsed JSON. Raises ValueError or TypeError for anything else."""
        thaw(spec, "")
        return Literal(spec)

    def value(self, arch: str) -> Any:
        return thaw(self.spec, arch)

    def to_json(self) -> tuple[Any, ...]:
        return ("literal", self.spec)


class Scalar(NamedTuple):
    """``params``, ``flop`` or ``latency``: mostly one float, which a column keeps."""

    spec: Spec

    @staticmethod
    def of(value: Any, arch: str) -> tuple[Scalar, float | None]:
        """The form of a value, and the number for its column if it is one float."""
        spec, number = freeze_scalar(value, arch)
        return Scalar(spec), number

    @staticmethod
    def parse(spec: Spec) -> Scalar:
        """From parsed JSON. Raises ValueError or TypeError for anything else."""
        thaw_scalar(spec, 0.0, "")
        return Scalar(spec)

    @property
    def slot(self) -> Slot | None:
        """What the column's number is; None where all trials of the form have the same value."""
        return slot_of(self.spec)

    def value(self, number: float, arch: str = "") -> Any:
        """The value of the field, where its column has ``number``."""
        return thaw_scalar(self.spec, number, arch)

    def to_json(self) -> tuple[Any, ...]:
        return ("scalar", self.spec)


class Curve(NamedTuple):
    """A mapping with a float for each epoch, which columns keep."""

    field: str
    mapping: str
    runs: tuple[Run, ...]

    def keys(self) -> Iterator[Any]:
        return run_keys(self.field, self.runs)

    def column(self, run: Run) -> ColumnKey:
        """The column that has the numbers of a run."""
        return ColumnKey(run.set, CURVES[self.field])

    def epochs(self) -> dict[str, Epochs]:
        """The epochs of each set, ascending."""
        found: dict[str, list[tuple[int, int]]] = {}
        for name, start, stop in sorted(self.runs, key=lambda run: run.start):
            runs = found.setdefault(name, [])
            if runs and runs[-1][1] == start:
                runs[-1] = runs[-1][0], stop
            else:
                runs.append((start, stop))
        return {name: tuple(found[name]) for name in dict.fromkeys(run.set for run in self.runs)}

    def to_json(self) -> tuple[Any, ...]:
        return ("curve", self.mapping, self.runs)


Field = Literal | Scalar | Curve


@dataclass(frozen=True)
class TrialForm:
    """A trial without its numbers.

    Attributes:
        mapping: its type, ``dict`` or ``OrderedDict``.
        epochs: how many epochs tables alone answer for; None where only the record answers.
        fields: in their order.
    """

    mapping: str
    epochs: int | None
    fields: tuple[tuple[str, Field], ...]

    @staticmethod
    def of(mapping: str, fields: tuple[tuple[str, Field], ...]) -> TrialForm:
        """The form of a trial with these fields."""
        return TrialForm(mapping, _regular_epochs(dict(fields)), fields)

    @staticmethod
    def parse(parsed: Mapping[str, Any]) -> TrialForm:
        """From parsed JSON. Raises ValueError, TypeError or KeyError for what is no form of a trial."""
        epochs = parsed["epochs"]
        if epochs is not None and type(epochs) is not int:
            raise ValueError(f"epochs {epochs!r:.80}, expected a number or null")
        return TrialForm(_mapping(parsed["type"]), epochs, tuple(map(_parse_field, parsed["trial"])))

    def dumps(self) -> str:
        """As JSON."""
        fields = [(name, *field.to_json()) for name, field in self.fields]
        return _dumps({"type": self.mapping, "epochs": self.epochs, "trial": fields})

    @cached_property
    def curves(self) -> list[Curve]:
        """The fields whose numbers are in columns with epochs."""
        return [field for _, field in self.fields if isinstance(field, Curve)]

    @cached_property
    def epochs_of(self) -> dict[ColumnKey, Epochs]:
        """The epochs at which each column has a number of the trial, ascending."""
        return {
            ColumnKey(name, CURVES[curve.field]): epochs
            for curve in self.curves
            for name, epochs in curve.epochs().items()
        }

    @cached_property
    def evaluated_sets(self) -> tuple[str, ...]:
        """The sets that the trial was evaluated on, in its order; empty where ``epochs`` is None."""
        names = dict(self.fields)["eval_names"] if self.epochs is not None else None
        return tuple(names.value("")) if isinstance(names, Literal) else ()

    @cached_property
    def latency(self) -> Scalar | None:
        """What its latency is."""
        found = dict(self.fields).get("latency")
        return found if isinstance(found, Scalar) else None


class Index(NamedTuple):
    """The official index of the record's architecture."""

    def to_json(self) -> tuple[Any, ...]:
        return ("index",)


class Trials(NamedTuple):
    """The trials of a state, each by (dataset, seed), and the types of their mappings."""

    mapping: str
    keys: tuple[tuple[str, int], ...]
    mappings: tuple[str, ...]

    def to_json(self) -> tuple[Any, ...]:
        return ("trials", *self)


class State(NamedTuple):
    """One hp's state without its trials."""

    mapping: str
    items: tuple[tuple[str, Literal | Index | Trials], ...]

    @staticmethod
    def of(state: Mapping[str, Any], arch: str, index: int) -> State:
        """The form of an architecture's state."""
        items: list[tuple[str, Literal | Index | Trials]] = []
        for key, value in state.items():
            if key == "all_results":
                mappings = tuple(type(trial).__name__ for trial in value.values())
                items.append((key, Trials(type(value).__name__, tuple(value), mappings)))
            elif key == "arch_index" and type(value) is int and value == index:
                items.append((key, Index()))
            else:
                items.append((key, Literal.of(value, arch)))
        return State(type(state).__name__, tuple(items))

    @staticmethod
    def parse(mapping: Any, items: Any) -> State:
        """From parsed JSON. Raises ValueError or TypeError for what is no state."""
        return State(_mapping(mapping), tuple((key, _parse_item(spec)) for key, spec in items))

    def to_json(self) -> tuple[Any, ...]:
        items = [(key, item.spec if isinstance(item, Literal) else item.to_json()) for key, item in self.items]
        return (self.mapping, items)


@dataclass(frozen=True)
class RecordForm:
    """An architecture's record without its trials. ``regular``: tables alone can answer for it."""

    mapping: str
    states: tuple[tuple[str, State], ...]
    regular: bool

    @staticmethod
    def parse(parsed: Mapping[str, Any]) -> RecordForm:
        """From parsed JSON. Raises ValueError, TypeError or KeyError for what is no form of a record."""
        states = tuple((hp, State.parse(mapping, items)) for hp, (mapping, items) in parsed["states"])
        return RecordForm(_mapping(parsed["record"]), states, parsed["regular"] is True)

    def dumps(self) -> str:
        """As JSON."""
        states = [(hp, state.to_json()) for hp, state in self.states]
        return _dumps({"record": self.mapping, "states": states, "regular": self.regular})


@dataclass(frozen=True)
class Forms:
    """The forms of a store by number, each parsed when it is first asked for: a table has only some of them."""

    parsed: list[Any]
    _known: dict[int, RecordForm | TrialForm] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(self.parsed)

    @staticmethod
    def loads(text: bytes) -> Forms:
        """From the JSON of a store. Raises ValueError where it is no list of objects."""
        parsed = json.loads(text)
        if not isinstance(parsed, list) or not all(isinstance(form, dict) for form in parsed):
            raise ValueError("expected a list of objects")
        return Forms(parsed)

    def record(self, number: int) -> RecordForm:
        """The form of a record. Raises ValueError where the number is of none, or what is wrong with it."""
        found = self._parse(number)
        if not isinstance(found, RecordForm):
            raise ValueError(f"form {number} is of a trial, expected a record's")
        return found

    def trial(self, number: int) -> TrialForm:
        """The form of a trial; otherwise as ``record``."""
        found = self._parse(number)
        if not isinstance(found, TrialForm):
            raise ValueError(f"form {number} is of a record, expected a trial's")
        return found

    def _parse(self, number: int) -> RecordForm | TrialForm:
        if number not in self._known:
            if number >= len(self.parsed):
                raise ValueError(f"form {number} of {len(self.parsed)}")
            form = self.parsed[number]
            try:
                self._known[number] = (RecordForm if "record" in form else TrialForm).parse(form)
            except (ValueError, TypeError, KeyError) as error:
                raise ValueError(f"form {number}: {error}") from error
        return self._known[number]


def curve_runs(field: str, keys: tuple[Any, ...]) -> tuple[Run, ...] | None:
    """The keys of a curve as runs of epochs, in their order; None where they are not of the usual form.

    Usual are the ints 0, 1, ... of ``train_*`` and the strings ``"SET@EPOCH"`` of ``eval_*``.
    """
    runs: list[list[Any]] = []
    seen: set[Any] = set()
    for key in keys:
        if field.startswith("train_"):
            name, epoch = "train", key
            if type(key) is not int:
                return None
        else:
            name, _, text = key.rpartition("@") if type(key) is str else ("", "", "")
            if not (text.isascii() and text.isdigit() and str(int(text)) == text) or name in ("", "train"):
                return None
            epoch = int(text)
        if not 0 <= epoch < MOST_EPOCHS or (name, epoch) in seen:
            return None
        seen.add((name, epoch))
        if runs and runs[-1][0] == name and runs[-1][2] == epoch:
            runs[-1][2] = epoch + 1
        else:
            runs.append([name, epoch, epoch + 1])
    return tuple(Run(*run) for run in runs) if len(seen) <= MOST_EPOCHS else None


def run_keys(field: str, runs: Iterable[Run]) -> Iterator[Any]:
    """The keys behind runs; the inverse of ``curve_runs``."""
    for name, start, stop in runs:
        for epoch in range(start, stop):
            yield epoch if field.startswith("train_") else f"{name}@{epoch}"


def epoch_runs(epochs: Iterable[int]) -> Epochs:
    """Epochs as runs, in their order."""
    runs: list[list[int]] = []
    for epoch in epochs:
        if runs and runs[-1][1] == epoch:
            runs[-1][1] = epoch + 1
        else:
            runs.append([epoch, epoch + 1])
    return tuple((start, stop) for start, stop in runs)


def is_regular_state(state: Mapping[str, Any]) -> bool:
    """Whether each dataset's seeds are listed as the trials there are, so that tables alone answer queries."""
    seeds: dict[str, list[int]] = {}
    for dataset, seed in state["all_results"]:
        seeds.setdefault(dataset, []).append(seed)
    listed = state["dataset_seed"]
    return set(listed) == set(seeds) and all(list(listed[name]) == sorted(seeds[name]) for name in seeds)


def _regular_epochs(fields: Mapping[str, Field]) -> int | None:
    """The number of epochs of a trial that tables alone can answer for; None where only its record can.

    Regular is a trial of the usual fields and types whose train curves and times cover every epoch and whose
    sets have accuracies just where they have losses.
    """
    if not fields.keys() >= _REGULAR_FIELDS:
        return None
    literals = {name: field.spec for name, field in fields.items() if isinstance(field, Literal)}
    curves = {name: field.epochs() for name, field in fields.items() if isinstance(field, Curve)}
    match literals.get("epochs"), literals.get("eval_names"):
        case (("int", int(epochs)), ("list", names)) if all(kind == "str" for kind, *_ in names):
            whole, sets = ((0, epochs),), [name for _, name in names]
        case _:
            return None
    if (
        fields["params"] != Scalar(("slot", "float64"))
        or fields["flop"] != Scalar(("slot", "float"))
        or any(curves.get(name) != {"train": whole} for name in ("train_acc1es", "train_losses", "train_times"))
        or curves.get("eval_times") != dict.fromkeys(sets, whole)
        or curves.get("eval_acc1es") is None
        or curves["eval_acc1es"] != curves.get("eval_losses")
        or not set(curves["eval_acc1es"]) <= set(sets)
    ):
        return None
    return epochs


def _parse_field(item: Any) -> tuple[str, Field]:
    name, how, *rest = item
    if how == "curve" and name in CURVES:
        mapping, given = rest
        runs = tuple(map(_parse_run, given))
        _check_runs(runs)
        return name, Curve(name, _mapping(mapping), runs)
    (spec,) = rest
    if how == "literal" and type(name) is str:
        return name, Literal.parse(spec)
    if how == "scalar" and name in SCALARS:
        return name, Scalar.parse(spec)
    raise ValueError(f"field {name!r:.80} as {how!r:.80}, expected a literal, a scalar or a curve")


def _parse_run(item: Any) -> Run:
    run = Run(*item)
    if list(map(type, run)) != [str, int, int] or not (run.set and 0 <= run.start < run.stop <= MOST_EPOCHS):
        raise ValueError(f"run {item!r:.80}, expected a set and its epochs from start to stop")
    return run


def _check_runs(runs: tuple[Run, ...]) -> None:
    """Each key once, and not more than a curve may have: a short text can list many epochs."""
    count = sum(run.stop - run.start for run in runs)
    if count > MOST_EPOCHS:
        raise ValueError(f"a curve of {count:,} values; at most {MOST_EPOCHS:,} were expected")
    ordered = sorted(runs)
    for one, other in itertools.pairwise(ordered):
        if one.set == other.set and other.start < one.stop:
            raise ValueError(f"epoch {other.start} of {one.set!r:.80} twice in a curve")


def _parse_item(spec: Any) -> Literal | Index | Trials:
    kind, *rest = spec
    if kind == "index":
        return Index()
    if kind != "trials":
        return Literal.parse(spec)
    mapping, keys, mappings = rest
    for dataset, seed in keys:
        if type(dataset) is not str or type(seed) is not int:
            raise ValueError(f"trial {dataset!r:.80}, {seed!r:.80}, expected a dataset and a seed")
    return Trials(_mapping(mapping), tuple(map(tuple, keys)), tuple(map(_mapping, mappings)))


def _mapping(name: Any) -> str:
    if name not in MAPPINGS:
        raise ValueError(f"type {name!r:.80}, expected one of {', '.join(MAPPINGS)}")
    return str(name)


def _dumps(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
