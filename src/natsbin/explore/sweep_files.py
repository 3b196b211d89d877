"""The files of a sweep: for each space, dataset and hp, what searches had found at each moment."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.errors import OutputError
from natsbin.explore.pack import pack
from natsbin.explore.resources import Resources
from natsbin.sweep.parts import read_parts, space_wide
from natsbin.sweep.run import read_spec

RUNS = 100
"""Runs of an algorithm whose choices are drawn; medians and quartiles are those of all runs."""


class SweepFiles:
    """The files of a sweep's folder. OutputError where it is none."""

    def __init__(self, folder: Path, level: int) -> None:
        self._folder, self._level = folder, level
        self._spec = read_spec(folder)
        self._best = space_wide(folder)

    @cached_property
    def _table(self) -> Any:
        return read_parts(self._folder, "incumbents").to_pandas()

    def description(self) -> dict[str, Any]:
        """What the front end is told of the sweep."""
        return {
            "name": self._folder.name,
            "unit": "trainings" if self._spec["seconds"] is None else "simulated seconds",
            "places": [
                {"space": space, "dataset": dataset, "hp": hp, "best": self._best[space, dataset]["best_test"]}
                for space, dataset, hp in self._places()
            ],
            "algorithms": [one["label"] for one in self._spec["algorithms"]],
        }

    def files(self) -> Resources:
        """All files by name."""
        return {f"data/sweep/{'.'.join(place)}.bin": partial(self._place, *place) for place in self._places()}

    def _places(self) -> list[tuple[str, str, str]]:
        rows = self._table[["space", "dataset", "hp"]].astype(str).drop_duplicates()
        return sorted(rows.itertuples(index=False, name=None))

    def _place(self, space: str, dataset: str, hp: str) -> bytes:
        """``at``, the moments; for each algorithm ``index`` (runs, moments) and test accuracies (3, moments)."""
        table = self._table
        rows = table[(table["space"] == space) & (table["dataset"] == dataset) & (table["hp"] == hp)]
        arrays: dict[str, npt.NDArray[Any]] = {}
        for label, own in rows.groupby("algorithm", observed=True, sort=False):
            own = own.sort_values(["seed", "at"], kind="stable")
            at = np.unique(own["at"].to_numpy(np.float64))
            runs = own["seed"].nunique()
            if len(own) != runs * len(at):
                raise OutputError(f"{self._folder}: {label} on {dataset}: runs with different moments")
            if "at" in arrays and not np.array_equal(arrays["at"], at):
                raise OutputError(f"{self._folder}: {dataset}: algorithms with different moments")
            arrays["at"] = at
            arrays[f"{label} index"] = own["index"].to_numpy(np.int32).reshape(runs, -1)[:RUNS]
            test = own["test"].to_numpy(np.float64).reshape(runs, -1)
            test = np.where(np.isnan(test).any(axis=0), np.nan, test)  # before, some runs have no training
            arrays[f"{label} test"] = np.quantile(test, [0.25, 0.5, 0.75], axis=0)
        return pack(arrays, self._level)
