"""Work over processes: in order, bounded, and no process left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator

import pytest

from natsbin._util.workers import AHEAD, ordered
from natsbin.errors import NatsbinError, OutputError


def times(factor: int, item: int) -> int:
    return factor * item


def die(_: object, item: int) -> int:
    if item == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def fail(_: object, item: int) -> int:
    if item == 5:
        raise OutputError(f"item {item}")
    return item


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_come_in_order(jobs: int) -> None:
    assert list(ordered(times, 3, range(100), jobs)) == list(range(0, 300, 3))
    assert list(ordered(times, 3, [], jobs)) == []


def test_shared_things_need_not_pickle() -> None:
    assert list(ordered(kind_of, iter([1]), [0, 0], 2)) == ["list_iterator"] * 2


def kind_of(shared: Iterator[int], _: int) -> str:
    return type(shared).__name__


@pytest.mark.parametrize("jobs", [1, 2])
def test_items_are_taken_as_results_are(jobs: int) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(1000):
            taken += 1
            yield item

    results = ordered(times, 1, items(), jobs)
    assert [next(results) for _ in range(10)] == list(range(10))
    assert taken <= 10 + AHEAD * jobs
    results.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_errors_arrive(jobs: int) -> None:
    with pytest.raises(OutputError, match="item 5"):
        list(ordered(fail, None, range(100), jobs))
    assert multiprocessing.active_children() == []


def test_a_worker_that_dies_is_an_error() -> None:
    with pytest.raises(NatsbinError, match="a worker process died"):
        list(ordered(die, None, range(100), 2))
    assert multiprocessing.active_children() == []
