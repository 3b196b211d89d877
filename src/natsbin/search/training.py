"""What an algorithm asks for, and the two methods that make a class an algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Training:
    """A training that an algorithm asks for.

    ``epochs`` is how many are done when it ends, ``resume_from`` how many were done before, and ``chance``, a number of
    [0, 1), says which of the architecture's trials is trained: ``floor(chance * number of trials)``. None leaves it to
    the runner. A training that goes on keeps the chance that it began with.
    """

    index: int
    epochs: int
    resume_from: int = 0
    chance: float | None = None

    def resumed(self, epochs: int) -> Training:
        """The same training, going on from where it paused until ``epochs`` are done."""
        return Training(self.index, epochs, self.epochs, self.chance)


@runtime_checkable
class Algorithm(Protocol):
    """A search algorithm: made as ``Class(space, epochs, rng, **settings)``.

    ``space`` is a ``SearchSpace``, ``epochs`` what a whole training of the hp has, ``rng`` a numpy ``Generator``.
    The attribute ``workers`` (1 where there is none) says how many trainings run side by side.
    """

    def ask(self) -> Training | tuple[int, int] | None:
        """The next training, or an index and epochs; None to wait for a training that runs, or to end the search."""

    def tell(self, training: Training, accuracy: float) -> None:
        """The validation accuracy, in percent, of a training that was asked for."""
