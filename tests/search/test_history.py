"""Incumbents at times, against a plain loop; budgets that are none."""

from __future__ import annotations

import numpy as np
import pytest
from support.searches import MadeUp

from natsbin.errors import QuestionError
from natsbin.search import Budget, find_algorithm, search_block
from natsbin.spaces import TSS


def test_incumbents_are_those_of_a_loop() -> None:
    simulation = MadeUp(TSS, 12)
    block = find_algorithm("asha").block
    assert block is not None
    history = search_block(lambda runs: block(TSS, 12, runs), simulation, range(20), Budget(seconds=2000.0))
    times = np.sort(np.concatenate([np.linspace(0, 2500, 41), history.clock[3, :5]]))
    found, final = history.at(times), history.final()
    for run, length in enumerate(history.lengths.tolist()):
        accuracy, clock = history.accuracy[run, :length], history.clock[run, :length]
        for slot, time in enumerate(times):
            ended = accuracy[clock <= time]
            assert found[run, slot] == (int(np.argmax(ended)) if len(ended) else -1)
        assert final[run] == np.argmax(accuracy)


@pytest.mark.parametrize(
    "given",
    [{}, {"seconds": 0.0}, {"seconds": -1.0}, {"seconds": float("nan")}, {"trainings": 0}, {"trainings": 1.5}],
    ids=str,
)
def test_a_budget_of_nothing(given: dict[str, float]) -> None:
    with pytest.raises(QuestionError, match="budget"):
        Budget(**given)  # type: ignore[arg-type]


def test_the_training_that_reaches_the_budget_counts() -> None:
    simulation = MadeUp(TSS, 12)
    block = find_algorithm("random").block
    assert block is not None
    history = search_block(lambda runs: block(TSS, 12, runs), simulation, range(9), Budget(seconds=1000.0))
    rows, last = np.arange(9), history.lengths - 1
    assert (history.clock[rows, last] >= 1000).all()
    assert (history.clock[rows, last - 1] < 1000).all()
