"""Latencies and their means: from forms and the kernel as from the objects of ``nats_bench``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats_bench.api_utils import ArchResults, ResultsCount

from natsbin import _column, _scalar, _table
from natsbin.store.forms import Scalar, TrialForm
from natsbin.store.latencies import find_latencies
from natsbin.store.layouts import MISSING, is_missing

SECONDS = st.floats(-1.0, 1.0) | st.sampled_from([0.0, -0.0, 0.1, float("nan"), float("inf")])
NUMBERS = SECONDS | SECONDS.map(np.float64)
USUAL = st.none() | NUMBERS.map(lambda one: [one]) | st.lists(NUMBERS, max_size=4)
ANYTHING = USUAL | NUMBERS | st.tuples(NUMBERS, NUMBERS) | st.lists(st.integers(0, 9)) | st.text(max_size=2)
ANYTHING |= st.lists(st.floats(0.0, 1.0, width=32).map(np.float32), min_size=1, max_size=3)


def trial(latency: Any) -> ResultsCount:
    """A trial of one epoch on no set but ``train``."""
    made = ResultsCount("cifar10", {}, {0: 1.0}, {0: 1.0}, 1.0, 1.0, {}, 777, 1, latency)
    made.train_times, made.latency = {0: 2.0}, latency
    return made


def as_kept(latencies: list[Any]) -> tuple[Any, ...]:
    """What a store keeps of the latencies of some trials, and what ``find_latencies`` makes of it."""
    frozen = [Scalar.of(latency, "arch") for latency in latencies]
    slots = np.array([MISSING if number is None else number for _, number in frozen])
    kept = [TrialForm("dict", None, (("latency", scalar),)) for scalar, _ in frozen]
    found = find_latencies(kept, np.arange(len(kept)), slots)
    return found.values, found.are_float64, found.irregular


def make_table(n: int, values: Any, are_float64: Any, sets: dict[str, _column.SetColumns]) -> _table.Table:
    """A table of one architecture with n trials of one epoch."""
    each, scalars = np.arange(n), {"params": np.ones(n), "flop": np.ones(n), "latency": values}
    first, none = np.array([0, n], np.int32), np.zeros(n, np.int32)
    return _table.Table(
        1, first, each.astype(np.int32), each, np.ones(1, np.uint8), scalars, are_float64, none, [()], sets
    )


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and (one == other or (one != one and other != other))


@given(st.lists(ANYTHING, min_size=1, max_size=4))
def test_each_latency_is_that_of_the_object(latencies: list[Any]) -> None:
    values, are_float64, irregular = as_kept(latencies)
    for latency, value, is_float64, other in zip(latencies, values, are_float64, irregular, strict=True):
        try:
            expected = trial(latency).get_latency()
        except (ArithmeticError, TypeError):
            assert is_missing(value)
            assert not other
            continue
        assert other == (type(expected) not in (float, np.float64))
        assert other or same(expected, np.float64(value) if is_float64 else float(value))


@given(st.lists(USUAL, min_size=1, max_size=4))
def test_the_mean_is_that_of_the_objects(latencies: list[Any]) -> None:
    n = len(latencies)
    values, are_float64, _ = as_kept(latencies)
    column = _column.Column(
        (n,), (n,), (8, 11, 1023), "plain", 1, 0, [], None, lambda _: np.full(8 * n + 8, 2.0).view(np.uint8)
    )
    train = _column.SetColumns("train", None, None, column)
    table = make_table(n, values, are_float64, {"train": train})
    scalar = _scalar.ScalarTable(table, _scalar.LabelledSet("train", train), None, [])
    answers = _scalar.ScalarAnswers(bytearray([1]), 1, lambda *_: scalar)
    flops, params, latency, no_costs = np.empty(1), np.empty(1), np.empty(1), np.empty(1, np.bool_)
    table.all_costs(flops, params, latency, no_costs)

    objects = ArchResults(0, "arch")
    objects.all_results = {("cifar10", seed): trial(one) for seed, one in enumerate(latencies)}
    objects.dataset_seed = {"cifar10": list(range(n))}
    try:
        expected = objects.get_compute_costs("cifar10")
    except ZeroDivisionError:
        assert no_costs[0]
        assert is_missing(np.array([flops[0], params[0], latency[0]])).all()
        assert answers.cost_info(0, "cifar10", "12") is None
        return
    found = answers.cost_info(0, "cifar10", "12")
    assert found is not None
    assert same(found["latency"], expected["latency"])
    assert not no_costs[0]
    assert (
        is_missing(latency[0]) if expected["latency"] is None else same(float(latency[0]), float(expected["latency"]))
    )


def test_another_number_of_trials_is_refused() -> None:
    with pytest.raises(ValueError, match="lengths"):
        make_table(1, np.ones(1), np.ones(2, np.uint8), {})
