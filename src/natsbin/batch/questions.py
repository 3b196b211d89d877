"""Questions in batches: checked arrays of architectures and epochs, and the trials that are chosen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from natsbin import _questions
from natsbin.batch import draws
from natsbin.batch.arrays import Floats, Longs, at_each, common_shape, flat, lacking, longs, within
from natsbin.batch.table import BatchTable
from natsbin.errors import QuestionError


@dataclass(frozen=True)
class Trials:
    """Which trial each question is about; all of an architecture's where everything is None.

    That of a seed, at a position among the seeds, or at a chance of [0, 1) times their number.
    """

    seed: Longs | None = None
    position: Longs | None = None
    chance: Floats | None = None

    @property
    def drawn(self) -> bool:
        """Whether a seed is chosen by its place among the others."""
        return self.position is not None or self.chance is not None

    def of(self, place: int, seeds: list[int]) -> int | bool:
        """The seed that question ``place`` chooses among ``seeds``; False for all."""
        chosen: tuple[Any, ...] = (self.seed, self.position, self.chance)
        seed, position, chance = (None if one is None else one[place % len(one)] for one in chosen)
        if seed is not None:
            return int(seed)
        if chance is not None:
            position = int(chance * len(seeds))
        return False if position is None or not seeds else seeds[int(position)]


class Questions:
    """Questions of one shape about a table: flat arrays with an entry each, or with one for all."""

    def __init__(self, table: BatchTable, shape: tuple[int, ...], index: Longs, epoch: Longs, trials: Trials) -> None:
        self.table, self.shape, self.index, self.epoch, self.trials = table, shape, index, epoch, trials
        self.n = math.prod(shape)
        self.native = _questions.Questions(
            table.grid, self.n, index, epoch, trials.seed, trials.position, trials.chance
        )

    def values(self, setname: str, quantity: str) -> Floats:
        """Values of a column of a set; missing where there are none."""
        column = self.table.column(setname, quantity)
        if column is None:
            return lacking(self.n)
        out = np.empty(self.n)
        column.values(self.native, out)
        return out

    def seconds(self, setname: str) -> Floats:
        """Seconds of epochs 0..epoch of a set, added up; missing where it has no times."""
        out = np.empty(self.n)
        self.table.elapsed_time(setname).seconds(self.native, 1.0, out)
        return out

    @cached_property
    def _irregular(self) -> Longs:
        if not self.table.any_irregular:
            return np.empty(0, np.int64)
        places = np.flatnonzero(np.broadcast_to(self.table.irregular[self.index], (self.n,)))
        return places[np.argsort(at_each(self.index, places), kind="stable")]

    def each_irregular(self) -> Iterator[tuple[int, int, int, int | bool]]:
        """Place, index, epoch, and seed (False for the mean) of what only the fallback answers, by architecture."""
        for place in self._irregular.tolist():
            one = np.array([place])
            index, epoch = int(at_each(self.index, one)[0]), int(at_each(self.epoch, one)[0])
            seeds = self.table.fallback.seeds(index, *self.table.key) if self.trials.drawn else []
            yield place, index, epoch, self.trials.of(place, seeds)


def ask(table: BatchTable, index: Longs, iepoch: Any, is_random: Any) -> Questions:
    """Questions about architectures at epochs, with trials chosen as ``is_random`` says."""
    epoch, seed = epochs_of(table, iepoch), None
    if not isinstance(is_random, (bool, np.bool_, np.random.Generator)):
        seed = longs("seed", is_random)
    shape = common_shape(index=index, iepoch=epoch, seed=seed)
    n = math.prod(shape)
    index, epoch = flat(index, shape), flat(epoch, shape)
    if seed is not None:
        trials = Trials(seed=flat(seed, shape))
    elif isinstance(is_random, np.random.Generator):
        trials = Trials(chance=is_random.random(n))
    elif is_random:
        trials = Trials(position=draws.choices(seed_counts(table, index, n), np.zeros(n, np.bool_))[0])
    else:
        trials = Trials()
    return Questions(table, shape, index, epoch, trials)


def epochs_of(table: BatchTable, iepoch: Any) -> Longs:
    """Epochs that the table has, None being the last. QuestionError names one that it has not."""
    if iepoch is None:
        return table.last
    return within("iepoch", longs("iepoch", iepoch), table.epochs)


def one_epoch(table: BatchTable, iepoch: Any) -> int:
    """A single epoch."""
    if iepoch is None:
        return table.epochs - 1
    epoch = epochs_of(table, iepoch)
    if epoch.ndim:
        raise QuestionError(f"iepoch of shape {epoch.shape}: expected one epoch")
    return int(epoch)


def seed_counts(table: BatchTable, index: Longs, n: int) -> Longs:
    """How many trials the architecture of each of n questions has, irregular ones too."""
    counts = table.counts[index].astype(np.int64)
    for one in np.unique(index[table.irregular[index]]).tolist() if table.any_irregular else ():
        counts[index == one] = len(table.fallback.seeds(one, *table.key))
    return np.ascontiguousarray(np.broadcast_to(counts, (n,)))
