"""What every question in batches starts from: a store's sheets, architectures as indexes, and chosen trials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from natsbin import _questions
from natsbin.api.scalar_fallback import ScalarFallback
from natsbin.batch import draws
from natsbin.batch.architectures import Names
from natsbin.batch.arrays import Floats, Longs, at_each, common_shape, empty, flat, lacking, longs, within
from natsbin.batch.table import BatchTable
from natsbin.errors import QuestionError
from natsbin.spaces import hp_name
from natsbin.store import Store


@dataclass(frozen=True)
class Trials:
    """Which trial each question is about; all of an architecture's where everything is None.

    That of a seed, at a position among the seeds, or at a chance of [0, 1) times their number.
    """

    seed: Longs | None = None
    position: Longs | None = None
    chance: Floats | None = None

    def at(self, places: Longs) -> Trials:
        """Those of some questions."""
        seed, position, chance = (
            one if one is None else np.ascontiguousarray(at_each(one, places)) for one in self._all
        )
        return Trials(seed, position, chance)

    @property
    def draws(self) -> bool:
        """Is a seed chosen by its place among the others?"""
        return self.position is not None or self.chance is not None

    @property
    def _all(self) -> tuple[Any, Any, Any]:
        return self.seed, self.position, self.chance

    def of(self, place: int, seeds: list[int]) -> int | bool:
        """The seed that question ``place`` chooses among ``seeds``; False for all."""
        seed, position, chance = (None if one is None else one[place % len(one)] for one in self._all)
        if seed is not None:
            return int(seed)
        if chance is not None:
            position = int(chance * len(seeds))
        return False if position is None or not seeds else seeds[int(position)]


class Questions:
    """Questions of one shape about a sheet: flat arrays with an entry each, or with one for all."""

    def __init__(self, sheet: BatchTable, shape: tuple[int, ...], index: Longs, epoch: Longs, trials: Trials) -> None:
        self.sheet, self.shape, self.index, self.epoch, self.trials = sheet, shape, index, epoch, trials
        self.n = int(np.prod(shape, dtype=np.int64))
        self.asked = _questions.Questions(sheet.grid, self.n, index, epoch, trials.seed, trials.position, trials.chance)

    def values(self, setname: str, quantity: str) -> Floats:
        """Values of a column (``accuracy``, ``loss``, ``time``); missing where there are none."""
        lane = self.sheet.lane(setname, quantity)
        if lane is None:
            return lacking(self.n)
        out = empty(self.n)
        lane.values(self.asked, out)
        return out

    def seconds(self, setname: str) -> Floats:
        """Seconds of epochs 0..epoch of a set, added up; missing where it has no times."""
        out = empty(self.n)
        self.sheet.meter(setname).seconds(self.asked, 1.0, out)
        return out

    @cached_property
    def irregular(self) -> Longs:
        """The places of questions about architectures that only records answer for, by architecture."""
        if not self.sheet.any_irregular:
            return np.empty(0, np.int64)
        places = np.flatnonzero(np.broadcast_to(self.sheet.irregular[self.index], (self.n,)))
        return places[np.argsort(at_each(self.index, places), kind="stable")]

    def each_irregular(self, fallback: ScalarFallback) -> Iterator[tuple[int, int, int, int | bool]]:
        """Place, index, epoch, and seed (or False for the mean) of the irregular ones."""
        for place in self.irregular.tolist():
            one = np.array([place])
            index, epoch = int(at_each(self.index, one)[0]), int(at_each(self.epoch, one)[0])
            seeds = fallback.seeds(index, self.sheet.hp, self.sheet.dataset) if self.trials.draws else []
            yield place, index, epoch, self.trials.of(place, seeds)


class Core:
    """A store asked in batches."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sheets: dict[tuple[str, str], BatchTable] = {}
        self._fallback = ScalarFallback(store)

    @cached_property
    def _names(self) -> Names:
        official = self._store.meta_archs is self._store.space.architectures
        return Names(self._store.space, None if official else list(self._store.meta_archs))

    def _sheet(self, hp: str | int, dataset: str) -> BatchTable:
        key = (hp_name(hp), dataset)
        sheet = self._sheets.get(key)
        if sheet is None:
            if key not in self._store.keys:
                if key[0] not in self._store.hps:
                    raise QuestionError(f"no hyper-parameters {hp!r}: there are {', '.join(self._store.hps)}")
                have = [name for one, name in self._store.keys if one == key[0]]
                raise QuestionError(f"no dataset {dataset!r} with hp {key[0]}: there are {', '.join(have)}")
            sheet = self._sheets[key] = BatchTable(self._store, *key)
        return sheet

    def _index(self, archs: Any) -> Longs:
        """Architectures as indexes of the space. QuestionError names what is none of it."""
        found = np.asarray(archs) if not isinstance(archs, (str, list, tuple)) else archs
        if isinstance(found, np.ndarray) and found.dtype.kind in "iu":
            return within("architecture", longs("architecture", found), self._store.total)
        if isinstance(found, (list, tuple)) and found and isinstance(found[0], (list, tuple)):
            return within("architecture", longs("architecture", found), self._store.total)
        indexes = np.asarray(self._names.indexes(archs))
        if indexes.size and int(indexes.min()) < 0:
            at = int(np.argmax(indexes.reshape(-1) < 0))
            what = archs if isinstance(archs, str) else np.asarray(archs, object).reshape(-1)[at]
            raise QuestionError(f"no architecture of the {self._store.space.title} space at place {at}: {what!r}")
        return indexes.astype(np.int64)

    def _epoch(self, sheet: BatchTable, iepoch: Any) -> Longs:
        if iepoch is None:
            return sheet.last
        return within("iepoch", longs("iepoch", iepoch), sheet.epochs)

    def _ask(self, sheet: BatchTable, index: Longs, epoch: Longs, is_random: Any) -> Questions:
        """Questions about architectures at epochs, with trials chosen as ``is_random`` says."""
        seed = None
        if not isinstance(is_random, (bool, np.bool_, np.random.Generator)):
            seed = longs("seed", is_random)
        shape = common_shape(index=index, iepoch=epoch, seed=seed)
        n = int(np.prod(shape, dtype=np.int64))
        index, epoch = flat(index, shape), flat(epoch, shape)
        if seed is not None:
            trials = Trials(seed=flat(seed, shape))
        elif isinstance(is_random, np.random.Generator):
            trials = Trials(chance=is_random.random(n))
        elif is_random:
            counts = np.broadcast_to(self._counts(sheet, index), (n,))
            trials = Trials(position=draws.choices(np.ascontiguousarray(counts), np.zeros(n, np.bool_))[0])
        else:
            trials = Trials()
        return Questions(sheet, shape, index, epoch, trials)

    def _counts(self, sheet: BatchTable, index: Longs) -> Longs:
        """How many trials each architecture has, irregular ones too."""
        counts = sheet.counts[index].astype(np.int64)
        for one in np.unique(index[sheet.irregular[index]]).tolist() if sheet.any_irregular else ():
            counts[index == one] = len(self._fallback.seeds(one, sheet.hp, sheet.dataset))
        return counts
