"""Packed and mapped, verified and exported: the same answers, the same records, and nothing half-done."""

from __future__ import annotations

import bz2
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support.files import dump, load, make_meta, record_path
from support.made import Made
from support.records import Record, assert_holds, record, same, write_store

from natsbin._util.compare import difference
from natsbin.errors import ArchiveError, OutputError, StoreError
from natsbin.roads.export import export
from natsbin.roads.verify import verify
from natsbin.spaces import SSS, TSS
from natsbin.store import Store, open_store
from natsbin.store import format as fmt
from natsbin.store.pack import pack, unpack
from natsbin.store.verify import check

INDEXES = [0, 3, 9075]


@pytest.fixture(scope="module")
def records() -> dict[int, Record]:
    records = {index: record(TSS, index, "12", "200") for index in INDEXES}
    trial = next(iter(records[3]["12"]["all_results"].values()))
    trial["latency"], trial["note"] = -1, [None, "odd"]
    return records


@pytest.fixture(scope="module")
def mapped(records: dict[int, Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("states") / "mapped.h5", TSS, records)


@pytest.fixture(scope="module")
def packed(mapped: Path) -> Path:
    return pack(mapped, mapped.with_name("packed.h5"))


@pytest.fixture(scope="module")
def unpacked(packed: Path) -> Path:
    return unpack(packed, packed.with_name("unpacked.h5"))


def flip(path: Path, out: Path, name: str) -> Path:
    """A copy with one bit flipped amid the first chunk of a dataset."""
    with h5py.File(path) as file:
        info = file[name].id.get_chunk_info(0)
    data = bytearray(path.read_bytes())
    data[info.byte_offset + info.size // 2] ^= 4
    out.unlink(missing_ok=True)  # a new file: the one before may still be open
    out.write_bytes(data)
    return out


# -- states -------------------------------------------------------------------------------------------------


def test_both_states_answer_alike(mapped: Path, packed: Path, unpacked: Path, records: dict[int, Record]) -> None:
    for path, state in ((mapped, False), (packed, True), (unpacked, False)):
        store = open_store(path)
        assert store.packed is state
        assert store.keys == open_store(mapped).keys
        assert_holds(path, records)


def test_every_dataset_of_a_packed_store_is_filtered(packed: Path, mapped: Path) -> None:
    small, large = open_store(packed), open_store(mapped)
    paths = small.file.index.paths
    assert paths == large.file.index.paths
    for path in paths:
        assert small.data(path).filters
        assert small.data(path).stored_bytes <= large.data(path).chunk_bytes * large.data(path).total
        assert bool(large.data(path).filters) == (path in fmt.TEXTS)
    total = [sum(store.data(path).stored_bytes for path in paths) for store in (small, large)]
    assert total[0] < 0.9 * total[1]


def test_packing_keeps_the_tree(mapped: Path, packed: Path, unpacked: Path) -> None:
    trees = [tree(path) for path in (mapped, packed, unpacked)]
    assert trees[0] == trees[1] == trees[2]
    with h5py.File(mapped) as one, h5py.File(unpacked) as other:
        assert dict(one.attrs) == dict(other.attrs)


def tree(path: Path) -> dict[str, Any]:
    """Everything about each dataset but where and how its bytes lie."""
    found: dict[str, Any] = {}

    def visit(name: str, node: Any) -> None:
        if not isinstance(node, h5py.Dataset):
            return
        attrs = {
            key: (type(value), np.asarray(value).tolist())
            for key, value in node.attrs.items()
            if key not in ("REFERENCE_LIST", "DIMENSION_LIST")
        }
        dims = [[scale.name for scale in axis.values()] for axis in node.dims]
        values = node[()].tobytes() if not name.endswith(f"/{fmt.TRIAL}") else None
        found[name] = (node.shape, node.chunks, node.id.get_type(), str(node.fillvalue), attrs, dims, values)

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def test_hdf5_reads_packed_values(mapped: Path, packed: Path) -> None:
    """Chunks that did not get shorter are stored as they are, and any HDF5 reader knows."""
    with h5py.File(packed) as file:
        masks = {
            file[path].id.get_chunk_info(number).filter_mask
            for path in open_store(packed).file.index.paths
            for number in range(file[path].id.get_num_chunks())
        }
    assert masks == {0, 3}  # both kinds were read by test_packing_keeps_the_tree


def test_packing_checks_what_it_copies(mapped: Path, packed: Path, tmp_path: Path) -> None:
    for source, copy in ((mapped, pack), (packed, unpack)):
        bad = flip(source, tmp_path / "bad.h5", "12/cifar100/train_loss")
        with pytest.raises(StoreError, match=r"12/cifar100/train_loss.*damaged"):
            copy(bad, tmp_path / "out.h5")
        assert os.listdir(tmp_path) == ["bad.h5"]


def test_packing_takes_no_place_that_is_taken(mapped: Path, tmp_path: Path) -> None:
    (tmp_path / "out.h5").write_text("mine")
    with pytest.raises(OutputError, match=r"exists already.*--force"):
        pack(mapped, tmp_path / "out.h5")
    assert (tmp_path / "out.h5").read_text() == "mine"
    pack(mapped, tmp_path / "out.h5", force=True)
    assert open_store(tmp_path / "out.h5").packed
    told: list[tuple[int, int]] = []
    pack(tmp_path / "out.h5", tmp_path / "out.h5", force=True, progress=lambda *done: told.append(done))  # onto itself
    assert open_store(tmp_path / "out.h5").packed
    assert told[-1][0] == told[-1][1] == len(told) - 1
    assert os.listdir(tmp_path) == ["out.h5"]


# -- verify -------------------------------------------------------------------------------------------------


@pytest.fixture
def archive(made: Made) -> Path:
    return made.archive(SSS, [1, 2, 5])


@pytest.fixture(scope="module")
def converted(mapped: Path) -> Path:
    return write_store(mapped.with_name("sss.h5"), SSS, {index: record(SSS, index) for index in (1, 2, 5)})


def test_verify_counts_what_it_found_in_order(mapped: Path, packed: Path) -> None:
    told: list[tuple[int, int]] = []
    found = verify(mapped, progress=lambda *done: told.append(done))
    store = open_store(mapped)
    assert found.architectures == 0
    assert found.checked.datasets == len(store.file.index.paths)
    assert told == [(done, found.checked.datasets) for done in range(found.checked.datasets + 1)][: len(told)]
    assert found == verify(store)
    assert verify(packed) == found


def test_verify_with_the_archive(converted: Path, archive: Path) -> None:
    for jobs in (1, 2):
        assert verify(converted, archive, jobs=jobs).architectures == 3


def test_verify_names_every_difference(converted: Path, archive: Path, tmp_path: Path) -> None:
    changed = record(SSS, 2)
    trial = changed["12"]["all_results"]["cifar100", 777]
    trial["train_losses"][4] = np.nextafter(trial["train_losses"][4], 9.0).item()
    other = Path(shutil.copytree(archive, tmp_path / "other"))
    dump(changed, record_path(other, 2))
    record_path(other, 5).unlink()
    dump(record(SSS, 7), record_path(other, 7))
    with pytest.raises(StoreError) as caught:
        verify(converted, other)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert "architecture 2['12']['all_results'][('cifar100', 777)]['train_losses'][4]" in lines[0]
    assert "architecture 7: absent, but in the archive" in lines[1]
    assert "architecture 5 is not in the archive" in lines[2]
    with pytest.raises(StoreError, match="topology space, the archive of size"):
        verify(write_store(tmp_path / "tss.h5", TSS, {3: record(TSS, 3, "12")}), archive)
    with pytest.raises(ArchiveError):
        verify(converted, tmp_path / "nowhere")


@pytest.mark.parametrize("state", ["mapped", "packed"])
def test_verify_finds_any_flipped_chunk(state: str, mapped: Path, packed: Path, tmp_path: Path) -> None:
    path = mapped if state == "mapped" else packed
    store = open_store(path)
    names = [name for name in store.file.index.paths if "/" in name]
    for name in names[:: len(names) // 12]:
        bad = open_store(flip(path, tmp_path / "bad.h5", name))
        with pytest.raises(StoreError, match=f"{name}.*damaged") as caught:
            check(bad)
        assert len(str(caught.value).splitlines()) == 1


# -- differences --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "where"),
    [
        (1, True, "of type int"),
        (1.0, np.float64(1.0), "of type float"),
        ({"a": 0.0}, {"a": -0.0}, "['a']: 0.0, not -0.0"),
        ({"a": [1, 2]}, {"a": [1]}, "['a']: 2 items, not 1"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "order of keys[0]: 'a', not 'b'"),
        ({"a": 1}, {"b": 1}, "has ['a'], lacks ['b']"),
        ({1: "x"}, {True: "x"}, "order of keys[0]: 1 of type int"),
        ({("a", 1): 0.5}, {("a", 1.0): 0.5}, "order of keys[0][1]"),
        ({1, 2}, {1, 3}, "{1, 2}, not {1, 3}"),
        ({1}, {True}, "{1}, not {True}"),
        ({0: 1.0, 1: 2.0}, {0: 1.0, 1: 2.5}, "[1]: 2.0, not 2.5"),
        ("a" * 200, "b", "..., not 'b'"),
    ],
)
def test_difference_says_where(left: Any, right: Any, where: str) -> None:
    assert where in (difference(left, right) or "")
    assert difference(left, left) is None
    assert difference(right, right) is None


def test_nan_equals_itself() -> None:
    one, other = ({"a": [float("nan")], "b": np.float32("nan")} for _ in range(2))
    assert difference(one, other) is None


# -- export -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("state", ["mapped", "packed"])
def test_export_writes_the_archive_back(
    state: str, jobs: int, mapped: Path, packed: Path, records: dict[int, Record], tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    store: Store | Path = mapped if state == "mapped" else open_store(packed)
    out = export(store, tmp_path / "archive", jobs=jobs, progress=lambda *done: told.append(done))
    assert told == [(1, 3), (2, 3), (3, 3)]
    names = [f"{index:06d}.pickle.pbz2" for index in INDEXES]
    assert sorted(os.listdir(out)) == [*names, "meta.pickle.pbz2"]
    for index, name in zip(INDEXES, names, strict=True):
        data = bz2.decompress((out / name).read_bytes())
        assert data[:2] == b"\x80\x04"  # protocol 4
        assert same(pickle.loads(data), records[index])
    assert same(load(out / "meta.pickle.pbz2"), make_meta(TSS))
    assert os.listdir(tmp_path) == ["archive"]


def test_export_of_genuine_samples(genuine: tuple[str, Path], tmp_path: Path) -> None:
    """Read with the pickle module, by nothing of natsbin: equal in types, orders and bits, meta included."""
    name, folder = genuine
    files = {file.name: load(file) for file in sorted(folder.glob("*.pbz2"))}
    records = {int(name[:6]): states for name, states in files.items() if name[0] == "0"}
    path = write_store(tmp_path / "store.h5", {"tss": TSS, "sss": SSS}[name], records)
    for source in (path, pack(path, tmp_path / "packed.h5")):
        out = export(source, tmp_path / "archive", force=True)
        assert sorted(os.listdir(out)) == sorted(files)
        for file in out.iterdir():
            assert same(load(file), files[file.name])


def test_export_replaces_only_archives(mapped: Path, tmp_path: Path) -> None:
    out = export(mapped, tmp_path / "archive")
    with pytest.raises(OutputError, match=r"exists already.*--force"):
        export(mapped, out)
    (out / "009999.pickle.pbz2").write_text("older")
    export(mapped, out, force=True)
    assert len(os.listdir(out)) == 4
    (out / "thesis.tex").write_text("precious")
    with pytest.raises(OutputError, match=r"holds thesis.tex.*not replaced"):
        export(mapped, out, force=True)
    assert (out / "thesis.tex").read_text() == "precious"
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="no folder"):
        export(mapped, tmp_path / "file", force=True)
    with pytest.raises(OutputError, match="there is no folder"):
        export(mapped, tmp_path / "nowhere" / "archive")
    assert sorted(os.listdir(tmp_path)) == ["archive", "file"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_export_of_a_damaged_store_leaves_nothing(jobs: int, mapped: Path, tmp_path: Path) -> None:
    bad = flip(mapped, tmp_path / "bad.h5", "200/cifar100/train_loss")
    with pytest.raises(StoreError, match="200/cifar100/train_loss"):
        export(bad, tmp_path / "archive", jobs=jobs)
    assert os.listdir(tmp_path) == ["bad.h5"]
