"""Whole curves, whole columns, and the stored numbers themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.batch.arrays import Floats, check_policy, finish, longs, with_tensors, within
from natsbin.batch.core import Questions
from natsbin.batch.table import BatchTable
from natsbin.batch.trainings import Trainings
from natsbin.errors import QuestionError
from natsbin.store import codec, layouts
from natsbin.store import format as fmt
from natsbin.store.format import ColumnKey
from natsbin.store.table import column_coding

QUANTITIES = ("accuracy", "loss", "cur_time", "all_time")

_KEPT_COLUMNS = 32


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


class Columns(Trainings):
    """Curves and columns of a store."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._columns: dict[tuple[str, str, str, str, int], Floats] = {}

    @with_tensors
    def curves(
        self,
        index: Any,
        dataset: str,
        setname: str,
        quantity: str = "accuracy",
        hp: str | int = "12",
        seed: Any = None,
        *,
        missing: str = "nan",
    ) -> Any:
        """Whole curves, of shape (index.shape or that of index and seed broadcast) + (epochs,).

        ``quantity`` is ``accuracy`` (percent), ``loss``, ``cur_time`` or ``all_time`` (seconds of each epoch, and of
        all up to it), as ``get_metrics`` names them: the mean over the seeds, or that of ``seed``.
        """
        check_policy(missing)
        sheet = self._sheet(hp, dataset)
        epochs = np.arange(sheet.epochs, dtype=np.int64)
        chosen = False if seed is None else longs("seed", seed)[..., None]
        asked = self._ask(sheet, self._index(index)[..., None], epochs, chosen)
        values = self._quantity(asked, setname, quantity)
        return finish(values, asked.shape, missing, f"{quantity} of {setname} with hp {sheet.hp} on {dataset}")

    @with_tensors
    def points(
        self,
        index: Any,
        dataset: str,
        setname: str,
        quantity: str = "accuracy",
        iepoch: Any = None,
        hp: str | int = "12",
        is_random: Any = False,
        *,
        missing: str = "nan",
    ) -> Any:
        """One quantity, as ``curves`` names them, of one set: what ``get_more_info`` gives of it, without the rest.

        ``index``, ``iepoch`` and the seeds of ``is_random`` broadcast to the shape of the answer.
        """
        check_policy(missing)
        sheet = self._sheet(hp, dataset)
        asked = self._ask(sheet, self._index(index), self._epoch(sheet, iepoch), is_random)
        values = self._quantity(asked, setname, quantity)
        return finish(values, asked.shape, missing, f"{quantity} of {setname} with hp {sheet.hp} on {dataset}")

    @with_tensors
    def column(
        self,
        dataset: str,
        setname: str,
        quantity: str = "accuracy",
        hp: str | int = "12",
        iepoch: int | None = None,
        seed: int | None = None,
        *,
        missing: str = "nan",
    ) -> Any:
        """The whole space after one epoch (None: the last), by official index: shape (architectures of the space,)."""
        check_policy(missing)
        sheet = self._sheet(hp, dataset)
        epoch = self._one_epoch(sheet, iepoch)
        values = self._column(sheet, setname, quantity, epoch, seed).copy()
        return finish(values, values.shape, missing, f"{quantity} of {setname} with hp {sheet.hp} on {dataset}")

    def view(
        self, dataset: str, setname: str, quantity: str = "accuracy", hp: str | int = "12", iepoch: int | None = None
    ) -> View:
        """The stored numbers of all trials at one epoch, without copying them: ``accuracy``, ``loss`` or ``top5``.

        QuestionError where they do not lie side by side: in a packed store, or in a column with gaps.
        """
        sheet = self._sheet(hp, dataset)
        epoch = self._one_epoch(sheet, iepoch)
        key = ColumnKey(setname, quantity)
        if key not in sheet.table.columns or quantity == "time":
            have = [str(one) for one in sheet.table.columns if one.quantity != "time"]
            raise QuestionError(f"no column '{key}' of hp {sheet.hp} on {dataset}: there are {', '.join(have)}")
        path = f"{sheet.hp}/{dataset}/{key}"
        coding = column_coding(self._store.file.data(path))
        numbers = self._mapped(path, epoch).reshape(-1, coding.layout.size)
        layout = coding.layout
        if isinstance(layout, layouts.Unsigned):
            numbers = numbers.view(f"<u{layout.size}")[:, 0]
        elif layout.size == 8:
            numbers = numbers.view("<f8")[:, 0]
        tail = self._mapped(path + fmt.TAIL, epoch) if coding.tail else None
        return View(numbers, tail, coding, sheet.table.architecture, sheet.table.seed)

    def _mapped(self, path: str, epoch: int) -> npt.NDArray[np.uint8]:
        data = self._store.file.data(path)
        if data.filters or data.chunk[1] != data.shape[1]:
            raise QuestionError(
                f"{path}: the numbers of an epoch do not lie side by side (chunks of {data.chunk}"
                f"{', compressed' if data.filters else ''}): column() decodes them"
            )
        start = epoch % data.chunk[0] * data.chunk[1] * data.size
        return data.load(epoch // data.chunk[0])[start : start + data.shape[1] * data.size]

    @staticmethod
    def _one_epoch(sheet: BatchTable, iepoch: int | None) -> int:
        if iepoch is None:
            return sheet.epochs - 1
        epoch = longs("iepoch", iepoch)
        if epoch.ndim:
            raise QuestionError(f"iepoch of shape {epoch.shape}: expected one epoch")
        return int(within("iepoch", epoch, sheet.epochs))

    def _column(self, sheet: BatchTable, setname: str, quantity: str, epoch: int, seed: int | None = None) -> Floats:
        """A whole-space column, not to be changed; means are kept for the next question."""
        key = (sheet.hp, sheet.dataset, setname, quantity, epoch)
        found = self._columns.get(key) if seed is None else None
        if found is None:
            index = np.arange(sheet.total, dtype=np.int64)
            chosen = False if seed is None else longs("seed", seed)
            asked = self._ask(sheet, index, np.array([epoch], np.int64), chosen)
            found = self._quantity(asked, setname, quantity)
            found.flags.writeable = False
            if seed is None:
                if len(self._columns) >= _KEPT_COLUMNS:
                    self._columns.pop(next(iter(self._columns)))
                self._columns[key] = found
        return found

    def _quantity(self, asked: Questions, setname: str, quantity: str) -> Floats:
        """What ``get_metrics`` gives, by its names."""
        sheet = asked.sheet
        setname = "x-valid" if setname == "valid" else setname
        if quantity not in QUANTITIES:
            raise QuestionError(f"quantity {quantity!r}: expected one of {', '.join(QUANTITIES)}")
        if setname not in sheet.table.kernel.sets:
            have = ", ".join(sheet.table.kernel.sets)
            raise QuestionError(f"no set {setname!r} with hp {sheet.hp} on {sheet.dataset}: there are {have}")
        if quantity in ("accuracy", "loss"):
            values = asked.values(setname, quantity)
        else:
            values = asked.values(setname, "time") if quantity == "cur_time" else asked.seconds(setname)
            values[layouts.is_missing(asked.values(setname, "accuracy"))] = layouts.MISSING
        for place, index, epoch, seed in asked.each_irregular(self._fallback):
            metrics = self._fallback.metrics(index, sheet.hp, sheet.dataset, setname, epoch, seed)
            value = metrics.get(quantity)
            values[place] = layouts.MISSING if value is None else value
        return values
