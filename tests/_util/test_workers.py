"""Work over processes: in order, bounded, and no process left behind."""

from __future__ import annotations

import multiprocessing
import operator
import os
import signal
import threading
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


@pytest.fixture
def busy() -> Iterator[None]:
    """A thread beside that of the test."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    yield
    end.set()
    thread.join()


def test_beside_other_threads_workers_are_new_interpreters(busy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", None)
    assert list(ordered(operator.mul, 3, range(100), 2)) == list(range(0, 300, 3))
    with pytest.raises(ZeroDivisionError):
        list(ordered(operator.floordiv, 3, [1, 0], 2))


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("forked", [False, True])
def test_what_the_program_ignores_does_not_end_its_workers(
    ignored: bool, forked: bool, request: pytest.FixtureRequest
) -> None:
    """Under ``nohup`` the hang-up of a terminal, which all processes of a command get, is ignored by all of them."""
    if not forked:
        request.getfixturevalue("busy")
    handler = signal.SIG_IGN if ignored else signal.SIG_DFL
    before = signal.signal(signal.SIGHUP, handler)
    try:
        assert list(ordered(signal.signal, signal.SIGHUP, [signal.SIG_IGN] * 2, 2)) == [handler] * 2
    finally:
        signal.signal(signal.SIGHUP, before)


def test_more_than_a_pipe_holds_may_wait() -> None:
    large = [bytes(1 << 20)] * 20
    assert list(ordered(join, b"", large, 2, ahead=10)) == large


def join(shared: bytes, item: bytes) -> bytes:
    return shared + item


def test_in_a_daemonic_process() -> None:
    context = multiprocessing.get_context("fork")
    with context.Pool(1) as pool:
        assert pool.apply(ordered_list) == [0, 3, 6]


def ordered_list() -> list[int]:
    return list(ordered(times, 3, range(3), 2))
