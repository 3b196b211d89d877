"""Accuracies, losses and seconds: of points, of whole curves, of the whole space, and the stored numbers themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import rules
from natsbin.batch import questions
from natsbin.batch.arrays import Floats, Longs, finish, longs, or_missing
from natsbin.batch.questions import Questions
from natsbin.batch.table import BatchTable
from natsbin.errors import QuestionError
from natsbin.store import codec, layouts
from natsbin.store import format as fmt
from natsbin.store.format import ColumnKey
from natsbin.store.layouts import MISSING, is_missing
from natsbin.store.table import column_coding

_METRICS = ("accuracy", "loss", "cur_time", "all_time")  # of ArchResults.get_metrics

QUANTITIES = tuple(dict.fromkeys((*_METRICS, *(name for name in fmt.CURVES.values() if name != "time"))))
"""What may be asked for: the metrics, and every other column with epochs that a store has."""

_KEPT_COLUMNS = 16

_NUMBERS = ("loss", "accuracy", "per-time", "all-time")


@dataclass(frozen=True)
class View:
    """The stored numbers of a column at one epoch, an entry a trial, as they lie in the mapped file.

    ``numbers`` is of shape (trials,) for a type that numpy has, else (trials, bytes). ``architecture`` and ``seed``
    say whose trial each is, ``coding`` what turns numbers into values (CF's ``scale_factor`` comes near; see
    docs/format.md), ``tail`` is the column of the last batch's counts where the coding needs one.
    """

    numbers: npt.NDArray[Any]
    tail: npt.NDArray[np.uint8] | None
    coding: codec.Coding
    architecture: npt.NDArray[np.int32]
    seed: npt.NDArray[np.int64]

    def decode(self) -> Floats:
        """The values as float64, NaN where there is none: a copy."""
        size = self.coding.layout.size
        raw = np.ascontiguousarray(self.numbers).view(np.uint8).reshape(-1, size)
        tail = None if self.tail is None else layouts.Unsigned(1).decode(self.tail.reshape(-1, 1))
        return self.coding.decode(self.coding.layout.decode(raw), tail)


def more_info(table: BatchTable, index: Longs, iepoch: Any, is_random: Any, missing: str) -> dict[str, Any]:
    """The answer of ``get_more_info``."""
    asked = questions.ask(table, index, iepoch, is_random)
    found: dict[str, Any] = {}
    for label, setname in (("train", "train"), *rules.parts_of(table.dataset)):
        if setname in table.sets:
            found.update(_part(asked, label, setname))
        if label == "train" and (comment := rules.comment(table.dataset, table.hp)) is not None:
            found["comment"] = comment
    numbers = [values for values in found.values() if not isinstance(values, str)]
    if table.dataset == rules.REQUIRED[0] and "valid-accuracy" in found:
        gone = is_missing(found["valid-accuracy"])
        for values in numbers:
            values[gone] = MISSING
    for place, one, epoch, seed in asked.each_irregular():
        for name, value in table.fallback.more_info(one, *table.key, epoch, seed).items():
            if isinstance(value, (int, float, np.number)):  # irregular records have any kind of number
                found.setdefault(name, np.full(asked.n, MISSING))[place] = value
    for name, values in found.items():
        if not isinstance(values, str):
            found[name] = finish(values, asked.shape, missing, f"{name} of {table.name}")
    return found


def _part(asked: Questions, label: str, setname: str) -> dict[str, Floats]:
    accuracy, loss = asked.values(setname, "accuracy"), asked.values(setname, "loss")
    seconds = asked.seconds(setname)
    gone = is_missing(accuracy)
    if gone.any():
        loss[gone] = seconds[gone] = MISSING
    per_time = seconds / (asked.epoch + 1)
    return dict(zip((f"{label}-{name}" for name in _NUMBERS), (loss, accuracy, per_time, seconds), strict=True))


def points(
    table: BatchTable, index: Longs, setname: str, quantity: str, iepoch: Any, is_random: Any, missing: str
) -> Any:
    """The answer of ``points``."""
    asked = questions.ask(table, index, iepoch, is_random)
    values = _quantity(asked, setname, quantity)
    return finish(values, asked.shape, missing, f"{quantity} of {setname} with {table.name}")


def curves(table: BatchTable, index: Longs, setname: str, quantity: str, seed: Any, missing: str) -> Any:
    """The answer of ``curves``."""
    chosen = False if seed is None else longs("seed", seed)[..., None]
    return points(table, index[..., None], setname, quantity, np.arange(table.epochs), chosen, missing)


def column(table: BatchTable, setname: str, quantity: str, iepoch: Any, seed: Any, missing: str) -> Any:
    """The answer of ``column``."""
    epoch = questions.one_epoch(table, iepoch)
    if seed is None:
        values = mean_column(table, setname, quantity, epoch).copy()
    else:
        values = _whole_space(table, setname, quantity, epoch, longs("seed", seed))
    return finish(values, values.shape, missing, f"{quantity} of {setname} with {table.name}")


def mean_column(table: BatchTable, setname: str, quantity: str, epoch: int) -> Floats:
    """The mean over the seeds by index. It is kept for the next question: not to be changed."""
    key = (setname, quantity, epoch)
    found = table.kept.get(key)
    if found is None:
        found = _whole_space(table, setname, quantity, epoch, False)
        found.flags.writeable = False
        if len(table.kept) >= _KEPT_COLUMNS:
            table.kept.pop(next(iter(table.kept)))
        table.kept[key] = found
    return found


def _whole_space(table: BatchTable, setname: str, quantity: str, epoch: int, seed: Any) -> Floats:
    index = np.arange(table.total, dtype=np.int64)
    return _quantity(questions.ask(table, index, np.array([epoch]), seed), setname, quantity)


def _quantity(asked: Questions, setname: str, quantity: str) -> Floats:
    """What ``ArchResults.get_metrics`` gives under this name, or the values of another column.

    Of irregular architectures there are only metrics, as only the API answers for them.
    """
    table, setname = asked.table, rules.set_of(setname)
    if quantity not in QUANTITIES:
        raise QuestionError(f"quantity {quantity!r}: expected one of {', '.join(QUANTITIES)}")
    table.check_set(setname)
    if quantity not in _METRICS:
        return asked.values(setname, quantity)
    if quantity in ("accuracy", "loss"):
        values = asked.values(setname, quantity)
    else:
        values = asked.values(setname, "time") if quantity == "cur_time" else asked.seconds(setname)
        values[is_missing(asked.values(setname, "accuracy"))] = MISSING
    for place, index, epoch, seed in asked.each_irregular():
        values[place] = or_missing(table.fallback.metrics(index, *table.key, setname, epoch, seed).get(quantity))
    return values


def view(table: BatchTable, setname: str, quantity: str, iepoch: int | None) -> View:
    """The answer of ``view``."""
    epoch = questions.one_epoch(table, iepoch)
    key = ColumnKey(setname, quantity)
    if key not in table.data.columns or quantity == "time":
        have = [str(one) for one in table.data.columns if one.quantity != "time"]
        raise QuestionError(f"no column '{key}' of {table.name}: there are {', '.join(have)}")
    path = f"{table.hp}/{table.dataset}/{key}"
    coding = column_coding(table.store.data(path))
    layout = coding.layout
    numbers = _mapped(table, path, epoch).reshape(-1, layout.size)
    if isinstance(layout, layouts.Unsigned):
        numbers = numbers.view(f"<u{layout.size}")[:, 0]
    elif layout.size == 8:
        numbers = numbers.view("<f8")[:, 0]
    tail = _mapped(table, path + fmt.TAIL, epoch) if coding.tail else None
    return View(numbers, tail, coding, table.data.architecture, table.data.seed)


def _mapped(table: BatchTable, path: str, epoch: int) -> npt.NDArray[np.uint8]:
    data = table.store.data(path)
    if data.filters or data.chunk[1] != data.shape[1]:
        raise QuestionError(
            f"{path}: the numbers of an epoch do not lie side by side (chunks of {data.chunk}"
            f"{', compressed' if data.filters else ''}): column() decodes them"
        )
    start = epoch % data.chunk[0] * data.chunk[1] * data.size
    return data.load(epoch // data.chunk[0])[start : start + data.shape[1] * data.size]
