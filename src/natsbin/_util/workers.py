"""Work spread over processes: results in order, a bounded number of them waiting, no process left behind."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from natsbin.errors import NatsbinError

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4  # results a process that may wait to be taken, unless the caller says otherwise

_shared: Any = None  # in a worker, what its function works with


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0))


def ordered(
    function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item], jobs: int, ahead: int = AHEAD
) -> Iterator[Result]:
    """``function(shared, item)`` of each item, in the order of the items; in this process if ``jobs`` is 1.

    Workers are forked: a program that calls natsbin need not be importable, as ``spawn`` requires, and each worker
    has ``shared`` without pickling it. ``ahead`` results a process may wait to be taken. Raises NatsbinError
    if a worker dies.
    """
    if jobs == 1:
        for item in items:
            yield function(shared, item)
        return
    context = multiprocessing.get_context("fork")
    waiting: deque[Future[Result]] = deque()
    remaining = iter(items)
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(shared,)) as pool:
        try:
            while True:
                for item in itertools.islice(remaining, ahead * jobs - len(waiting)):
                    waiting.append(pool.submit(_run, function, item))
                if not waiting:
                    return
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise NatsbinError(f"a worker process died: {error}") from error
        finally:
            pool.shutdown(cancel_futures=True)  # waits for what runs: it may be writing


def _begin(shared: object) -> None:
    global _shared
    _shared = shared
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """End this worker with its parent: workers of a killed process would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(function: Callable[[Any, Any], Result], item: object) -> Result:
    return function(_shared, item)
