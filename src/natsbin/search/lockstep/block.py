"""What algorithms in lockstep share: all runs of a block ask together and are told together, a row of arrays a run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from natsbin.search.moves import Longs, moves_of
from natsbin.spaces import SearchSpace

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A training of each run: arrays of ``Training``'s numbers; epochs are one number where all runs have the same."""

    index: Longs
    epochs: int | Longs
    resume_from: int | Longs
    chance: Floats

    def arrays(self) -> tuple[Longs, Longs, Longs, Floats]:
        """Index, epochs, where they began, and chance, each with an entry a run."""
        shape = self.index.shape
        return self.index, _broadcast(self.epochs, shape), _broadcast(self.resume_from, shape), self.chance


def _broadcast(value: int | Longs, shape: tuple[int, ...]) -> Longs:
    return np.broadcast_to(np.asarray(value, np.int64), shape)


class Block(ABC):
    """An algorithm for ``runs`` searches at once.

    A run uses ``width`` random numbers a training, whether it needs them or not, so that its numbers do not depend on
    other runs. Arrays with a row a run are named in ``STATE``: rows of runs that have ended are dropped.
    """

    STATE: tuple[str, ...] = ()
    workers = 1
    normals = 0  # standard normal numbers that a run draws before anything else

    def __init__(self, space: SearchSpace, epochs: int, runs: int, width: int) -> None:
        self.moves, self.epochs, self.runs, self.width = moves_of(space), epochs, runs, width

    def start(self, normals: Floats) -> None:  # noqa: B027
        """What to begin with, from standard normal numbers of shape (runs, normals)."""

    @abstractmethod
    def ask(self, numbers: Floats) -> Asked:
        """The next training of each run, from random numbers of shape (runs, width)."""

    @abstractmethod
    def tell(self, asked: Asked, accuracy: Floats) -> None:
        """The accuracy (percent) of each run's training."""

    def keep(self, rows: Longs) -> None:
        """Go on with some of the runs only."""
        self.runs = len(rows)
        for name in self.STATE:
            setattr(self, name, getattr(self, name)[rows])

    def drawn(self, numbers: Floats) -> Longs:
        """Random architectures from one number each."""
        found: Longs = (numbers * self.moves.total).astype(np.int64)
        return found
