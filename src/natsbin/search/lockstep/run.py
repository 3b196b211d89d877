"""A block of searches at once: what ``natsbin.search.run.search`` does for one, over arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.search.history import Budget, History
from natsbin.search.lockstep.block import Asked, Block, Floats
from natsbin.search.moves import Longs
from natsbin.search.simulation import Simulation

AHEAD = 32  # trainings that random numbers are drawn for at once; runs that have ended are dropped as often,
DROPPED = 0.125  # where they are this part of those that are left


def search_block(make: Callable[[int], Block], simulation: Simulation, seeds: Sequence[int], budget: Budget) -> History:
    """Run an algorithm once for each seed, all together; ``make`` makes it for a number of runs.

    A run of seed s draws from ``numpy.random.default_rng(s)``, as its one-by-one run does.
    """
    block = make(len(seeds))
    record = _Record(len(seeds), budget)
    step = _sequential if block.workers == 1 else _asynchronous
    rngs = [np.random.default_rng(seed) for seed in seeds]
    if block.normals:
        block.start(np.stack([rng.standard_normal(block.normals) for rng in rngs]))
    steps = step(block, simulation, rngs, record)
    for asked, accuracy, clock in steps:
        record.add(asked, accuracy, clock)
    return record.history()


class _Record:
    """Trainings as they end, and which runs still go on."""

    def __init__(self, runs: int, budget: Budget) -> None:
        self._seconds, self._trainings = budget.limits
        self.alive = np.arange(runs)
        self._lengths = np.zeros(runs, np.int64)
        self._steps: list[tuple[Longs, Longs, int | Longs, Floats, Floats]] = []

    def add(self, asked: Asked, accuracy: Floats, clock: Floats) -> None:
        """A training of each run that ``alive`` names."""
        self._steps.append((self.alive, asked.index, asked.epochs, accuracy, clock))
        done = len(self._steps)
        ended = (clock >= self._seconds) | (done >= self._trainings)
        rows = self.alive[ended]
        self._lengths[rows] = np.where(self._lengths[rows] == 0, done, self._lengths[rows])

    def going(self) -> Longs | None:
        """The places, among the runs that are alive, of those that have not ended; the others are dropped.

        None where so few have ended that it pays to go on with all: what they do after their end is not kept.
        """
        places = np.flatnonzero(self._lengths[self.alive] == 0)
        if len(places) > len(self.alive) * (1 - DROPPED):
            return None
        self.alive = self.alive[places]
        return places

    def history(self) -> History:
        """All runs, each up to its end."""
        shape = (len(self._lengths), int(self._lengths.max()))
        index, epochs = np.zeros(shape, np.int32), np.zeros(shape, np.int16)
        accuracy, clock = np.full(shape, -np.inf), np.full(shape, np.inf)
        for step, (rows, *values) in enumerate(self._steps[: shape[1]]):
            index[rows, step], epochs[rows, step], accuracy[rows, step], clock[rows, step] = values
        beyond = np.arange(shape[1]) >= self._lengths[:, None]
        accuracy[beyond], clock[beyond], index[beyond], epochs[beyond] = -np.inf, np.inf, 0, 0
        return History(index, epochs, accuracy, clock, self._lengths)


Steps = Iterator[tuple[Asked, Floats, Floats]]


def _numbers(rngs: Sequence[np.random.Generator], width: int) -> npt.NDArray[np.float64]:
    """Random numbers of the next ``AHEAD`` trainings: shape (AHEAD, runs, width), those of all runs side by side."""
    drawn = np.empty((len(rngs), AHEAD, width))
    for row, rng in zip(drawn, rngs, strict=True):
        rng.random(out=row)
    return np.ascontiguousarray(drawn.transpose(1, 2, 0)).transpose(0, 2, 1)


def _answer(simulation: Simulation, asked: Asked) -> tuple[Floats, Floats]:
    if isinstance(asked.epochs, int) and isinstance(asked.resume_from, int):
        return simulation.answer(asked.index, asked.epochs, asked.resume_from, asked.chance)
    return simulation.answers(*asked.arrays())


def _sequential(block: Block, simulation: Simulation, rngs: list[np.random.Generator], record: _Record) -> Steps:
    """One training after the other."""
    clock = np.zeros(len(rngs))
    while rngs:
        for numbers in _numbers(rngs, block.width):
            asked = block.ask(numbers)
            accuracy, seconds = _answer(simulation, asked)
            clock = clock + seconds
            block.tell(asked, accuracy)
            yield asked, accuracy, clock
        if (going := record.going()) is None:
            continue
        block.keep(going)
        clock, rngs = clock[going], [rngs[place] for place in going.tolist()]


def _asynchronous(block: Block, simulation: Simulation, rngs: list[np.random.Generator], record: _Record) -> Steps:
    """Workers side by side: the training that ends first is told, and its worker asks for the next one."""
    running = _Running(len(rngs), block.workers)
    clock, worker = np.zeros(len(rngs)), np.zeros(len(rngs), np.int64)
    started = 0
    while rngs:
        for numbers in _numbers(rngs, block.width):
            if started < block.workers:
                worker = np.full(len(rngs), started)
            asked = block.ask(numbers)
            accuracy, seconds = _answer(simulation, asked)
            running.start(worker, asked, accuracy, clock + seconds)
            started += 1
            if started >= block.workers:
                worker, ended, accuracy, clock = running.first()
                block.tell(ended, accuracy)
                yield ended, accuracy, clock
        if (going := record.going()) is None:
            continue
        block.keep(going)
        running.keep(going)
        clock, worker, rngs = clock[going], worker[going], [rngs[place] for place in going.tolist()]


class _Running:
    """The training of each worker: arrays of shape (runs, workers)."""

    def __init__(self, runs: int, workers: int) -> None:
        shape = (runs, workers)
        self._asked: list[Any] = [
            np.zeros(shape, np.int64),
            np.zeros(shape, np.int64),
            np.zeros(shape, np.int64),
            np.zeros(shape),
        ]
        self._accuracy, self._end = np.zeros(shape), np.full(shape, np.inf)

    def start(self, worker: Longs, asked: Asked, accuracy: Floats, end: Floats) -> None:
        rows = np.arange(len(worker))
        for array, value in zip(self._asked, asked.arrays(), strict=True):
            array[rows, worker] = value
        self._accuracy[rows, worker], self._end[rows, worker] = accuracy, end

    def first(self) -> tuple[Longs, Asked, Floats, Floats]:
        """The worker that is done first (of several the lowest), its training, accuracy and time."""
        worker = np.argmin(self._end, axis=1)
        rows = np.arange(len(worker))
        asked = Asked(*(array[rows, worker] for array in self._asked))
        end = self._end[rows, worker]
        self._end[rows, worker] = np.inf
        return worker, asked, self._accuracy[rows, worker], end

    def keep(self, rows: Longs) -> None:
        self._asked = [array[rows] for array in self._asked]
        self._accuracy, self._end = self._accuracy[rows], self._end[rows]
