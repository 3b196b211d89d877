"""What searches did: every training in the order in which they ended, and what was best by then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Budget:
    """When a search ends: with the first training after which the clock is at ``seconds``, or ``trainings`` are done.

    As in the paper's scripts that training still counts. QuestionError unless one of the two is given and positive.
    """

    seconds: float | None = None
    trainings: int | None = None

    def __post_init__(self) -> None:
        from natsbin.errors import QuestionError
        from natsbin.search.checks import number, whole

        if self.seconds is None and self.trainings is None:
            raise QuestionError("a budget of nothing: expected seconds (simulated) or trainings")
        if self.seconds is not None:
            number("budget seconds", self.seconds, 0.0, above=True)
        if self.trainings is not None:
            whole("budget trainings", self.trainings, 1)

    @property
    def limits(self) -> tuple[float, float]:
        """Seconds and trainings, infinite where there is no limit."""
        return self.seconds or np.inf, self.trainings or np.inf


@dataclass(frozen=True)
class History:
    """Searches, a row each: arrays of shape (runs, trainings), of which the first ``lengths`` of a row count.

    ``index`` and ``epochs`` say what was trained, ``accuracy`` (percent) how it went, ``clock`` (simulated seconds)
    when it ended. Beyond the length of a row, accuracy is -inf and the clock inf.
    """

    index: npt.NDArray[np.int32]
    epochs: npt.NDArray[np.int16]
    accuracy: Floats
    clock: Floats
    lengths: Longs

    def best(self) -> Longs:
        """After each training, which one has the highest accuracy so far; of equal ones the first."""
        before = np.maximum.accumulate(self.accuracy, axis=1)
        improved = np.ones(self.accuracy.shape, np.bool_)
        improved[:, 1:] = self.accuracy[:, 1:] > before[:, :-1]
        places = np.where(improved, np.arange(self.accuracy.shape[1]), 0)
        return np.maximum.accumulate(places, axis=1)

    def final(self) -> Longs:
        """The place of each run's best training."""
        return self.best()[np.arange(len(self.lengths)), self.lengths - 1]

    def at(self, times: Floats) -> Longs:
        """The place of each run's best training among those that ended by each of ascending times; -1 before any."""
        runs, steps = self.clock.shape
        slots = np.searchsorted(times, self.clock.reshape(-1), side="left") + np.repeat(
            np.arange(runs) * (len(times) + 1), steps
        )
        ended = np.bincount(slots, minlength=runs * (len(times) + 1)).reshape(runs, -1)[:, :-1].cumsum(axis=1)
        best = self.best()
        found: Longs = np.where(ended > 0, np.take_along_axis(best, np.maximum(ended - 1, 0), axis=1), -1)
        return found
