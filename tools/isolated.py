"""Trials that may crash or hang without taking the one who tries along."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess

Trial = Callable[[int], str]
"""Runs the trial of a number and says how it ended; ``BAD`` first where that is not as it should."""

BAD = "bad: "
HANG_SECONDS = 30.0


@dataclass
class _Worker:
    process: ForkProcess
    inbox: Connection
    numbers: list[int]  # still to do
    since: float


def run_trials(trial: Trial, numbers: range, jobs: int) -> Iterator[tuple[int, str]]:
    """Each number with how its trial ended, over ``jobs`` processes; crashes and hangs are outcomes, too."""
    context = multiprocessing.get_context("fork")

    def start(todo: list[int]) -> _Worker:
        inbox, outbox = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(trial, todo, outbox), daemon=True)
        process.start()
        outbox.close()
        return _Worker(process, inbox, todo, time.monotonic())

    workers = [start(list(numbers[job::jobs])) for job in range(jobs)]
    while workers:
        ready = wait([worker.inbox for worker in workers], timeout=1.0)
        for worker in list(workers):
            outcome: str | None = None
            if worker.inbox in ready:
                try:
                    outcome = worker.inbox.recv()
                except EOFError:
                    worker.process.join()
                    outcome = f"{BAD}crash, exit code {worker.process.exitcode}"
            elif time.monotonic() - worker.since > HANG_SECONDS:
                worker.process.kill()
                worker.process.join()
                outcome = f"{BAD}hang"
            if outcome is None:
                continue
            if worker.numbers:
                yield worker.numbers.pop(0), outcome
            worker.since = time.monotonic()
            if not worker.process.is_alive() or not worker.numbers:
                workers.remove(worker)
                worker.process.join()
                worker.inbox.close()
                if worker.numbers:
                    workers.append(start(worker.numbers))


def _work(trial: Trial, numbers: list[int], outbox: Connection) -> None:
    for number in numbers:
        try:
            outcome = trial(number)
        except Exception as error:
            outcome = f"{BAD}{type(error).__name__}: {error}"
        outbox.send(outcome)
