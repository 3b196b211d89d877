"""Nevergrad: a parametrization of each search space, and the loss to minimise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from natsbin._util.extras import missing
from natsbin.adaptors.configurations import choices_of, place_names
from natsbin.adaptors.trainings import Trainings
from natsbin.spaces import SearchSpace, search_space

try:
    import nevergrad
except ImportError as error:
    raise missing("natsbin.adaptors.nevergrad", "nevergrad", "nevergrad") from error


def parametrization(space: SearchSpace | str, choices: Sequence[Any] | None = None) -> Any:
    """A ``ng.p.Dict``: operations are unordered choices, channels ordered ones."""
    space = search_space(space)
    kind = nevergrad.p.Choice if space.name == "tss" else nevergrad.p.TransitionChoice
    return nevergrad.p.Dict(**{name: kind(choices_of(space, choices)) for name in place_names(space)})


class Loss(Trainings):
    """``optimizer.minimize(Loss("tss.h5"))``: minus the validation accuracy; ``used_time`` is simulated."""

    def __call__(self, configuration: dict[str, Any]) -> float:
        accuracy, seconds = self.curves(self.index(configuration))
        self.spend(seconds[-1])
        return -float(accuracy[-1])
