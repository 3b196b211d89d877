"""The index: what HDF5 says of the same file, read without libhdf5, from one descriptor."""

from __future__ import annotations

import gc
import gzip
import multiprocessing
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support.paths import GOLDEN, load_tool
from support.records import Record, record, same, write_store

import natsbin
from natsbin.errors import ArchiveError, StoreError
from natsbin.spaces import TSS
from natsbin.store import Store, hdf5, open_store
from natsbin.store import format as fmt
from natsbin.store.dataset import read_dataset
from natsbin.store.pack import pack, unpack
from natsbin.store.seal import seal
from natsbin.store.verify import check

reads_version_1 = pytest.mark.skipif(
    h5py.version.hdf5_version_tuple < hdf5.READS_VERSION_1, reason="this HDF5 is older than those that wrote it"
)


@pytest.fixture(scope="module")
def records() -> dict[int, Record]:
    return {index: record(TSS, index, "12") for index in (3, 8)}


@pytest.fixture(scope="module", params=["mapped", "packed"])
def path(request: pytest.FixtureRequest, records: dict[int, Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    archs = TSS.architectures[:]
    archs[0], archs[1] = archs[1], archs[0]
    path = write_store(folder / "mapped.h5", TSS, records, archs=archs)
    return path if request.param == "mapped" else pack(path, folder / "packed.h5")


def golden(folder: Path, name: str) -> Path:
    path = folder / "golden.h5"
    path.write_bytes(gzip.decompress((GOLDEN / name).read_bytes()))
    return path


def test_the_index_says_what_hdf5_says(path: Path) -> None:
    index = open_store(path).file.index
    datasets = {name: read_dataset(index, name) for name in index.paths}
    checksums = {name: one.chunks["checksum"].reshape(one.counts) for name, one in datasets.items()}
    with h5py.File(path) as file:
        header, chunks = hdf5.describe(file, checksums)
    assert header["attrs"] == index.attrs
    assert header["axes"] == index.axes
    assert sorted(header["datasets"]) == index.paths
    for name, entry in header["datasets"].items():
        found = datasets[name]
        assert entry["attrs"] == found.attrs
        assert tuple(entry["dims"]) == found.dims
        first = entry["first"]
        assert chunks[first : first + len(found.chunks)].tobytes() == found.chunks.tobytes()


@reads_version_1
@pytest.mark.parametrize("name", ["v1/tss.h5.gz", "v1/sss.packed.h5.gz"])
def test_a_store_of_version_1_becomes_one_of_version_2(name: str, tmp_path: Path) -> None:
    old = open_store(golden(tmp_path, name))
    new = open_store(unpack(old.path, tmp_path / "new.h5"))
    assert (old.attrs["format_version"], new.attrs["format_version"]) == (1, 2)
    assert (old.file.indexed, new.file.indexed) == (False, True)
    for index in old.indexes.tolist():
        assert same(new.load(index), old.load(index))
    with h5py.File(new.path) as file:
        assert fmt.CHECKSUMS not in file


@reads_version_1
def test_version_1_that_the_installed_hdf5_cannot_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As HDF5 1.14 does with files of HDF5 2.0."""
    old = golden(tmp_path, "v1/tss.h5.gz")

    def fail(*_: object) -> None:
        raise OSError("Unable to synchronously open object (bad version number for layout message)")

    monkeypatch.setattr(hdf5, "describe", fail)
    with pytest.raises(StoreError, match=rf"HDF5 {h5py.version.hdf5_version}.*cannot read \(Unable.*natsbin unpack"):
        open_store(old)


ASK = """
import sys
import natsbin
from natsbin.store import open_store
api = natsbin.create(sys.argv[1], "tss", fast_mode=True, verbose=False)
api.get_more_info(3, "cifar100", hp="12", is_random=False)
api.get_cost_info(3, "cifar100", hp="12")
from natsbin.store.verify import check
store = open_store(sys.argv[1])
store.load(3)
check(store)
print([name for name in ("h5py", "click", "rich") if name in sys.modules])
"""


def test_h5py_is_not_imported_to_read(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ASK, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# -- one descriptor ----------------------------------------------------------------------------------------


def replace_for_ever(source: Path, path: Path, stop: Any) -> None:
    data = source.read_bytes()
    while not stop.is_set():
        part = path.with_suffix(".part")
        part.write_bytes(data)
        os.replace(part, path)


@pytest.mark.parametrize("times", [300, pytest.param(1000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("mmap", [True, False])
def test_opening_a_store_that_is_being_replaced(
    mmap: bool, times: int, path: Path, records: dict[int, Record], tmp_path: Path
) -> None:
    target = tmp_path / "store.h5"
    target.write_bytes(path.read_bytes())
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    replacer = context.Process(target=replace_for_ever, args=(path, target, stop))
    replacer.start()
    try:
        for number in range(times):
            store = open_store(target, mmap=mmap)
            if number % 30 == 0:
                assert same(store.load(3), records[3])
        assert replacer.is_alive()
    finally:
        stop.set()
        replacer.join(60)
    assert replacer.exitcode == 0


def test_descriptors_are_closed_without_the_collector(path: Path) -> None:
    """A store is in no circle of references, so it ends with the last name for it."""
    with pytest.raises(StoreError):
        open_store(Path(__file__))
    gc.collect()
    gc.disable()
    try:
        before = len(os.listdir("/proc/self/fd"))
        for mmap in (True, False):
            store = open_store(path, mmap=mmap)
            store.load(3)
            for key in store.keys:
                assert store.table(*key).columns
            assert store.regular.any()
            assert store.meta_archs
            assert len(os.listdir("/proc/self/fd")) > before
            del store
            assert len(os.listdir("/proc/self/fd")) == before
        with pytest.raises(StoreError):
            open_store(Path(__file__))
        assert len(os.listdir("/proc/self/fd")) == before
    finally:
        gc.enable()


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", Path("/dev/null")):
        with pytest.raises(StoreError, match="no regular file"):
            open_store(path)


# -- without a map ------------------------------------------------------------------------------------------


def test_answers_without_a_map(path: Path, records: dict[int, Record]) -> None:
    store = open_store(path, mmap=False)
    for index, states in records.items():
        assert same(store.load(index), states)
    assert check(store) == check(open_store(path))


def test_a_file_system_without_maps(path: Path, records: dict[int, Record], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(19, "No such device")

    monkeypatch.setattr("natsbin.store.file.mmap.mmap", refuse)
    assert same(open_store(path).load(8), records[8])


# -- files that change while open ---------------------------------------------------------------------------


def cut(path: Path) -> None:
    os.truncate(path, 5000)


def cut_to_nothing(path: Path) -> None:
    os.truncate(path, 0)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def rewrite(path: Path) -> None:
    """Other bytes in the same place, as `cp` over a file writes them."""
    data = np.frombuffer(path.read_bytes(), np.uint8) ^ np.uint8(1)
    state = path.stat()
    with path.open("r+b") as file:
        file.write(data.tobytes())
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))  # clocks may be coarse


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize("change", [cut, cut_to_nothing, grow, rewrite])
def test_files_that_change_while_they_are_open(
    change: Callable[[Path], None], mmap: bool, path: Path, records: dict[int, Record], tmp_path: Path
) -> None:
    """In a process of its own, for which a signal would be the end."""
    target = tmp_path / "store.h5"
    target.write_bytes(path.read_bytes())
    store = open_store(target, mmap=mmap)
    assert same(store.load(3), records[3]) or not mmap
    untouched = open_store(target, mmap=mmap)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    change(target)
    child = context.Process(target=ask_changed, args=(untouched, queue))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert "was changed while it is open" in queue.get()
    queue.close()
    if not mmap:
        assert same(store.load(3), records[3])  # from memory: all of its chunks were used before


def ask_changed(store: Store, queue: Any) -> None:
    try:
        store.load(3)
        queue.put("an answer")
    except StoreError as error:
        queue.put(str(error))


def test_other_names_and_permissions_are_no_change(path: Path, records: dict[int, Record], tmp_path: Path) -> None:
    target = tmp_path / "store.h5"
    target.write_bytes(path.read_bytes())
    store = open_store(target)
    target.chmod(0o400)
    os.link(target, tmp_path / "link.h5")
    target.unlink()
    target.write_bytes(b"another")
    assert same(store.load(3), records[3])


def test_a_text_that_unpacks_to_far_more_than_the_file(path: Path, tmp_path: Path) -> None:
    tool = load_tool("fuzz_store")

    def change(header: Any, _: object) -> None:
        header["datasets"]["forms"] |= {"shape": [2**30], "chunk": [2**30]}

    forged = tool.forge(path.read_bytes(), load_tool("mutate").payload(path), tmp_path / "forged.h5", change)
    with pytest.raises(StoreError, match=r"forms: damaged: chunks of 1,073,741,824 bytes; at most \d,\d{3},\d{3} were"):
        open_store(forged).load(3)


def test_forms_that_could_not_be_read_again_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("natsbin.store.writer.most_text_bytes", lambda stored: 100)
    with pytest.raises(ArchiveError, match="bytes of numbers; at most 100 bytes of forms can be read again"):
        write_store(tmp_path / "x.h5", TSS, {3: record(TSS, 3, "12")})
    assert not list(tmp_path.iterdir())


def test_a_sparse_file_with_a_valid_seal(tmp_path: Path) -> None:
    """All bytes outside of chunks are read at opening: a sparse file has terabytes of them, on no disk."""
    path = tmp_path / "sparse.h5"
    with path.open("wb") as file:
        file.write(b"\x89HDF\r\n\x1a\n")
        file.truncate(1 << 42)
        file.seek(0, 2)
        file.write(struct.pack("<QQ", 0, 0) + fmt.SEAL)
    with pytest.raises(StoreError, match="bytes outside of chunks; at most"):
        open_store(path)


def test_an_index_of_too_many_bytes(tmp_path: Path) -> None:
    path = tmp_path / "long.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    seal(path, [], b"[" * ((1 << 24) + 1) + struct.pack("<QQ8s", (1 << 24) + 1, 0, b"natsidx\n"))
    with pytest.raises(StoreError, match="an index of 16,777,217 bytes; at most"):
        open_store(path)


Header = dict[str, Any]


def no_entry(header: Header) -> None:
    header["datasets"]["12/cifar10/epoch"] = 5


def long_chunks(header: Header) -> None:
    header["datasets"]["architecture"]["chunk"] = [1000]


def no_tables(header: Header) -> None:
    header["datasets"] = {path: one for path, one in header["datasets"].items() if "/" not in path}


@pytest.mark.parametrize(
    ("change", "ask"),
    [
        (no_entry, open_store),
        (long_chunks, lambda path: pack(path, path.with_name("packed.h5"))),
        (long_chunks, lambda path: unpack(path, path.with_name("unpacked.h5"))),
        (no_tables, lambda path: open_store(path).longest_hp),
    ],
)
def test_a_forged_index(
    path: Path, tmp_path: Path, change: Callable[[Header], None], ask: Callable[[Path], Any]
) -> None:
    forge, payload = load_tool("fuzz_store").forge, load_tool("mutate").payload
    forged = forge(path.read_bytes(), payload(path), tmp_path / "forged.h5", lambda header, _: change(header))
    with pytest.raises(StoreError):
        ask(forged)
    assert [one.name for one in tmp_path.iterdir()] == ["forged.h5"]


@pytest.mark.parametrize("epochs", [2**33, 2**49, 2**61])
@pytest.mark.parametrize("chunk", [1, 2**20, None])
def test_epochs_whose_bytes_wrap_a_size(path: Path, tmp_path: Path, epochs: int, chunk: int | None) -> None:
    """Such stores wrote outside of the memory that their wrapped product asked for, or read far behind a chunk."""

    def change(header: Header, _: Any) -> None:
        for name, one in header["datasets"].items():
            if name.startswith("12/cifar10/") and (len(one["shape"]) == 2 or name.endswith("/epoch")):
                one["shape"][0], one["chunk"][0] = epochs, chunk or epochs

    forge, payload = load_tool("fuzz_store").forge, load_tool("mutate").payload
    forged = forge(path.read_bytes(), payload(path), tmp_path / "forged.h5", change)

    def ask() -> None:
        store = open_store(forged)
        natsbin.create(store.path, "tss", True, False).get_more_info(int(store.indexes[0]), "cifar10", hp="12")
        check(store)

    with pytest.raises(StoreError):
        ask()
