"""Damage on purpose: mutated stores and pickles, killed converters, full disks. See docs/testing.md.

Every trial runs in a process that may crash or hang without taking this one along; both are reported, with the
number that repeats the trial.
"""

from __future__ import annotations

import bz2
import copy
import multiprocessing
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from isolated import BAD, Trial, run_trials
from mutate import Runs, mutate, payload

from natsbin._util.compare import difference
from natsbin.archive.base import unpickle
from natsbin.archive.schema import check_record
from natsbin.errors import ArchiveError, OutputError, StoreError
from natsbin.roads.convert import convert
from natsbin.spaces import SSS, TSS
from natsbin.store import Store, StoreWriter, open_store
from natsbin.store.pack import pack
from natsbin.store.seal import seal
from natsbin.store.split import Splitter
from natsbin.store.verify import check
from natsbin.synthetic import make_archive, make_states

INDEXES = (3, 8)


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
            splitter.add(index, OrderedDict({"12": make_states(TSS, index, 0)["12"]}))
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
    """A trial that mutates a store and asks it everything. ``forged``: with a seal as if natsbin had written it."""

    def trial(number: int) -> str:
        rng = np.random.default_rng([seed, number])
        subject = subjects[number % len(subjects)]
        path = folder / f"{os.getpid()}.h5"
        if forged:
            body = subject.data[: _body_length(subject.data)]
            path.write_bytes(mutate(body, subject.runs, rng))
            seal(path, [run for run in subject.runs if run[1] <= path.stat().st_size])
        else:
            path.write_bytes(mutate(subject.data, subject.runs, rng))
        outcome = probe(path, subject)
        return "another answer" if forged and outcome.startswith(BAD) else outcome

    return trial


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
        check(store)
    except StoreError:
        return "refused in part" if refused else "damage found by verify alone"
    return f"{BAD}verify did not find what was damaged" if refused else "right"


# -- pickles ------------------------------------------------------------------------------------------------


def pickle_trial(seed: int) -> Trial:
    """A trial that reads a mutated pickle of an architecture as an archive's, and takes its record apart."""
    states = OrderedDict({"01": make_states(SSS, 3, 0)["01"]})
    text = pickle.dumps(states, 4)
    meta = {"meta_archs": SSS.architectures[:50], "total_archs": 50, "arch2infos": None, "evaluated_indexes": set()}
    texts = [text, text, pickle.dumps(meta, 4)]

    def trial(number: int) -> str:
        rng = np.random.default_rng([seed, number])
        text = texts[number % len(texts)]
        data = mutate(bz2.compress(text), [], rng) if number % 10 == 0 else bz2.compress(mutate(text, [], rng), 1)
        try:
            value = unpickle(data, "mutated")
            record = check_record(value, 3, SSS.architectures[3], SSS, "mutated")
            before = copy.deepcopy(record)
            Splitter().add(3, record)
        except ArchiveError:
            return "refused"
        return "right" if difference(record, before) is None else f"{BAD}the record was changed"

    return trial


# -- kills and full disks -----------------------------------------------------------------------------------


def kill_trial(src: Path, folder: Path, seed: int, count: int) -> str:
    """Kill a converter at ``count`` random moments; then there is no store, no process, and the next one succeeds."""
    dst = folder / "store.h5"
    context = multiprocessing.get_context("fork")

    def work() -> None:
        os.setsid()
        convert(src, dst, jobs=2)

    begin = time.monotonic()
    whole = context.Process(target=work)
    whole.start()
    whole.join()
    duration = time.monotonic() - begin
    rng = np.random.default_rng(seed)
    killed = parts = 0
    while killed < count:
        dst.unlink(missing_ok=True)
        process = context.Process(target=work)
        process.start()
        time.sleep(float(rng.uniform(0.0, duration)))
        process.kill()
        process.join()
        assert process.pid is not None
        if process.exitcode == 0:
            continue  # it was done before
        killed += 1
        if dst.exists():
            check(open_store(dst))  # it was all but done, and the store is whole
        if not _gone(process.pid):
            return f"{BAD}workers live on"
        names = [name for name in os.listdir(folder) if name != dst.name]
        parts += len(names) > 0
        if any(not name.endswith(".part") for name in names):
            return f"{BAD}left {names}"
    convert(src, dst, force=True)
    check(open_store(dst))
    left = [name for name in os.listdir(folder) if name != dst.name]
    return f"{BAD}the next converter left {left}" if left else f"right; {parts} of {count} left a part to clear away"


def _gone(session: int) -> bool:
    """Whether every process of a session ends within ten seconds."""
    for _ in range(100):
        if not any(_session(int(name)) == session for name in os.listdir("/proc") if name.isdigit()):
            return True
        time.sleep(0.1)
    return False


def _session(process: int) -> int | None:
    """The session of a process that runs."""
    try:
        state, _, _, session = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[:4]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(session) if state != "Z" else None


@contextmanager
def small_disk(size: int) -> Iterator[Path]:
    """A file system of ``size`` bytes. CalledProcessError where this may not be mounted."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True, capture_output=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


# -- commands -----------------------------------------------------------------------------------------------

_count = click.option("--count", default=10_000, show_default=True, help="Trials.")
_first = click.option("--first", default=0, help="The first trial's number, to repeat one.")
_seed = click.option("--seed", default=0, show_default=True)
_jobs = click.option("--jobs", default=os.cpu_count() or 1, show_default=True)


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
@_count
@_first
@_seed
@_jobs
@click.option("--forged", is_flag=True, help="With seals as if natsbin had written the mutated metadata.")
def mutations(count: int, first: int, seed: int, jobs: int, forged: bool) -> None:
    """Mutated stores: each answer is right or a StoreError."""
    with tempfile.TemporaryDirectory() as folder:
        trial = store_trial(small_stores(Path(folder)), Path(folder), seed, forged)
        report(trial, range(first, first + count), jobs)


@main.command()
@_count
@_first
@_seed
@_jobs
def pickles(count: int, first: int, seed: int, jobs: int) -> None:
    """Mutated pickles of an archive: each is read, or refused with an ArchiveError."""
    report(pickle_trial(seed), range(first, first + count), jobs)


@main.command()
@click.option("--count", default=50, show_default=True, help="Converters to kill.")
@_seed
def kills(count: int, seed: int) -> None:
    """Converters killed at random moments leave no store and no process."""
    with tempfile.TemporaryDirectory() as folder:
        src = make_archive(Path(folder) / "archive", SSS, range(64))
        (out := Path(folder) / "out").mkdir()
        outcome = kill_trial(src, out, seed, count)
    click.echo(outcome)
    sys.exit(outcome.startswith(BAD))


@main.command("full-disk")
def full_disk() -> None:
    """Converters on a tmpfs that is too small end in an OutputError and leave nothing. Needs root."""
    with tempfile.TemporaryDirectory() as folder:
        src = make_archive(Path(folder) / "archive", SSS, range(64))
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
