"""The query methods of the scalar API over arrays."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from natsbin.api.text import OTHER_PARTS, PARTS, comment
from natsbin.api.utils import remap_dataset_set_names
from natsbin.batch.arrays import (
    Floats,
    Longs,
    check_policy,
    finish,
    with_tensors,
)
from natsbin.batch.core import Core, Questions
from natsbin.batch.table import BatchTable
from natsbin.store import Store
from natsbin.store.layouts import MISSING, is_missing

Bools = npt.NDArray[np.bool_]

SEARCHED = ("cifar10", "cifar100", "ImageNet16-120")

_NUMBERS = ("loss", "accuracy", "per-time", "all-time")


class Clock(Protocol):
    """What holds the simulated time: the scalar API."""

    _used_time: Any


class Queries(Core):
    """The batch twins of the scalar API's query methods; see docs/batch.md for what they share."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        super().__init__(store)
        self._used_time: Any = 0
        self._clock: Clock = self if clock is None else clock

    @property
    def used_time(self) -> Any:
        """The simulated clock in seconds: the scalar API's, where there is one."""
        return self._clock._used_time

    @with_tensors
    def query_index_by_arch(self, archs: Any) -> npt.NDArray[np.int32]:
        """Official indexes (int32) of architectures; -1 for what is none of the space.

        ``archs`` is one of: a string, or an array or list of strings (or of objects with ``tostr()``); operation
        digits, of shape (..., 6), or channels or their digits, of shape (..., 5), in two dimensions or more; indexes
        of no more than one dimension, which must lie within the space (QuestionError).
        """
        return np.asarray(self._names.indexes(archs), np.int32)

    @with_tensors
    def get_more_info(
        self,
        index: Any,
        dataset: str,
        iepoch: Any = None,
        hp: str | int = "12",
        is_random: Any = False,
        *,
        missing: str = "nan",
    ) -> dict[str, Any]:
        """Loss, accuracy (percent) and seconds on each set of a dataset after epochs counted from 0 (None: the last).

        ``is_random``: False for the mean over the seeds; a seed or seeds; a numpy Generator for one random trial of
        each; True to draw as the scalar API does. ``index``, ``iepoch`` and seeds broadcast; the values of the dict
        are float64 arrays of that shape, but for the comment.
        """
        check_policy(missing)
        sheet = self._sheet(hp, dataset)
        asked = self._ask(sheet, self._index(index), self._epoch(sheet, iepoch), is_random)
        found = self._info(asked)
        out: dict[str, Any] = {}
        for name, values in found.items():
            what = f"{name} of hp {sheet.hp} on {dataset}"
            out[name] = values if isinstance(values, str) else finish(values, asked.shape, missing, what)
        return out

    def _info(self, asked: Questions) -> dict[str, Any]:
        """The dict of ``get_more_info`` in flat arrays."""
        sheet = asked.sheet
        out: dict[str, Any] = {}
        parts = [("train", "train"), *PARTS.get(sheet.dataset, OTHER_PARTS)]
        for label, setname in parts:
            if setname in sheet.sets:
                out.update(self._part(asked, label, setname))
            if label == "train" and (told := comment(sheet.dataset, sheet.hp)) is not None:
                out["comment"] = told
        numbers = [values for values in out.values() if not isinstance(values, str)]
        if sheet.dataset == "cifar10-valid" and "valid-accuracy" in out:
            gone = is_missing(out["valid-accuracy"])  # the API has no answer at all without it
            for values in numbers:
                values[gone] = MISSING
        for place, index, epoch, seed in asked.each_irregular(self._fallback):
            found = self._fallback.more_info(index, sheet.hp, sheet.dataset, epoch, seed)
            for name, value in found.items():
                if isinstance(value, float):
                    out.setdefault(name, np.full(asked.n, MISSING))[place] = value
        return out

    def _part(self, asked: Questions, label: str, setname: str) -> dict[str, Floats]:
        accuracy, loss = asked.values(setname, "accuracy"), asked.values(setname, "loss")
        seconds = asked.seconds(setname)
        gone = is_missing(accuracy)
        if gone.any():
            loss[gone] = seconds[gone] = MISSING
        per_time = seconds / (asked.epoch + 1)
        return dict(zip((f"{label}-{name}" for name in _NUMBERS), (loss, accuracy, per_time, seconds), strict=True))

    @with_tensors
    def get_cost_info(
        self, index: Any, dataset: str, hp: str | int = "12", *, missing: str = "nan"
    ) -> dict[str, npt.NDArray[Any]]:
        """FLOPs and parameters in millions, latency and times in seconds, each the mean over the seeds.

        Arrays of the shape of ``index``; ``T-SET@epoch`` and ``T-SET@total`` of every set of the dataset.
        """
        check_policy(missing)
        sheet = self._sheet(hp, dataset)
        indexes = self._index(index)
        found = self._costs(sheet, indexes.reshape(-1))
        what = f"of hp {sheet.hp} on {dataset}"
        return {name: finish(values, indexes.shape, missing, f"{name} {what}") for name, values in found.items()}

    def _costs(self, sheet: BatchTable, index: Longs) -> dict[str, Floats]:
        flops, params = sheet.costs
        gone = sheet.refused[index]
        found = {
            "flops": np.where(gone, MISSING, flops[index]),
            "params": np.where(gone, MISSING, params[index]),
            "latency": sheet.latency[index],
        }
        names = [name for name in sheet.table.kernel.sets if name != "train"]
        for name in ("train", *names):
            for label, values in (("epoch", sheet.time_per_epoch(name)), ("total", sheet.time_total(name))):
                found[f"T-{name}@{label}"] = np.where(gone, MISSING, values[index])
        irregular = np.flatnonzero((sheet.irregular | sheet.mixed)[index])
        for place in irregular[np.argsort(index[irregular], kind="stable")].tolist():
            one = int(index[place])
            answer = self._fallback.cost_info(one, sheet.hp, sheet.dataset)
            for name, values in found.items():
                value = answer.get(name)
                values[place] = MISSING if value is None else value
        return found

    @with_tensors
    def get_latency(self, index: Any, dataset: str, hp: str | int = "12", *, missing: str = "nan") -> Any:
        """The mean latency in seconds over the seeds that have one; missing where none has."""
        check_policy(missing)
        sheet = self._sheet(hp, dataset)
        indexes = self._index(index)
        return finish(self._latency(sheet, indexes.reshape(-1)), indexes.shape, missing, f"latency on {dataset}")

    def _latency(self, sheet: BatchTable, index: Longs) -> Floats:
        values = sheet.latency[index]
        irregular = sheet.irregular[index]
        for one in np.unique(index[irregular]).tolist() if irregular.any() else ():
            found = self._fallback.cost_info(one, sheet.hp, sheet.dataset).get("latency")
            values[index == one] = MISSING if found is None else found
        return values


def where_kept(dataset: str, metric_on_set: str) -> tuple[str, str]:
    """The dataset and set behind the names ``valid`` and ``test`` of the scalar API."""
    dataset, setname = remap_dataset_set_names(dataset, metric_on_set)
    return dataset, "x-valid" if setname == "valid" else setname
