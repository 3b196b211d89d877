"""Trainings answered from arrays: accuracies and seconds of every trial of a space, by the epochs that are done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.spaces import SearchSpace

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fidelity:
    """All trials after some epochs: flat arrays with as many entries for every architecture, its own trials first.

    ``accuracy`` is in percent, ``seconds`` those of training and evaluating, ``trained`` those of the training alone.
    """

    accuracy: Floats
    seconds: Floats
    trained: Floats


class Simulation(ABC):
    """Trainings of a space: each is one of the architecture's trials, of which ``counts`` says how many there are.

    A training that goes on takes the seconds from where it paused. An architecture without a trial is a training that
    failed: 0 % after 0 seconds.
    """

    def __init__(self, space: SearchSpace, epochs: int, counts: Longs) -> None:
        self.space, self.epochs, self.counts = space, epochs, counts
        self._trials = int(counts.max(initial=1))
        self._fidelities: dict[int, Fidelity] = {}

    @abstractmethod
    def read(self, epochs: int) -> Fidelity:
        """What there is after some epochs."""

    @property
    def absent(self) -> int:
        """How many architectures of the space have no trial."""
        return int((self.counts == 0).sum())

    def at(self, epochs: int) -> Fidelity:
        """What there is after some epochs, read once."""
        if epochs not in self._fidelities:
            self._fidelities[epochs] = self.read(epochs)
        return self._fidelities[epochs]

    def answer(self, index: Any, epochs: int, resume_from: int, chance: Any) -> tuple[Any, Any]:
        """Accuracies in percent, and seconds, of trainings with the same epochs: of one, or of an array."""
        after = self.at(epochs)
        position = chance * self.counts[index]
        position = position.astype(np.int64) if isinstance(position, np.ndarray) else int(position)
        place = index * self._trials + position
        seconds = after.seconds[place]
        return after.accuracy[place], seconds - self.at(resume_from).trained[place] if resume_from else seconds

    def answers(self, index: Longs, epochs: Longs, resume_from: Longs, chance: Floats) -> tuple[Floats, Floats]:
        """The same for arrays of different epochs."""
        accuracy, seconds = np.empty(len(index)), np.empty(len(index))
        kinds = epochs << 32 | resume_from
        for kind in np.unique(kinds).tolist():
            rows = np.flatnonzero(kinds == kind)
            accuracy[rows], seconds[rows] = self.answer(index[rows], kind >> 32, kind & 0xFFFFFFFF, chance[rows])
        return accuracy, seconds
