"""The file of a store: whose it is, who shares it, and what is refused in words."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support.paths import load_tool
from support.records import Record, first_trial, record, same, write_store

from natsbin.errors import ArchiveError, OutputError, StoreError
from natsbin.spaces import SSS, TSS
from natsbin.store import Store, StoreWriter, open_store
from natsbin.store import format as fmt
from natsbin.store.split import Splitter

fuzz = load_tool("fuzz_store")


def test_an_architecture_that_comes_twice(tmp_path: Path) -> None:
    splitter = Splitter()
    with StoreWriter(tmp_path / "x.h5", SSS, SSS.architectures) as writer:
        for _ in range(2):
            splitter.add(3, record(SSS, 3, "01"))
        with pytest.raises(ArchiveError, match="architecture 3 comes twice"):
            writer.add(splitter.take())
    assert os.listdir(tmp_path) == []


def test_records_that_no_store_can_hold(tmp_path: Path) -> None:
    states = record(SSS, 3, "01")
    first_trial(states, "01")["net_state_dict"] = {"weight": np.zeros(3)}
    with pytest.raises(ArchiveError, match="ndarray"):
        write_store(tmp_path / "x.h5", SSS, {3: states})
    with pytest.raises(ArchiveError, match="no architecture"):
        write_store(tmp_path / "x.h5", SSS, {})
    assert os.listdir(tmp_path) == []


def test_a_store_takes_no_place_that_is_taken(tmp_path: Path) -> None:
    path = write_store(tmp_path / "x.h5", SSS, {3: record(SSS, 3, "01")})
    before = path.read_bytes()
    for place, message in (
        (path, r"exists already.*--force"),
        (tmp_path / "nowhere" / "x.h5", "there is no folder"),
        (tmp_path, "is a folder"),
    ):
        with pytest.raises(OutputError, match=message):
            write_store(place, SSS, {4: record(SSS, 4, "01")})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["x.h5"]


@pytest.fixture(scope="module")
def records() -> dict[int, Record]:
    return {index: record(TSS, index, "12") for index in (1, 3, 8)}


@pytest.fixture(scope="module")
def path(records: dict[int, Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("store") / "store.h5", TSS, records)


def reseal(path: Path) -> None:
    """Make a file that was changed on purpose look as if natsbin had written it."""
    fuzz.seal(path, fuzz.payload(path))


@pytest.mark.parametrize("version", [0, 2, 3, 99, "1"])
def test_other_versions_are_refused_in_words(version: object, path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.h5"
    other.write_bytes(path.read_bytes())
    with h5py.File(other, "r+") as file:
        file.attrs["format_version"] = version
    with pytest.raises(StoreError, match="changed by another program"):
        open_store(other)
    reseal(other)
    with pytest.raises(StoreError, match=rf"format version {version}, expected 1 or {fmt.FORMAT_VERSION}"):
        open_store(other)


def test_other_files_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such store") as caught:
        open_store(tmp_path / "absent.h5")
    assert isinstance(caught.value, OSError)
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("some text")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    for name in ("empty", "text", "other.h5"):
        with pytest.raises(StoreError, match="not a natsbin store"):
            open_store(tmp_path / name)
    reseal(tmp_path / "other.h5")
    with pytest.raises(StoreError, match="an HDF5 file, but not a natsbin store"):
        open_store(tmp_path / "other.h5")
    with pytest.raises(StoreError, match="cannot be read"):
        open_store(tmp_path)


def test_an_open_store_pickles_to_its_path(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    store = open_store(Path(path.name))
    data = pickle.dumps(store)
    assert len(data) < 300
    monkeypatch.chdir("/")
    again = pickle.loads(data)
    assert isinstance(again, Store)
    assert same(again.load(3), store.load(3))


def test_threads_share_a_store(path: Path, records: dict[int, Record]) -> None:
    store = open_store(path)
    wrong: list[int] = []
    barrier = threading.Barrier(6)

    def read(number: int) -> None:
        barrier.wait()
        for index in list(records)[number % 3 :] + list(records):
            if not same(store.load(index), records[index]):
                wrong.append(index)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def _load_all(store: Store, records: dict[int, Record], queue: Any) -> None:
    queue.put([same(store.load(index), states) for index, states in records.items()])


@pytest.mark.parametrize(("method", "touched"), [("fork", False), ("fork", True), ("spawn", True)])
def test_processes_share_a_store(method: str, touched: bool, path: Path, records: dict[int, Record]) -> None:
    store = open_store(path)
    if touched:
        store.load(1)
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    children = [context.Process(target=_load_all, args=(store, records, queue)) for _ in range(2)]
    for child in children:
        child.start()
    assert same(store.load(8), records[8])  # the parent reads on meanwhile
    for child in children:
        assert queue.get(timeout=60) == [True] * 3
        child.join()
        assert child.exitcode == 0
    assert same(store.load(3), records[3])
    queue.close()
    queue.join_thread()


def test_the_file_may_go_while_it_is_open(path: Path, records: dict[int, Record], tmp_path: Path) -> None:
    """A store that another replaces: who has it open goes on with what was opened."""
    copied = tmp_path / "copy.h5"
    copied.write_bytes(path.read_bytes())
    store = open_store(copied)
    copied.unlink()
    assert same(store.load(3), records[3])
