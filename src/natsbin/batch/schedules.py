"""Simulated time: trainings that pause and resume, and workers that evaluate side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _search
from natsbin.batch.arrays import Floats, Longs, common_shape, flat, longs, with_tensors, within
from natsbin.batch.core import Questions, Trials
from natsbin.batch.search import Search
from natsbin.batch.table import BatchTable
from natsbin.errors import QuestionError
from natsbin.store.layouts import MISSING, is_missing


class Batch(Search):
    """A store asked in batches: ``natsbin.create(...).batch``, or ``Batch(store)`` with a clock of its own.

    Methods whose arguments are arrays take torch tensors too, and then give tensors.
    """

    @with_tensors
    def train_time(
        self,
        index: Any,
        epochs: Any,
        *,
        resume_from: Any = 0,
        dataset: str,
        hp: str | int = "12",
        setname: str = "train",
        seed: Any = None,
    ) -> Floats:
        """Seconds that training takes from ``resume_from`` epochs done until ``epochs`` are done; arrays broadcast.

        That is ``all(epochs) - all(resume_from)``, where ``all(n)`` is the sum over the first n epochs as the scalar
        API adds it up (``train-all-time`` at ``iepoch=n - 1``), the mean over the seeds or that of ``seed``, and
        ``all(0)`` is 0. NaN where an architecture has no trial. ``setname`` may name another set, whose evaluations
        are then timed. QuestionError unless ``0 <= resume_from <= epochs <= epochs of hp``.
        """
        sheet = self._sheet(hp, dataset)
        if setname not in sheet.table.kernel.sets:
            have = ", ".join(sheet.table.kernel.sets)
            raise QuestionError(f"no set {setname!r} with hp {sheet.hp} on {dataset}: there are {have}")
        indexes = self._index(index)
        until = within("epochs", longs("epochs", epochs), sheet.epochs + 1)
        since = within("resume_from", longs("resume_from", resume_from), sheet.epochs + 1)
        seeds = None if seed is None else longs("seed", seed)
        shape = common_shape(index=indexes, epochs=until, resume_from=since, seed=seeds)
        if (since > until).any():
            raise QuestionError("resume_from is after epochs: a training cannot end before it goes on")
        trials = Trials(None if seeds is None else flat(seeds, shape))
        indexes = flat(indexes, shape)
        whole = self._all_time(sheet, setname, shape, indexes, flat(until, shape), trials)
        if since.any():
            whole -= self._all_time(sheet, setname, shape, indexes, flat(since, shape), trials)
        return whole.reshape(shape)

    def _all_time(
        self, sheet: BatchTable, setname: str, shape: tuple[int, ...], index: Longs, done: Longs, trials: Trials
    ) -> Floats:
        """Seconds of the first ``done`` epochs."""
        asked = Questions(sheet, shape, index, np.maximum(done - 1, 0), trials)
        seconds = asked.seconds(setname)
        for place, one, epoch, seed in asked.each_irregular(self._fallback):
            value = self._fallback.metrics(one, sheet.hp, sheet.dataset, setname, epoch, seed).get("all_time")
            seconds[place] = MISSING if value is None else value
        seconds[np.broadcast_to(done == 0, seconds.shape) & ~is_missing(seconds)] = 0.0
        return seconds

    @with_tensors
    def queue(self, durations: Any, workers: int) -> tuple[Floats, npt.NDArray[np.int32]]:
        """The function ``queue`` of this module: finishing times of evaluations on workers, and who did each."""
        return queue(durations, workers)


def queue(durations: Any, workers: int) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Finishing times of a queue of evaluations on ``workers`` that work side by side, and who did each.

    ``durations`` (seconds, finite, not negative) is of shape (jobs,), or (queues, jobs) for queues apart; so are
    both results. Jobs start in order: the next one when a worker is free, on the worker that was free first, and
    of several on the one with the lowest number (from 0).
    """
    if isinstance(workers, bool) or not isinstance(workers, (int, np.integer)) or workers < 1:
        raise QuestionError(f"workers={workers!r}: expected a whole number of at least 1")
    try:
        given = np.asarray(durations, np.float64)
    except (TypeError, ValueError) as error:
        raise QuestionError(f"durations: {error}: expected numbers") from None
    if not 1 <= given.ndim <= 2:
        raise QuestionError(f"durations of shape {given.shape}: expected (jobs,) or (queues, jobs)")
    if not np.isfinite(given).all() or (given < 0).any():
        wrong = given[~(np.isfinite(given) & (given >= 0))][0]
        raise QuestionError(f"a duration of {wrong}: expected finite seconds of at least 0")
    rows = np.ascontiguousarray(np.atleast_2d(given))
    finished, by = np.empty(rows.shape), np.empty(rows.shape, np.int32)
    _search.queue(rows, int(workers), finished, by)
    return finished.reshape(given.shape), by.reshape(given.shape)
