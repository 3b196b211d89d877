"""What a sweep is: stores, datasets, algorithms, hyper-parameter sets, seeds and a budget; in Python or as TOML."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from natsbin.errors import QuestionError
from natsbin.search.checks import whole
from natsbin.search.history import Budget
from natsbin.search.registry import find_algorithm
from natsbin.spaces import SPACES, hp_name

DATASETS = ("cifar10", "cifar100", "ImageNet16-120")


@dataclass(frozen=True)
class AlgorithmSpec:
    """An algorithm of ``natsbin.search.registry.NAMES`` or ``module:Class``, its settings, and what to call it."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label or self.name.rpartition(":")[2])


@dataclass(frozen=True)
class Sweep:
    """Searches with every algorithm on every dataset of every space, once for each seed.

    ``stores`` has the path or URL of a space's store. ``seconds`` (simulated; one number, or one for each dataset) and
    ``trainings`` are the budget of a search. ``hps`` are used in the spaces that have them. ``block`` seeds are one
    unit of work, and ``times`` moments of the budget, equally far apart, get the incumbent of every run.
    """

    stores: Mapping[str, str]
    algorithms: tuple[AlgorithmSpec, ...]
    datasets: tuple[str, ...] = DATASETS
    hps: tuple[str, ...] = ("12",)
    seeds: int = 500
    first_seed: int = 0
    seconds: float | Mapping[str, float] | None = None
    trainings: int | None = None
    block: int = 250
    times: int = 50
    trajectories: bool = False

    def __post_init__(self) -> None:
        for name, least in (("seeds", 1), ("first_seed", 0), ("block", 1), ("times", 1)):
            whole(name, getattr(self, name), least)
        if not isinstance(self.trajectories, bool):
            raise QuestionError(f"trajectories={self.trajectories!r}: expected true or false")
        object.__setattr__(self, "hps", tuple(hp_name(hp) for hp in self.hps))
        for what, given, have in (("space", self.stores, SPACES), ("dataset", self.datasets, DATASETS)):
            if not given:
                raise QuestionError(f"no {what}: expected some of {', '.join(have)}")
            for one in given:
                if one not in have:
                    raise QuestionError(f"no {what} {one!r}: there are {', '.join(have)}")
        known = sorted({hp for space in self.stores for hp in SPACES[space].epochs})
        for hp in self.hps:
            if hp not in known:
                raise QuestionError(f"no hyper-parameters {hp!r} in {', '.join(self.stores)}: there are {known}")
        for dataset in self.datasets:
            self.budget(dataset)
        self._check_algorithms()

    def _check_algorithms(self) -> None:
        labels = [one.label for one in self.algorithms]
        if not labels or len(set(labels)) < len(labels):
            raise QuestionError(f"algorithms {labels}: expected at least one, each with a label of its own")
        for one in self.algorithms:
            if not one.label.replace("-", "").replace("_", "").replace(".", "").isalnum():
                raise QuestionError(f"label {one.label!r}: expected letters, digits, '-', '_' and '.'")
            for space, hp in self.places:
                epochs = SPACES[space].epochs[hp]
                find_algorithm(one.name).make(SPACES[space], epochs, np.random.default_rng(0), dict(one.settings))

    @property
    def places(self) -> list[tuple[str, str]]:
        """Spaces with each of their hps."""
        return [(space, hp) for space in self.stores for hp in self.hps if hp in SPACES[space].epochs]

    def budget(self, dataset: str) -> Budget:
        """The budget of a search on a dataset."""
        seconds = self.seconds
        if isinstance(seconds, Mapping):
            if dataset not in seconds:
                raise QuestionError(f"no budget in seconds for {dataset}: there are {', '.join(seconds)}")
            seconds = seconds[dataset]
        return Budget(seconds, self.trainings)

    def described(self) -> dict[str, Any]:
        """All that results depend on, but for the stores' content, as JSON knows it."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        values["stores"] = list(self.stores)
        values["algorithms"] = [
            {"name": one.name, "label": one.label, "settings": dict(one.settings)} for one in self.algorithms
        ]
        plain: dict[str, Any] = json.loads(json.dumps(values, default=dict))
        return plain


def fingerprint(described: Mapping[str, Any]) -> str:
    """A digest of what a sweep is."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:32]


def load_sweep(path: Path, **changes: Any) -> Sweep:
    """A sweep from a TOML file; ``changes`` replace what it says. Paths of stores are relative to the file.

    QuestionError names the file and what is wrong in it.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        return _sweep(given, path.parent, changes)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, QuestionError) as error:
        raise QuestionError(f"{path}: {error}") from error


def _sweep(given: dict[str, Any], folder: Path, changes: dict[str, Any]) -> Sweep:
    names = {one.name for one in fields(Sweep)}
    unknown = sorted(set(given) - names)
    if unknown:
        raise QuestionError(f"no field {unknown[0]!r} of a sweep: there are {', '.join(sorted(names))}")
    for name, kind in (("stores", dict), ("algorithms", list), ("datasets", list), ("hps", list)):
        if not isinstance(given.get(name, kind()), kind):
            raise QuestionError(f"{name}={given[name]!r}: expected a {'table' if kind is dict else 'list'}")
    values = {**given, "stores": {}, "algorithms": tuple(_algorithm(one) for one in given.get("algorithms", []))}
    for space, where in given.get("stores", {}).items():
        values["stores"][space] = where if "://" in str(where) else str(folder / str(where))
    for name in ("datasets", "hps"):
        if name in given:
            values[name] = tuple(given[name])
    return Sweep(**{**values, **changes})


def _algorithm(given: Any) -> AlgorithmSpec:
    if isinstance(given, str):
        return AlgorithmSpec(given)
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise QuestionError(f"algorithm {given!r}: expected a name, or a table with a name and settings")
    settings = {name: value for name, value in given.items() if name not in ("name", "label")}
    return AlgorithmSpec(given["name"], settings, given.get("label", ""))
