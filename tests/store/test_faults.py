"""Damaged stores and pickles, killed converters, disks that refuse: an error in words, or nothing lost."""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
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


# -- forged files: the seal is as natsbin writes it, for metadata that it does not write ----------------------


@pytest.fixture(scope="module")
def records() -> dict[int, Record]:
    return {index: record(TSS, index, "12") for index in (3, 8)}


@pytest.fixture(scope="module")
def mapped(records: dict[int, Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("forged") / "mapped.h5", TSS, records)


def forge(source: Path, out: Path, change: Callable[[h5py.File], None]) -> Path:
    """A copy of a store, changed through HDF5 and sealed again."""
    out.write_bytes(source.read_bytes())
    with h5py.File(out, "r+") as file:
        change(file)
    fuzz.seal(out, fuzz.payload(out))
    return out


COLUMN = "12/cifar100/train_loss"


def replace(file: h5py.File, name: str, **options: Any) -> None:
    """Another dataset of the same attributes in a dataset's place."""
    old = file[name]
    attrs = {key: value for key, value in old.attrs.items() if key not in ("DIMENSION_LIST", "REFERENCE_LIST")}
    del file[name]
    new = file.create_dataset(name, **options)
    new.attrs.update(attrs)


def floats(file: h5py.File, **options: Any) -> None:
    shape = file[COLUMN].shape
    replace(file, COLUMN, **{"data": np.ones(shape), "chunks": shape} | options)


FORGERIES: dict[str, Callable[[h5py.File], Any]] = {
    "a column gone": lambda file: file.pop(COLUMN),
    "checksums gone": lambda file: file.pop(f"checksums/{COLUMN}"),
    "no checksums at all": lambda file: file.pop("checksums"),
    "fewer checksums": lambda file: replace(file, f"checksums/{COLUMN}", data=np.zeros((0,), np.uint64)),
    "another number of samples": lambda file: file[COLUMN].attrs.update(samples=-5),
    "another coding": lambda file: file[COLUMN].attrs.update(coding="guess"),
    "no coding": lambda file: file[COLUMN].attrs.pop("coding"),
    "a coding that is a number": lambda file: file[COLUMN].attrs.update(coding=5),
    "a shift beyond all": lambda file: file[COLUMN].attrs.update(shift=10**6),
    "other chunks": lambda file: floats(file),
    "a text for a column": lambda file: replace(file, COLUMN, data=np.full((12, 2), b"x"), chunks=(12, 2)),
    "big-endian": lambda file: floats(file, dtype=">f8"),
    "another filter": lambda file: floats(file, fletcher32=True),
    "lzf": lambda file: floats(file, compression="lzf"),
    "no chunks": lambda file: floats(file, chunks=None),
    "more trials": lambda file: floats(file, data=np.ones((12, 500)), chunks=(12, 500)),
    "a group for a column": lambda file: (file.pop(COLUMN), file.create_group(COLUMN)),
    "a link to itself": lambda file: (file.pop(COLUMN), file.__setitem__(COLUMN, h5py.SoftLink(f"/{COLUMN}"))),
    "a link elsewhere": lambda file: (file.pop(COLUMN), file.__setitem__(COLUMN, h5py.ExternalLink("other.h5", "x"))),
    "no seeds": lambda file: file.pop("12/cifar100/seed"),
    "no architectures": lambda file: file.pop("architecture"),
    "no forms": lambda file: file.pop("forms"),
    "no space": lambda file: file.attrs.pop("space"),
    "a space of its own": lambda file: file.attrs.update(space="nlp"),
    "a total that is a text": lambda file: file.attrs.update(total_architectures="many"),
    "a negative total": lambda file: file.attrs.update(total_architectures=-1),
    "a huge total": lambda file: file.attrs.update(total_architectures=2**62),
    "a cycle of groups": lambda file: file["12"].__setitem__("round", file["/"]),
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
    for key in store.keys:
        store.table(*key)


def test_forged_chunk_addresses(mapped: Path, records: dict[int, Record], tmp_path: Path) -> None:
    """The address of a chunk is made to be another, where HDF5 has it in the file; with the old seal and a new one."""
    data, chunks = mapped.read_bytes(), fuzz.payload(mapped)
    length = fuzz._body_length(data)
    found = [(address, data.find(address.to_bytes(8, "little"), 0, length)) for address, _ in chunks]
    found = [(address, place) for address, place in found if place > 0]
    assert len(found) > 50
    for address, place in found[:: len(found) // 5]:
        for forged in (0, address + 1, chunks[-1][0], len(data) - 8, 2**40, 2**63 - 1, 2**64 - 1):
            body = data[:place] + forged.to_bytes(8, "little") + data[place + 8 : length]
            path = tmp_path / f"{place}-{forged}.h5"  # a file each: libhdf5 knows one that is still open by its inode
            path.write_bytes(body + data[length:])
            with pytest.raises(StoreError, match="does not match the checksum in its seal"):
                open_store(path)
            path.write_bytes(body)
            fuzz.seal(path, chunks)
            with pytest.raises(StoreError):
                read_all(path, list(records))
            path.unlink()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("byte_offset", value) for value in (0, -1, 64, 10**6, 2**63 - 1)),
        *(("size", value) for value in (0, 1, 10**9, 2**64 - 1)),
        *(("filter_mask", value) for value in (1, 3)),
        *(("chunk_offset", value) for value in ((1, 0), (12, 0), (0, 2**40), (0,))),
    ],
)
def test_places_that_libhdf5_may_make_up(name: str, value: Any, mapped: Path) -> None:
    """What HDF5 says of a chunk is believed only where it lies within the file and the dataset, and its bytes match."""
    data = open_store(mapped).file.data(COLUMN)
    info = data._id.get_chunk_info(0)
    usual = {field: getattr(info, field) for field in ("chunk_offset", "filter_mask", "byte_offset", "size")}
    data._id = SimpleNamespace(chunk_iter=lambda visit: visit(SimpleNamespace(**(usual | {name: value}))))
    with pytest.raises(StoreError, match=f"{COLUMN}.*damaged"):
        data.load(0)


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
    limits = [0, 100, 5_000, 100_000, size // 2, size - 2000, size - 20]
    for work, some, name in (
        (lambda: convert(src, out / "x.h5"), limits, "x.h5"),
        (lambda: pack(store, out / "x.h5"), limits[:-2], "x.h5"),
        (lambda: export(store, out / "archive", jobs=1), [0, 100, 20_000], "archive"),
        (lambda: export(store, out / "archive", jobs=2), [0, 100, 20_000], "archive"),
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
    src = made.archive(SSS, range(40))
    (out := tmp_path / "out").mkdir()
    assert fuzz.kill_trial(src, out, 3, 8).startswith("right")
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
