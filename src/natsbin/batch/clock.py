"""Simulated time: trainings that pause and resume, and workers that evaluate side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _search
from natsbin.batch.arrays import Floats, Longs, common_shape, flat, longs, or_missing, within
from natsbin.batch.questions import Questions, Trials
from natsbin.batch.table import BatchTable
from natsbin.errors import QuestionError
from natsbin.store.layouts import is_missing


def train_time(table: BatchTable, index: Longs, epochs: Any, resume_from: Any, setname: str, seed: Any) -> Floats:
    """The answer of ``train_time``."""
    table.check_set(setname)
    until = within("epochs", longs("epochs", epochs), table.epochs + 1)
    since = within("resume_from", longs("resume_from", resume_from), table.epochs + 1)
    seeds = None if seed is None else longs("seed", seed)
    shape = common_shape(index=index, epochs=until, resume_from=since, seed=seeds)
    if (since > until).any():
        raise QuestionError("resume_from is after epochs: a training cannot end before it resumes")
    trials = Trials(None if seeds is None else flat(seeds, shape))
    index = flat(index, shape)
    whole = _all_time(table, setname, shape, index, flat(until, shape), trials)
    if since.any():
        whole -= _all_time(table, setname, shape, index, flat(since, shape), trials)
    return whole.reshape(shape)


def _all_time(
    table: BatchTable, setname: str, shape: tuple[int, ...], index: Longs, done: Longs, trials: Trials
) -> Floats:
    """Seconds of the first ``done`` epochs."""
    asked = Questions(table, shape, index, np.maximum(done - 1, 0), trials)
    seconds = asked.seconds(setname)
    for place, one, epoch, seed in asked.each_irregular():
        seconds[place] = or_missing(table.fallback.metrics(one, *table.key, setname, epoch, seed).get("all_time"))
    seconds[np.broadcast_to(done == 0, seconds.shape) & ~is_missing(seconds)] = 0.0
    return seconds


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
