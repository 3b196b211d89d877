"""Files of a few KB that ask for more memory than any archive: each is refused with the limit, in bounded memory."""

from __future__ import annotations

import bz2
import pickle
import pickletools
import struct
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

import pytest
from support.files import Call, write_folder
from support.memory import refused
from support.records import record

from natsbin._pickle import Unpickler
from natsbin.archive import open_archive, tensors
from natsbin.errors import ArchiveError
from natsbin.spaces import SSS

torch = pytest.importorskip("torch", reason="some of the files are torch's")

READ = "from natsbin.archive import open_archive", "open_archive(path, weights=True).read(5)"
STREAM = "from natsbin.archive import open_archive", "for task in open_archive(path, 'sss').tasks(): list(task.read())"
OD = b"\x8c\x0bcollections\x8c\x0bOrderedDict\x93"
MANY = 1 << 20

# Each a pickle that never gets to its end.
OBJECTS = {
    "a list of ints": (b"\x80\x04](" + (b"K\x07" * 100_000 + b"e(") * (MANY // 100_000 + 1), "items in its containers"),
    "a list that grows one by one": (b"\x80\x04]" + b"Na" * MANY, "items in its containers"),
    "a stack of values": (b"\x80\x04(" + b"N" * MANY, "items in its containers"),
    "a stack of floats": (b"\x80\x04(" + b"G\0\0\0\0\0\0\0\1" * MANY, "items in its containers"),
    "a memo": (b"\x80\x04N" + b"\x94" * MANY, "memo entries of one architecture"),
    "a memo, put by number": (
        b"\x80\x04N" + b"".join(b"r" + struct.pack("<I", i) for i in range(MANY)),
        "memo entries of one architecture",
    ),
    "ordered dicts": (b"\x80\x04" + OD + b"\x94)R" + b"h\0)R" * (MANY // 4), "containers, far above"),
    "sets": (b"\x80\x04" + b"\x8f" * MANY, "containers, far above"),
    "a set of ints": (
        b"\x80\x04\x8f" + b"".join(b"(" + b"J" + struct.pack("<i", i) + b"\x90" for i in range(MANY)),
        "items in its containers",
    ),
    "one text": (b"\x80\x04X\0\0\0\x02" + bytes(1 << 24), "33,554,432 bytes; at most 16,777,216"),
}


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("kind", ["folder", "benchmark"])
def test_objects(kind: str, name: str, tmp_path: Path) -> None:
    data, message = OBJECTS[name]
    if kind == "folder":
        path = write_folder(tmp_path / "a", SSS, {})
        (path / "000005.pickle.pbz2").write_bytes(bz2.compress(data))
    else:
        path = tmp_path / "a.pickle.pbz2"
        path.write_bytes(bz2.compress(b"\x80\x04}(" + data[2:]))
    took, error = refused(*(READ if kind == "folder" else STREAM), path)
    assert message in error or "more than 16,777,216 bytes" in error
    assert took < 150


def test_numbers_of_one_tensor_are_many(tmp_path: Path) -> None:
    big = record(SSS, 5)
    big["12"]["all_results"]["cifar10", 777]["net_state_dict"] = OrderedDict(a=torch.zeros(5 << 20))
    took, error = refused(*READ, write_folder(tmp_path / "a", SSS, {5: big}))
    assert "a text or tensor of 20,9" in error
    assert took < 100


def test_views_of_one_storage(tmp_path: Path) -> None:
    """700 tensors of 4 MB on one storage of 4 MB: 2.8 GB when each is copied."""
    saved = next(one for _, one, _ in pickletools.genops(pickle.dumps(torch.zeros(1 << 20), 4)) if type(one) is bytes)
    storage = Call(torch.storage._load_from_bytes, saved)
    view = 0, (1 << 20,), (1,), False, OrderedDict()
    views = OrderedDict((f"{number}", Call(torch._utils._rebuild_tensor_v2, storage, *view)) for number in range(700))
    big = record(SSS, 5)
    big["12"]["all_results"]["cifar10", 777]["net_state_dict"] = views
    path = write_folder(tmp_path / "a", SSS, {5: big})
    assert (path / "000005.pickle.pbz2").stat().st_size < 40_000
    took, error = refused(*READ, path)
    assert "tensors of more than 268,435,456 bytes" in error
    assert took < 100


def test_the_number_of_tensors() -> None:
    load = tensors.admit()["torch._utils", "_rebuild_tensor_v2"]
    storage = tensors.Storage(bytes(8), 0, tensors.DTYPES[b"Float"], 2)
    for _ in range(tensors.MOST_TENSORS):
        load(storage, 0, (1,), (1,), False, None)
    with pytest.raises(ArchiveError, match="more than 50,000 tensors"):
        load(storage, 0, (1,), (1,), False, None)


def test_a_compressed_file_that_is_too_long(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "a", SSS, {5: record(SSS, 5)})
    with (path / "000005.pickle.pbz2").open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(ArchiveError, match="1,099,511,627,776 bytes; at most 268,435,456 were expected"):
        open_archive(path, weights=True).read(5)


def stream_of(parts: Iterable[bytes]) -> None:
    """Reads a benchmark file whose architectures are empty dicts, each followed by one of ``parts``."""
    unpickler = Unpickler("a file", 1 << 24, streaming=True)
    unpickler.feed(b"\x80\x04}(\x8c\x0aarch2infos}(")
    for index, part in enumerate(parts):
        unpickler.feed(b"J" + struct.pack("<i", index) + b"}" + part)


def test_a_memo_that_only_grows() -> None:
    stream_of([b"\x94" * 20_000] * 100)
    with pytest.raises(ArchiveError, match="memo entries of 8 architectures; at most 32,768 each"):
        stream_of([b"\x94" * 100_000] * 100)


def test_long_strings_in_a_memo() -> None:
    length = 1 << 20
    texts = (b"(K\x01X" + struct.pack("<I", length) + b"%0*d" % (length, number) + b"\x94u" for number in range(70))
    with pytest.raises(ArchiveError, match="more than 67,108,864 characters of long strings"):
        stream_of(texts)


def test_numbers_in_a_memo() -> None:
    with pytest.raises(ArchiveError, match="more than 4,194,304 numbers and small containers"):
        stream_of([b"(" + b"K\x01K\x01\x85\x94" * 30_000 + b"u"] * 150)
