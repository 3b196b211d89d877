"""Damage on purpose: mutated stores and pickles, killed converters, full disks. See docs/testing.md.

Trials run in other processes, so a crash or a hang ends one of those alone; both are reported, with the number that
repeats the trial.
"""

from __future__ import annotations

import bz2
import contextlib
import copy
import functools
import multiprocessing
import os
import pickle
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import psutil
from mutate import Runs, mutate, payload

from natsbin._util.compare import difference
from natsbin._walk import Walker
from natsbin.archive.base import FILE_LIMIT, unpickle
from natsbin.archive.bzip import decompress
from natsbin.archive.schema import check_record
from natsbin.batch import Batch
from natsbin.errors import ArchiveError, OutputError, QuestionError, StoreError
from natsbin.roads.convert import convert
from natsbin.spaces import SSS, TSS
from natsbin.store import Store, StoreWriter, open_store
from natsbin.store.dataset import CHUNK, Chunks
from natsbin.store.index import Header, dumps, loads
from natsbin.store.pack import pack
from natsbin.store.seal import seal
from natsbin.store.split import Splitter
from natsbin.store.verify import check
from natsbin.synthetic import make_archive, make_states

INDEXES = (3, 8)

Trial = Callable[[int], str]
"""Runs the trial of a number and returns its outcome, which starts with ``BAD`` if it is not as it should be."""

BAD = "bad: "
HANG_SECONDS = 30.0
MOST_MEMORY = 200_000_000
"""Bytes that a trial with a forged store may take."""


# -- trials -------------------------------------------------------------------------------------------------


def run_trials(trial: Trial, numbers: range, jobs: int) -> Iterator[tuple[int, str]]:
    """Each number with the outcome of its trial, over ``jobs`` processes; crashes and hangs are outcomes too."""
    context = multiprocessing.get_context("fork")
    running: dict[Connection, tuple[list[int], Any, float]] = {}  # numbers still to do, process, begin of the trial

    def start(todo: list[int]) -> None:
        inbox, outbox = context.Pipe(duplex=False)
        process = context.Process(target=_run_trials, args=(trial, todo, outbox), daemon=True)
        process.start()
        outbox.close()
        running[inbox] = todo, process, time.monotonic()

    for job in range(min(jobs, len(numbers))):
        start(list(numbers[job::jobs]))
    while running:
        ready = wait(list(running), timeout=1.0)
        for inbox, (todo, process, begin) in list(running.items()):
            if inbox not in ready and time.monotonic() - begin < HANG_SECONDS:
                continue
            outcome = _receive(inbox) if inbox in ready else f"{BAD}hang"
            number, *todo = todo
            if todo and outcome is not None and inbox in ready:
                running[inbox] = todo, process, time.monotonic()
            else:
                if inbox not in ready:
                    process.kill()
                process.join()
                inbox.close()
                del running[inbox]
                if todo:
                    start(todo)
            yield number, outcome or f"{BAD}crash, exit code {process.exitcode}"


def _receive(inbox: Connection) -> str | None:
    """The outcome of a trial; None if its process crashed."""
    with contextlib.suppress(EOFError):
        return str(inbox.recv())
    return None


def _run_trials(trial: Trial, numbers: list[int], outbox: Connection) -> None:
    for number in numbers:
        try:
            outcome = trial(number)
        except Exception as error:
            outcome = f"{BAD}{type(error).__name__}: {error}"
        outbox.send(outcome)


# -- stores -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subject:
    """A store to mutate: its bytes, where its chunks are, and everything that it answers."""

    data: bytes
    runs: Runs
    records: dict[int, Any]
    columns: dict[tuple[str, str, str], npt.NDArray[np.float64]]


def small_stores(folder: Path) -> list[Subject]:
    """One store, mapped and packed."""
    path = folder / "mapped.h5"
    splitter = Splitter()
    with StoreWriter(path, TSS, TSS.architectures) as writer:
        for index in INDEXES:
            splitter.add(index, OrderedDict({"12": make_states(TSS, index, 0, irregular=True)["12"]}))
        writer.add(splitter.take())
        writer.write()
    subjects = []
    for state in (path, pack(path, folder / "packed.h5")):
        store = open_store(state)
        records = {index: store.load(index) for index in INDEXES}
        subjects.append(Subject(state.read_bytes(), payload(state), records, dict(_columns(store))))
    return subjects


def _columns(store: Store) -> Iterator[tuple[tuple[str, str, str], npt.NDArray[np.float64]]]:
    """Every value of every column, by the kernel's gather."""
    for hp, dataset in store.keys:
        table = store.table(hp, dataset)
        for name, column in table.columns.items():
            epochs, trials = max(1, column.epochs), column.trials
            places = np.arange(epochs * trials, dtype=np.int32)
            out = np.empty(len(places))
            column.points(places // np.int32(trials), places % np.int32(trials), out)
            yield (hp, dataset, str(name)), out


def store_trial(subjects: list[Subject], folder: Path, seed: int, forged: bool) -> Trial:
    """A trial that mutates a store and asks it everything. ``forged``: with a seal as if natsbin had written it.

    Of two forged stores one has a mutated index (or HDF5 metadata), the other an index that says something else.
    """

    def trial(number: int) -> str:
        rng = np.random.default_rng([seed, number])
        subject = subjects[number % len(subjects)]
        path = folder / f"{os.getpid()}.h5"
        path.unlink(missing_ok=True)
        before = psutil.Process().memory_info().rss
        if forged and number // len(subjects) % 2:
            forge(subject.data, subject.runs, path, lambda header, chunks: _lie(header, chunks, rng))
        elif forged:
            body = subject.data[: _body_length(subject.data)]
            path.write_bytes(mutate(body, subject.runs, rng))
            seal(path, [run for run in subject.runs if run[1] <= path.stat().st_size])
        else:
            path.write_bytes(mutate(subject.data, subject.runs, rng))
        outcome = probe(path, subject)
        if forged and outcome.startswith(BAD):
            outcome = "another answer"
        if forged and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > before + MOST_MEMORY:
            outcome = f"{BAD}more than {MOST_MEMORY} bytes of memory"
        return outcome

    return trial


def door_trial(subjects: list[Subject], folder: Path, seed: int) -> Trial:
    """A trial that asks one of ``doors.DOORS`` about a store whose index says something else, with a valid seal."""
    from doors import DOORS, ask  # slow to import

    names = list(DOORS)

    def trial(number: int) -> str:
        rng = np.random.default_rng([seed, number])
        subject, name = subjects[number % len(subjects)], names[number // len(subjects) % len(names)]
        path = folder / f"{os.getpid()}.h5"
        forge(subject.data, subject.runs, path, lambda header, chunks: _lie(header, chunks, rng))
        return ask(name, path, folder / f"{os.getpid()}.out")

    return trial


Change = Callable[[Header, Chunks], object]


def forge(data: bytes, runs: Runs, out: Path, change: Change) -> Path:
    """Write a store with an index that ``change`` has changed, and with a seal that fits."""
    whole = memoryview(data)
    found = loads(lambda start, stop: whole[start:stop], _body_length(data))
    assert found is not None
    header, table, start = found
    chunks = np.frombuffer(table, CHUNK).copy()
    change(header, chunks)
    out.write_bytes(data[:start])
    seal(out, runs, dumps(header, chunks.tobytes()))
    return out


ODD: list[Any] = [
    *(0, 1, 2, 7, 255, 1000, 2**16, 2**20, 2**24, 2**28, 2**31 - 1, 2**31, 2**33, 2**49, 2**62, 2**63, 2**64, 10**30),
    *(-1, -(2**40), 0.5, 1e300, True, None, "", "x", "tss", "12", "sum", "count", "plain", "<f8", "<u4", "|u1", "|S9"),
    *([], {}, [1], [2, 8], [[1, 9]], [5, 6, 30], ["12/cifar10/epoch"]),
]


def _lie(header: Header, chunks: Chunks, rng: np.random.Generator) -> None:
    """One to four changes to what an index says."""
    for _ in range(int(rng.integers(1, 5))):
        if rng.random() < 0.3:
            name = str(rng.choice(list(chunks.dtype.names or ())))
            value = int(rng.choice([0, 1, 64, 2**20, 2**32 - 1, int(chunks[name][rng.integers(len(chunks))])]))
            place = int(rng.integers(len(chunks)))
            chunks[name][place : place + int(rng.choice([1, 1, 10, 10_000]))] = value
            continue
        node: Any = header
        while True:  # down to a leaf, at times to a whole branch
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = keys[int(rng.integers(len(keys)))]
            if not isinstance(node[key], (dict, list)) or not node[key] or rng.random() < 0.05:
                break
            node = node[key]
        value = ODD[int(rng.integers(len(ODD)))]
        if type(node[key]) is int and rng.random() < 0.3:
            value = node[key] + int(rng.integers(-2, 3))
        if rng.random() < 0.05 and isinstance(node, dict):
            del node[key]
            if not node:
                return
        else:
            node[key] = copy.deepcopy(value)
        if not header or not all(isinstance(one, dict) and one for one in header.values()):
            return


def _body_length(data: bytes) -> int:
    (count,) = struct.unpack("<Q", data[-24:-16])
    return len(data) - 24 - 16 * int(count)


def probe(path: Path, subject: Subject) -> str:
    """Ask a store everything: each answer must be right, or a StoreError."""
    try:
        store = open_store(path)
    except StoreError:
        return "refused"
    refused = 0
    for index, states in subject.records.items():
        try:
            found = difference(store.load(index), states, str(index))
            if found is not None:
                return BAD + found
        except StoreError:
            refused += 1
    try:
        for key, values in _columns(store):
            if values.tobytes() != subject.columns[key].tobytes():
                return f"{BAD}other values of {key}"
    except StoreError:
        refused += 1
    try:
        _ask(store)
    except (StoreError, QuestionError):
        refused += 1
    try:
        check(store)
    except StoreError:
        return "refused in part" if refused else "damage found by verify alone"
    return f"{BAD}verify did not find what was damaged" if refused else "right"


def _ask(store: Store) -> None:
    """What makes the tables of batches: elapsed times, costs, and means by architecture."""
    batch, archs = Batch(store), list(INDEXES) * 3000
    for hp, dataset in store.keys:
        batch.get_cost_info(archs, dataset, hp=hp)
        batch.train_time(archs, 1, dataset=dataset, hp=hp)
        batch.get_more_info(archs, dataset, hp=hp)


# -- pickles ------------------------------------------------------------------------------------------------


def pickle_trial(seed: int) -> Trial:
    """A trial that reads a mutated pickle of an architecture as an archive's, and takes its record apart.

    What the walker admits is what the unpickler reads.
    """
    states = OrderedDict({"01": make_states(SSS, 3, 0)["01"]})
    text = pickle.dumps(states, 4)
    meta = {"meta_archs": SSS.architectures[:50], "total_archs": 50, "arch2infos": None, "evaluated_indexes": set()}
    texts = [text, text, pickle.dumps(meta, 4)]

    def trial(number: int) -> str:
        rng = np.random.default_rng([seed, number])
        text = texts[number % len(texts)]
        data = mutate(bz2.compress(text), [], rng) if number % 10 == 0 else bz2.compress(mutate(text, [], rng), 1)
        walker = Walker(FILE_LIMIT)
        walked = False
        try:
            plain = decompress(data, "mutated", FILE_LIMIT)
            walked = walker.read(plain)
            value = unpickle((plain,), "mutated")
            if walked and difference(walker.record.build(), value) is not None:
                return f"{BAD}walked, the record is another"
            walked = False
            record = check_record(value, 3, SSS.architectures[3], SSS, "mutated")
            before = copy.deepcopy(record)
            Splitter().add(3, record)
        except ArchiveError:
            return f"{BAD}walked, but refused as a pickle" if walked else "refused"
        return "right" if difference(record, before) is None else f"{BAD}the record was changed"

    return trial


# -- kills and full disks -----------------------------------------------------------------------------------


def kill_trial(src: Path, folder: Path, seed: int, count: int) -> str:
    """Kill a converter at ``count`` random moments; then there is no store, no process, and the next one succeeds."""
    dst = folder / "store.h5"
    start = functools.partial(multiprocessing.get_context("fork").Process, target=convert, args=(src, dst))
    begin = time.monotonic()
    complete = start(kwargs={"jobs": 2})
    complete.start()
    complete.join()
    duration = time.monotonic() - begin
    rng = np.random.default_rng(seed)
    killed = parts = 0
    while killed < count:
        dst.unlink(missing_ok=True)
        process = start(kwargs={"jobs": 2})
        process.start()
        time.sleep(float(rng.uniform(0.0, duration)))
        workers = _stop(process.pid)
        process.kill()
        process.join()
        if process.exitcode == 0:
            continue  # it had ended before
        killed += 1
        if dst.exists():
            check(open_store(dst))  # it was in its last moments, and the store is complete
        if not _all_end(workers):
            return f"{BAD}workers live on"
        names = [name for name in os.listdir(folder) if name != dst.name]
        parts += len(names) > 0
        if any(not name.endswith(".part") for name in names):
            return f"{BAD}left {names}"
    convert(src, dst, force=True)
    check(open_store(dst))
    left = [name for name in os.listdir(folder) if name != dst.name]
    return f"{BAD}the next converter left {left}" if left else f"right; {parts} of {count} left a part to clear away"


def _stop(pid: int | None) -> list[psutil.Process]:
    """Stop a process, so that it starts no other, and return its workers."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.suspend()
        workers: list[psutil.Process] = process.children(recursive=True)
        return workers
    return []


def _all_end(processes: list[psutil.Process]) -> bool:
    """Whether all processes end within ten seconds."""
    deadline = time.monotonic() + 10
    while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@contextlib.contextmanager
def small_disk(size: int) -> Iterator[Path]:
    """A file system of ``size`` bytes. CalledProcessError where this may not be mounted."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True, capture_output=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


# -- commands -----------------------------------------------------------------------------------------------

_seed = click.option("--seed", default=0, show_default=True)


def _trial_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a command that runs many trials."""
    command = click.option("--jobs", default=os.cpu_count() or 1, show_default=True)(_seed(command))
    command = click.option("--first", default=0, help="The first trial's number, to repeat one.")(command)
    return click.option("--count", default=10_000, show_default=True, help="Trials.")(command)


@click.group()
def main() -> None:
    """Damage stores, pickles and converters, and see that nothing crashes, hangs or lies."""


def report(trial: Trial, numbers: range, jobs: int) -> None:
    outcomes: Counter[str] = Counter()
    begin = time.monotonic()
    for number, outcome in run_trials(trial, numbers, jobs):
        outcomes[outcome.split("\n")[0][:60] if outcome.startswith(BAD) else outcome] += 1
        if outcome.startswith(BAD):
            click.echo(f"trial {number}: {outcome}", err=True)
    for outcome, times in outcomes.most_common():
        click.echo(f"{times:7,} {outcome}")
    click.echo(f"{len(numbers):7,} trials in {time.monotonic() - begin:.0f} s")
    if any(outcome.startswith(BAD) for outcome in outcomes):
        sys.exit(1)


@main.command()
@_trial_options
@click.option("--forged", is_flag=True, help="With seals as if natsbin had written the mutated metadata.")
def mutations(count: int, first: int, seed: int, jobs: int, forged: bool) -> None:
    """Mutated stores: each answer is right or a StoreError."""
    with tempfile.TemporaryDirectory() as folder:
        trial = store_trial(small_stores(Path(folder)), Path(folder), seed, forged)
        report(trial, range(first, first + count), jobs)


@main.command()
@_trial_options
def doors(count: int, first: int, seed: int, jobs: int) -> None:
    """Forged stores, asked by every command, adaptor and search: each answers, or raises an error of natsbin."""
    with tempfile.TemporaryDirectory() as folder:
        trial = door_trial(small_stores(Path(folder)), Path(folder), seed)
        report(trial, range(first, first + count), jobs)


@main.command()
@_trial_options
def pickles(count: int, first: int, seed: int, jobs: int) -> None:
    """Mutated pickles of an archive: each is read, or refused with an ArchiveError."""
    report(pickle_trial(seed), range(first, first + count), jobs)


@main.command()
@click.option("--count", default=50, show_default=True, help="Converters to kill.")
@_seed
def kills(count: int, seed: int) -> None:
    """Converters killed at random moments leave no store and no process."""
    with tempfile.TemporaryDirectory() as folder:
        src = make_archive(Path(folder) / "archive", SSS, range(64), irregular=True)
        (out := Path(folder) / "out").mkdir()
        outcome = kill_trial(src, out, seed, count)
    click.echo(outcome)
    sys.exit(outcome.startswith(BAD))


@main.command("full-disk")
def full_disk() -> None:
    """Converters on a tmpfs that is too small end in an OutputError and leave nothing. Needs root."""
    with tempfile.TemporaryDirectory() as folder:
        src = make_archive(Path(folder) / "archive", SSS, range(64), irregular=True)
        need = convert(src, Path(folder) / "store.h5").stat().st_size
        for size in (4096, *range(need // 2, 6 * need, need // 2)):
            with small_disk(size) as disk:
                try:
                    convert(src, disk / "store.h5")
                    outcome = "converted"
                except OutputError as error:
                    outcome = f"OutputError: {error}"
                left = os.listdir(disk)
            click.echo(f"{size:9,} bytes: {outcome}; left there: {left}")
            if (outcome == "converted") != (left == ["store.h5"]) or (left and outcome != "converted"):
                sys.exit(1)


if __name__ == "__main__":
    main()
