"""Damaged stores and pickles, killed converters, disks that refuse: an error in words, or nothing lost."""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.made import Made
from support.paths import load_tool
from support.records import Record, record, write_store

from natsbin.errors import OutputError, StoreError
from natsbin.roads.convert import convert
from natsbin.roads.export import export
from natsbin.spaces import SSS, TSS
from natsbin.store import open_store
from natsbin.store.pack import pack
from natsbin.store.verify import check

fuzz = load_tool("fuzz_store")


# -- mutated files ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    return list(fuzz.small_stores(tmp_path_factory.mktemp("subjects")))


def outcomes(trial: Callable[[int], str], count: int) -> Counter[str]:
    found = Counter(outcome for _, outcome in fuzz.run_trials(trial, range(count), 2))
    assert not [outcome for outcome in found if outcome.startswith(fuzz.BAD)]
    assert found.total() == count
    return found


def test_mutated_stores(subjects: list[Any], tmp_path: Path) -> None:
    found = outcomes(fuzz.store_trial(subjects, tmp_path, 1, False), 150)
    assert found["refused"] > 50
    assert found["refused in part"] > 3


def test_mutated_metadata_with_a_forged_seal(subjects: list[Any], tmp_path: Path) -> None:
    """Checksums cannot tell here; but nothing crashes, hangs, or raises anything but StoreError."""
    outcomes(fuzz.store_trial(subjects, tmp_path, 3, True), 50)


def test_mutated_pickles() -> None:
    found = outcomes(fuzz.pickle_trial(1), 150)
    assert found["refused"] > 50


def test_the_fuzzer_sees_crashes_hangs_and_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    def trial(number: int) -> str:
        if number == 1:
            os.kill(os.getpid(), 9)
        if number == 2:
            raise KeyError(number)
        while number == 3:
            pass
        return "right"

    monkeypatch.setattr("fuzz_store.HANG_SECONDS", 1.5)
    found = dict(fuzz.run_trials(trial, range(6), 2))
    assert found == {
        0: "right", 1: "bad: crash, exit code -9", 2: "bad: KeyError: 2", 3: "bad: hang", 4: "right", 5: "right"
    }  # fmt: skip


@pytest.mark.parametrize("state", [0, 1])
def test_a_store_cut_short_at_any_length(state: int, subjects: list[Any], tmp_path: Path) -> None:
    data = subjects[state].data
    path = tmp_path / "short.h5"
    for length in [*range(0, len(data), len(data) // 60), *range(len(data) - 30, len(data))]:
        path.write_bytes(data[:length])
        with pytest.raises(StoreError):
            open_store(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(StoreError, match="changed by another program"):
        open_store(path)


@pytest.mark.parametrize("state", [0, 1])
def test_a_store_with_any_flipped_bit(state: int, subjects: list[Any], tmp_path: Path) -> None:
    """Every hundredth byte or so: refused when opened, or when what is damaged is first used."""
    subject = subjects[state]
    path = tmp_path / "flipped.h5"
    rng = np.random.default_rng(5)
    found = Counter[str]()
    for place in rng.integers(0, len(subject.data), 100).tolist():
        data = bytearray(subject.data)
        data[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        found[fuzz.probe(path, subject)] += 1
    assert set(found) <= {"refused", "refused in part", "damage found by verify alone", "right"}, found
    assert found["right"] < 20  # of what lies between chunks


# -- forged files: the seal is as natsbin writes it, for an index that it does not write -----------------------


@pytest.fixture(scope="module")
def records() -> dict[int, Record]:
    return {index: record(TSS, index, "12") for index in (3, 8)}


@pytest.fixture(scope="module")
def mapped(records: dict[int, Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("forged") / "mapped.h5", TSS, records)


def forge(source: Path, out: Path, change: Callable[[Any, Any], object]) -> Path:
    """A store like ``source`` with another index, sealed again."""
    return Path(fuzz.forge(source.read_bytes(), fuzz.payload(source), out, change))


COLUMN = "12/cifar100/train_loss"


def of_column(**changes: Any) -> Callable[[Any, Any], object]:
    return lambda header, chunks: header["datasets"][COLUMN].update(changes)


def of_attrs(path: str | None, **changes: Any) -> Callable[[Any, Any], object]:
    return lambda header, chunks: (header["datasets"][path] if path else header)["attrs"].update(changes)


def of_chunks(**changes: int) -> Callable[[Any, Any], object]:
    """Changes to the first chunk of the column."""

    def change(header: Any, chunks: Any) -> None:
        for name, value in changes.items():
            chunks[name][header["datasets"][COLUMN]["first"]] = value

    return change


def of_epochs(epochs: int, chunk: int) -> Callable[[Any, Any], object]:
    """Another number of epochs, in every dataset of the table, without more chunks."""

    def change(header: Any, chunks: Any) -> None:
        for path, entry in header["datasets"].items():
            if path.startswith("12/cifar100/") and entry["shape"][0] == 12:
                entry["shape"][0], entry["chunk"][0] = epochs, chunk

    return change


FORGERIES: dict[str, Callable[[Any, Any], object]] = {
    "a column gone": lambda header, chunks: header["datasets"].pop(COLUMN),
    "no checksum": of_chunks(checksum=0),
    "no chunk": of_chunks(address=0),
    "a chunk outside": of_chunks(address=2**40),
    "a chunk near the end of all addresses": of_chunks(address=2**64 - 8),
    "a chunk elsewhere": of_chunks(address=64),
    "a chunk in the index": lambda header, chunks: chunks["address"].__iadd__(2**18),
    "a chunk of no bytes": of_chunks(stored=0),
    "a chunk of many bytes": of_chunks(stored=2**32 - 1),
    "a filter that is not there": of_chunks(mask=1),
    "chunks that are not there": of_column(first=10**6),
    "chunks before the first": of_column(first=-1),
    "another number of samples": of_attrs(COLUMN, samples=-5),
    "another coding": of_attrs(COLUMN, coding="guess"),
    "no coding": lambda header, chunks: header["datasets"][COLUMN]["attrs"].pop("coding"),
    "a coding that is a number": of_attrs(COLUMN, coding=5),
    "a shift beyond all": of_attrs(COLUMN, shift=10**6),
    "an attribute that is a list": of_attrs(COLUMN, coding=["sum"]),
    "other chunks": of_column(chunk=[1, 1]),
    "chunks of nothing": of_column(chunk=[0, 6]),
    "chunks of more than there is": of_column(chunk=[2**31 - 1, 2**31 - 1]),
    "epochs that wrap a product": of_epochs(2**49, 2**49),
    "epochs beyond 32 bits, in smaller chunks": of_epochs(2**33, 2**20),
    "epochs by the million": of_epochs(2**20, 2**20),
    "a length that is no number": of_column(shape=["12", 6]),
    "a length that is true": of_column(shape=[True, 6]),
    "three axes": of_column(shape=[12, 6, 1], chunk=[12, 6, 1]),
    "a text for a column": of_column(type="|S6"),
    "big-endian": of_column(type=">f8"),
    "an object": of_column(type="|O8"),
    "a float with too much exponent": of_column(type=[4, 30, 5]),
    "a float without end": of_column(type=[2**31, 5, 5]),
    "another filter": of_column(filters=[[32000]]),
    "a filter a thousand times": of_column(filters=[[1, 9]] * 1000),
    "shuffled by another size": of_column(filters=[[2, 2**31]]),
    "axes that are not there": of_column(dims=["nowhere"]),
    "more trials": of_column(shape=[12, 500], chunk=[12, 500]),
    "a list for a column": lambda header, chunks: header["datasets"].update({COLUMN: []}),
    "no seeds": lambda header, chunks: header["datasets"].pop("12/cifar100/seed"),
    "no architectures": lambda header, chunks: header["datasets"].pop("architecture"),
    "no forms": lambda header, chunks: header["datasets"].pop("forms"),
    "no datasets": lambda header, chunks: header.pop("datasets"),
    "no space": lambda header, chunks: header["attrs"].pop("space"),
    "a space of its own": of_attrs(None, space="nlp"),
    "a total that is a text": of_attrs(None, total_architectures="many"),
    "a negative total": of_attrs(None, total_architectures=-1),
    "a huge total": of_attrs(None, total_architectures=2**62),
    "format version 1": of_attrs(None, format_version=1),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_stores_are_refused(forgery: str, mapped: Path, records: dict[int, Record], tmp_path: Path) -> None:
    path = forge(mapped, tmp_path / "forged.h5", FORGERIES[forgery])
    with pytest.raises(StoreError) as caught:
        read_all(path, list(records))
    assert str(path) in str(caught.value)


def read_all(path: Path, indexes: list[int]) -> None:
    store = open_store(path)
    for index in indexes:
        store.load(index)
    check(store)


def test_forged_indexes_of_the_wrong_size(mapped: Path, tmp_path: Path) -> None:
    """The lengths at the end of the index say more than the file has."""
    data = mapped.read_bytes()
    length = fuzz._body_length(data)
    for place, value in ((24, 2**63), (24, length), (16, 2**60), (16, 2**64 - 1), (24, 10), (16, 3)):
        body = bytearray(data[:length])
        body[length - place : length - place + 8] = value.to_bytes(8, "little")
        path = tmp_path / "forged.h5"
        path.write_bytes(body)
        fuzz.seal(path, fuzz.payload(mapped))
        with pytest.raises(StoreError, match="forged"):
            read_all(path, [3])


# -- disks that refuse --------------------------------------------------------------------------------------


def limited(limit: int, work: Callable[[], object], queue: Any) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        work()
    except OutputError as error:
        queue.put(str(error))
    else:
        queue.put(None)


def refusals(work: Callable[[], object], limits: list[int]) -> list[str | None]:
    """What ``work`` says where no file may grow beyond each limit, in processes that must end well."""
    context = multiprocessing.get_context("fork")
    said = []
    for limit in limits:
        queue = context.SimpleQueue()
        child = context.Process(target=limited, args=(limit, work, queue))
        child.start()
        child.join(60)
        assert child.exitcode == 0
        said.append(queue.get())
        queue.close()
    return said


def test_writers_and_a_disk_that_refuses(made: Made, tmp_path: Path) -> None:
    src, store = made.archive(SSS, range(3)), made.store(SSS, range(3))
    (out := tmp_path / "out").mkdir()
    size = store.stat().st_size
    limits = [0, 5_000, size // 2, size - 2000, size - 20]
    for work, some, name in (
        (lambda: convert(src, out / "x.h5"), limits, "x.h5"),
        (lambda: pack(store, out / "x.h5"), limits[:-2], "x.h5"),
        (lambda: export(store, out / "archive", jobs=1), [0, 20_000], "archive"),
        (lambda: export(store, out / "archive", jobs=2), [20_000], "archive"),
    ):
        for message in refusals(work, some):
            assert message is not None
            assert f"{name}: cannot be written" in message
            assert "too large" in message or name == "archive"
            assert os.listdir(out) == []


def test_a_full_disk(made: Made) -> None:
    try:
        with fuzz.small_disk(100_000) as disk:
            with pytest.raises(OutputError, match="No space left"):
                convert(made.archive(SSS, range(3)), disk / "x.h5")
            assert os.listdir(disk) == []
    except (fuzz.subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("no file system may be mounted here")


# -- killed converters --------------------------------------------------------------------------------------


def test_converters_killed_at_random_moments(made: Made, tmp_path: Path) -> None:
    src = made.archive(SSS, range(20))
    (out := tmp_path / "out").mkdir()
    assert fuzz.kill_trial(src, out, 3, 5).startswith("right")
    assert os.listdir(out) == ["store.h5"]


def test_a_living_writers_part_is_left_alone(mapped: Path, records: dict[int, Record], tmp_path: Path) -> None:
    """What a dead writer left is cleared away, what belongs to a living one is not."""
    import fcntl

    dead, living = tmp_path / ".x.h5.00000000.part", tmp_path / ".x.h5.00000001.part"
    dead.touch()
    with living.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        pack(mapped, tmp_path / "x.h5")
        assert sorted(os.listdir(tmp_path)) == [living.name, "x.h5"]
