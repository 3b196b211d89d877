"""The results of a sweep as data frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from natsbin.sweep.parts import read_parts, space_wide
from natsbin.sweep.run import read_spec

PLACE = ["space", "dataset", "hp"]


@dataclass(frozen=True)
class Results:
    """``runs`` has a row a run, ``incumbents`` one for each run and moment; algorithms are in the order of the spec.

    ``spaces`` says of each space and dataset how accurate the best and the average architecture are, in percent.
    """

    spec: dict[str, Any]
    runs: pd.DataFrame
    incumbents: pd.DataFrame
    spaces: dict[tuple[str, str], dict[str, float]]

    def places(self, frame: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], pd.DataFrame]]:
        """Space, dataset and hp, and the rows of each."""
        for key, rows in frame.groupby(PLACE, observed=True):
            space, dataset, hp = map(str, tuple(key))  # type: ignore[arg-type, unused-ignore]
            yield (space, dataset, hp), rows

    @property
    def algorithms(self) -> list[str]:
        """The labels, in the order of the spec."""
        return [one["label"] for one in self.spec["algorithms"]]

    @property
    def unit(self) -> str:
        """What the budget is counted in."""
        return "trainings" if self.spec["seconds"] is None else "simulated seconds"


def load_results(folder: Path) -> Results:
    """All of a sweep's folder. OutputError where it is none."""
    spec = read_spec(folder)
    runs, incumbents = (_frame(folder, kind, spec) for kind in ("runs", "incumbents"))
    return Results(spec, runs, incumbents, space_wide(folder))


def _frame(folder: Path, kind: str, spec: dict[str, Any]) -> pd.DataFrame:
    frame: pd.DataFrame = read_parts(folder, kind).to_pandas()
    orders = {"algorithm": [one["label"] for one in spec["algorithms"]], "dataset": spec["datasets"]}
    for name in [*PLACE, "algorithm"]:
        values = orders.get(name) or sorted(frame[name].unique())
        frame[name] = pd.Categorical(frame[name].astype(str), values)
    ordered: pd.DataFrame = frame.sort_values([*PLACE, "algorithm", "seed"], kind="stable", ignore_index=True)
    return ordered
