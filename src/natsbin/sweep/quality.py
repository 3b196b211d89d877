"""How good architectures are after whole trainings: what final choices are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from natsbin.search.simulation import Floats
from natsbin.search.stored import api_of
from natsbin.store import Store

_SETS = {
    "cifar10": (("cifar10-valid", "x-valid"), ("cifar10", "ori-test")),
    "cifar100": (("cifar100", "x-valid"), ("cifar100", "x-test")),
    "ImageNet16-120": (("ImageNet16-120", "x-valid"), ("ImageNet16-120", "x-test")),
}


@dataclass(frozen=True)
class Quality:
    """Accuracies in percent by index, the mean over the trials of the store's longest hp; NaN where there is none.

    Sets are those of the paper: cifar10 is validated with cifar10-valid and tested on the whole test set. Others
    are as cifar100: ``x-valid`` and ``x-test``.
    """

    valid: Floats
    test: Floats

    @classmethod
    def of(cls, store: Store, dataset: str, api: Any = None) -> Quality:
        """That of a store; ``api`` is an API over it, where there is one already."""
        batch = (api_of(store) if api is None else api).batch
        sets = _SETS.get(dataset, ((dataset, "x-valid"), (dataset, "x-test")))
        return cls(*(batch.column(name, setname, "accuracy", store.longest_hp) for name, setname in sets))

    @property
    def space_wide(self) -> dict[str, float]:
        """The highest accuracies there are, and those of the average architecture."""
        valid, test = self.best
        return {
            "best_valid": valid,
            "best_test": test,
            "average_valid": float(np.nanmean(self.valid)),
            "average_test": float(np.nanmean(self.test)),
        }

    @property
    def best(self) -> tuple[float, float]:
        """The highest accuracies there are, of validation and of test."""
        return float(np.nanmax(self.valid)), float(np.nanmax(self.test))
