"""Work spread over processes: results in order, a bounded number of them waiting, no process left behind.

Workers are children of our own, not of ``multiprocessing``, which would run the program's main script again where it
cannot fork, and refuses children of daemonic processes. Where this process has one thread, they are forked, which takes
no time. Where it has more, a forked child could wait forever for a lock that another thread held, so workers are
new interpreters.
"""

from __future__ import annotations

import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable
from multiprocessing.connection import Connection, Pipe
from typing import Any, TypeVar

from natsbin._util import system
from natsbin.errors import NatsbinError

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4  # results a process that may wait to be taken, unless the caller says otherwise

_NEW_INTERPRETER = (
    "import json, sys; fd, sys.path[:] = json.loads(sys.argv[1]); from natsbin._util import workers; workers.main(fd)"
)
_PARENT_CHECK = 1.0  # seconds between looks whether the parent lives

FEW = 64  # architectures, see `few`


def few(architectures: int) -> bool:
    """Whether so many are done before processes have started."""
    return architectures <= FEW


def ordered(
    function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item], jobs: int, ahead: int = AHEAD
) -> Generator[Result, None, None]:
    """``function(shared, item)`` of each item, in the order of the items; in this process if ``jobs`` is 1.

    ``function`` and ``shared`` must pickle where this process has several threads. ``ahead`` results a process may wait
    to be taken. Raises what ``function`` raises, and NatsbinError if a worker dies.
    """
    if jobs == 1 or not sys.executable:
        for item in items:
            yield function(shared, item)
        return
    workers: list[_Worker] = []
    waiting: deque[_Worker] = deque()
    remaining = enumerate(items)
    try:
        start = _forked if system.can_fork() else _spawned
        for _ in range(jobs):
            start(function, shared, workers)
        while True:
            while len(waiting) < ahead * jobs and (numbered := next(remaining, None)):
                worker = workers[numbered[0] % jobs]
                worker.send(numbered[1])
                waiting.append(worker)
            if not waiting:
                return
            yield waiting.popleft().receive()
    finally:
        for worker in workers:
            worker.pipe.close()
        for worker in workers:
            worker.wait()  # for what it is doing: it may be writing


class _Worker:
    """A worker as its parent sees it."""

    def __init__(self, pipe: Connection, wait: Callable[[], object]) -> None:
        self.pipe, self.wait = pipe, wait

    def send(self, item: object) -> None:
        try:
            self.pipe.send(item)
        except OSError as error:
            raise NatsbinError(f"a worker process died: {error}") from error

    def receive(self) -> Any:
        try:
            done, value, trace = self.pipe.recv()
        except (EOFError, OSError) as error:
            raise NatsbinError(f"a worker process died: {error}") from error
        if not done:
            raise value from (None if isinstance(value, NatsbinError) else RuntimeError(f"in a worker:\n{trace}"))
        return value


def _forked(function: Callable[[Any, Any], Any], shared: object, workers: list[_Worker]) -> None:
    ours, theirs = Pipe()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            for worker in workers:
                worker.pipe.close()
            _serve(theirs, parent, function, shared)
        finally:
            os._exit(0)
    workers.append(_Worker(ours, lambda: os.waitpid(pid, 0)))
    theirs.close()


def _spawned(function: Callable[[Any, Any], Any], shared: object, workers: list[_Worker]) -> None:
    ours, theirs = Pipe()
    given = json.dumps([theirs.fileno(), sys.path])
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # -W, -X and others, as this one's
    process = system.start_beside([sys.executable, *flags, "-c", _NEW_INTERPRETER, given], theirs)
    workers.append(_Worker(ours, process.wait))
    theirs.close()
    workers[-1].send((os.getpid(), function, shared))


def main(descriptor: int) -> None:
    """What a new interpreter does."""
    pipe = system.inherited(descriptor)
    try:
        _serve(pipe, *pipe.recv())
    except (EOFError, OSError):
        pass
    finally:
        os._exit(0)


def _serve(pipe: Connection, parent: int, function: Callable[[Any, Any], Any], shared: object) -> None:
    """Work until the parent closes the pipe, or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent decides
    for number in system.STOPS[1:]:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.SIG_DFL)
    items: queue.SimpleQueue[Any] = queue.SimpleQueue()
    left = threading.Event()

    def read() -> None:
        # In a thread, so that the parent never waits while it sends, and may send several items at once.
        try:
            while True:
                while not pipe.poll(_PARENT_CHECK):
                    if not system.has_parent(parent):  # killed, while another process has a copy of its end of the pipe
                        raise EOFError
                items.put((pipe.recv(),))
        except (EOFError, OSError):
            left.set()
            items.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (item := items.get()) is not None and not left.is_set():
        try:
            answer: tuple[bool, Any, str] = True, function(shared, *item), ""
        except Exception as error:
            answer = False, error, traceback.format_exc()
        try:
            pipe.send_bytes(_pickled(answer))
        except OSError:  # the parent has gone
            return


def _pickled(answer: tuple[bool, Any, str]) -> bytes:
    try:
        data = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
        if not answer[0]:
            pickle.loads(data)  # some errors pickle, but do not come back
        return data
    except Exception as error:
        return pickle.dumps((False, NatsbinError(f"a worker cannot send {answer[1]!r:.200}: {error}"), answer[2]))
