"""The schedule of successive halving and Hyperband: which epochs, how many architectures, in which order.

It depends on no result, so all runs of a block share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Rung:
    """``size`` trainings to ``epochs``; those of a first rung are new, others go on from ``resume_from`` epochs."""

    size: int
    epochs: int
    resume_from: int
    first: bool


def fidelities(epochs: int, min_epochs: int, eta: int) -> list[int]:
    """The epochs of the rungs, ascending: ``epochs`` over the powers of ``eta``, none below ``min_epochs``."""
    found = [epochs]
    while epochs >= min_epochs * eta ** len(found):
        found.insert(0, epochs // eta ** len(found))
    return found


def rungs(epochs: int, min_epochs: int, eta: int, brackets: int | None) -> Iterator[Rung]:
    """Rungs without end, bracket after bracket as HpBandSter sizes them.

    ``brackets`` is how many there are before the first one comes again (None: one for each fidelity, as in
    Hyperband; 1 is successive halving).
    """
    levels = fidelities(epochs, min_epochs, eta)
    while True:
        for skipped in range(len(levels) if brackets is None else min(brackets, len(levels))):
            ladder = levels[skipped:]
            size = len(levels) // len(ladder) * eta ** (len(ladder) - 1)
            for step, until in enumerate(ladder):
                yield Rung(max(size // eta**step, 1), until, 0 if step == 0 else ladder[step - 1], step == 0)
