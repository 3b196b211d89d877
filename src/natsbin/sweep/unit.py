"""A unit of work: a block of seeds of one algorithm on one dataset; what is run where the work is done."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from natsbin.errors import QuestionError
from natsbin.search import scripts
from natsbin.search.history import Budget, History
from natsbin.search.lockstep.run import search_block
from natsbin.search.registry import find_algorithm
from natsbin.search.run import search
from natsbin.search.stored import StoredSimulation, api_of
from natsbin.sweep.parts import Files, files_of
from natsbin.sweep.quality import Quality
from natsbin.sweep.spec import AlgorithmSpec, Sweep
from natsbin.sweep.stores import Location, opened


@dataclass(frozen=True)
class Unit:
    """Searches with seeds ``first`` to ``first + count - 1``; ``name`` is that of its parts."""

    space: str
    dataset: str
    hp: str
    algorithm: AlgorithmSpec
    first: int
    count: int
    budget: Budget
    times: int
    trajectories: bool
    location: Location

    @property
    def name(self) -> str:
        """Unique in a sweep, and usable as a file's."""
        return f"{self.space}_{self.dataset}_{self.hp}_{self.algorithm.label}_{self.first:08d}"

    @property
    def seeds(self) -> range:
        """The seeds of its searches."""
        return range(self.first, self.first + self.count)


def units_of(sweep: Sweep, locations: Mapping[str, Location]) -> list[Unit]:
    """All units, in the order of the spec."""
    last = sweep.first_seed + sweep.seeds
    return [
        Unit(
            space,
            dataset,
            hp,
            algorithm,
            first,
            min(sweep.block, last - first),
            sweep.budget(dataset),
            sweep.times,
            sweep.trajectories,
            locations[space],
        )
        for algorithm in sweep.algorithms
        for space, hp in sweep.places
        for dataset in sweep.datasets
        for first in range(sweep.first_seed, last, sweep.block)
    ]


def compute(unit: Unit) -> Files:
    """The parts of a unit, as bytes by kind. Any machine gives the same."""
    simulation = _simulation(unit.location, unit.dataset, unit.hp)
    check_present(simulation, unit)
    history = _searched(unit, simulation)
    return files_of(unit, history, _quality(unit.location, unit.dataset))


def check_present(simulation: StoredSimulation, unit: Unit) -> None:
    """QuestionError where a search of simulated seconds would mostly meet architectures that take none."""
    total = len(simulation.space)
    if unit.budget.trainings is None and simulation.absent * 2 > total:
        raise QuestionError(
            f"{simulation.store.path}: {simulation.absent:,} of {total:,} architectures have no training with hp "
            f"{unit.hp} on {unit.dataset}: expected most of the space, or a budget in trainings"
        )


@functools.lru_cache(maxsize=16)
def _simulation(location: Location, dataset: str, hp: str) -> StoredSimulation:
    return StoredSimulation(opened(location), dataset, hp, _api(location))


@functools.lru_cache(maxsize=16)
def _quality(location: Location, dataset: str) -> Quality:
    return Quality.of(opened(location), dataset, _api(location))


@functools.lru_cache(maxsize=4)
def _api(location: Location) -> Any:
    return api_of(opened(location))


def _searched(unit: Unit, simulation: StoredSimulation) -> History:
    found, settings = find_algorithm(unit.algorithm.name), dict(unit.algorithm.settings)
    block = found.block
    if block is not None:
        return search_block(
            lambda runs: block(simulation.space, simulation.epochs, runs, **settings),
            simulation,
            unit.seeds,
            unit.budget,
        )
    return _joined([_one(found.make, settings, simulation, seed, unit.budget) for seed in unit.seeds])


def _one(make: Any, settings: dict[str, Any], simulation: StoredSimulation, seed: int, budget: Budget) -> History:
    rng = np.random.default_rng(seed)
    algorithm = make(simulation.space, simulation.epochs, rng, settings)
    if isinstance(algorithm, scripts.ScriptRandomSearch):
        return scripts.search_script(algorithm, simulation, seed, budget)
    return search(algorithm, simulation, budget, rng)


def _joined(histories: list[History]) -> History:
    """Runs as the rows of one history."""
    lengths = np.concatenate([one.lengths for one in histories])
    arrays: list[Any] = []
    for name, beyond in (("index", 0), ("epochs", 0), ("accuracy", -np.inf), ("clock", np.inf)):
        rows = [getattr(one, name)[0] for one in histories]
        whole = np.full((len(rows), int(lengths.max())), beyond, rows[0].dtype)
        for row, values in zip(whole, rows, strict=True):
            row[: len(values)] = values
        arrays.append(whole)
    index, epochs, accuracy, clock = arrays
    return History(index, epochs, accuracy, clock, lengths)
