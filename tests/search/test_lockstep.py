"""A block of runs gives every seed what its one-by-one run gives it, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.searches import MadeUp

from natsbin.search import Budget, History, find_algorithm, search, search_block
from natsbin.search.registry import NAMES
from natsbin.spaces import SPACES

LOCKSTEP = [name for name, (_, _, block) in NAMES.items() if block]
SIMULATIONS = {(name, 12): MadeUp(space, 12) for name, space in SPACES.items()} | {
    ("tss", 200): MadeUp(SPACES["tss"], 200),
    ("sss", 1): MadeUp(SPACES["sss"], 1),
}
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "rea": [{}, {"population": 1, "sample": 1}, {"population": 4, "sample": 7}],
    "asha": [{}, {"workers": 1}, {"workers": 40}, {"eta": 2, "min_epochs": 2}],
    "hyperband": [{}, {"eta": 2}, {"min_epochs": 12}],
    "bohb": [{}, {"random_fraction": 0.5, "samples": 9}, {"resume": True, "min_bandwidth": 1.0}],
}


def same_run(block: History, row: int, single: History) -> None:
    length = int(single.lengths[0])
    assert block.lengths[row] == length
    for name in ("index", "epochs", "accuracy", "clock"):
        np.testing.assert_array_equal(getattr(block, name)[row, :length], getattr(single, name)[0])
    assert (block.clock[row, length:] == np.inf).all()


def check(name: str, where: tuple[str, int], budget: Budget, seeds: list[int], given: dict[str, Any]) -> None:
    found, simulation = find_algorithm(name), SIMULATIONS[where]
    if "min_epochs" in given:
        given = {**given, "min_epochs": min(given["min_epochs"], simulation.epochs)}
    make = found.block
    assert make is not None
    block = search_block(
        lambda runs: make(simulation.space, simulation.epochs, runs, **given), simulation, seeds, budget
    )
    for row, seed in enumerate(seeds):
        rng = np.random.default_rng(seed)
        single = search(found.make(simulation.space, simulation.epochs, rng, given), simulation, budget, rng)
        same_run(block, row, single)


@pytest.mark.parametrize("where", SIMULATIONS, ids=str)
@pytest.mark.parametrize("name", LOCKSTEP)
def test_budget_of_seconds(name: str, where: tuple[str, int]) -> None:
    for given_settings in SETTINGS.get(name, [{}]):
        check(name, where, Budget(seconds=60.0 * where[1]), list(range(5, 9)), given_settings)


@settings(max_examples=40)
@given(
    name=st.sampled_from(LOCKSTEP),
    where=st.sampled_from(sorted(SIMULATIONS)),
    trainings=st.integers(1, 100),
    seeds=st.lists(st.integers(0, 2**63), min_size=1, max_size=5),
    data=st.data(),
)
def test_budget_of_trainings(
    name: str, where: tuple[str, int], trainings: int, seeds: list[int], data: st.DataObject
) -> None:
    given_settings = data.draw(st.sampled_from(SETTINGS.get(name, [{}])))
    check(name, where, Budget(trainings=trainings), seeds, given_settings)
