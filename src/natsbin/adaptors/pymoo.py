"""pymoo: the benchmark as a problem of one objective or several, a whole population at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from natsbin import encodings
from natsbin._util.extras import missing
from natsbin.adaptors.configurations import choices_of
from natsbin.adaptors.trainings import MAXIMISED, Trainings, check_objectives
from natsbin.store import Store

try:
    from pymoo.core.problem import Problem
except ImportError as error:
    raise missing("natsbin.adaptors.pymoo", "pymoo", "pymoo") from error


class ArchitectureProblem(Problem):
    """Architectures as rows of integers, the position of each place's operation or channels among the choices.

    pymoo minimises: accuracy (percent) has its sign changed, seconds, FLOPs and parameters (M) do not. Samplings,
    crossovers and mutations are those of integers, e.g. ``IntegerRandomSampling``, ``SBX`` with ``RoundingRepair``.
    ``used_time`` adds up the simulated seconds of all trainings.
    """

    def __init__(
        self,
        store: Store | str | Path,
        dataset: str = "cifar10",
        objectives: Sequence[str] = ("accuracy", "flops"),
        **which: Any,
    ) -> None:
        self.objectives, self.trainings = check_objectives(objectives), Trainings(store, dataset, **which)
        places = self.trainings.space.digits
        super().__init__(n_var=places, n_obj=len(objectives), xl=0, xu=len(self.trainings.choices) - 1, vtype=int)

    @property
    def used_time(self) -> float:
        """The simulated seconds of all trainings so far."""
        return self.trainings.used_time

    def indexes(self, rows: Any) -> Any:
        """The official indexes of rows of integers."""
        everything = choices_of(self.trainings.space)
        digits = np.array([everything.index(choice) for choice in self.trainings.choices])
        return encodings.from_digits(self.trainings.space, digits[np.asarray(rows).astype(np.int64)])

    def _evaluate(self, x: Any, out: dict[str, Any], *_: Any, **__: Any) -> None:
        values, seconds = self.trainings.objectives(self.indexes(x), self.objectives)
        self.trainings.spend(seconds)
        out["F"] = values * [-1.0 if MAXIMISED[name] else 1.0 for name in self.objectives]
