"""Weights files: what goes in comes out, on the file's own bytes, and a damaged file is refused."""

from __future__ import annotations

import copy
import errno
import gc
import io
import json
import mmap
import os
import pickle
import random
import struct
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="weights are tensors")

from support.files import load, record_path  # noqa: E402 - after the skip
from support.full import INDEXES, make_full, same_weights  # noqa: E402
from support.paths import run_python  # noqa: E402

from natsbin import convert_weights  # noqa: E402
from natsbin.errors import NatsbinError, QuestionError, StoreError  # noqa: E402
from natsbin.weights import Key, Weights, open_weights, reader  # noqa: E402
from natsbin.weights import format as fmt  # noqa: E402
from natsbin.weights.format import Structure  # noqa: E402


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_full(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def path(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert_weights(full, tmp_path_factory.mktemp("weights") / "sss.h5", jobs=1)


@pytest.fixture
def weights(path: Path) -> Weights:
    return open_weights(path)


def trials(full: Path) -> dict[Key, Any]:
    """What the archive has, read by pickle and torch."""
    return {
        Key(index, hp, dataset, seed): trial["net_state_dict"]
        for index in INDEXES
        for hp, state in load(record_path(full, index)).items()
        for (dataset, seed), trial in state["all_results"].items()
    }


def test_what_went_in_comes_out(full: Path, weights: Weights) -> None:
    theirs = trials(full)
    assert set(weights.keys()) == {key for key, value in theirs.items() if value is not None}
    assert list(weights.keys(9)) == [key for key in weights.keys() if key.architecture == 9]  # noqa: SIM118
    for key, value in theirs.items():
        if value is None:
            assert key not in weights
            with pytest.raises(QuestionError, match=f"no weights of architecture {key.architecture}, hp '{key.hp}'"):
                weights.state_dict(*key)
            continue
        assert key in weights
        for copied in (False, True):
            found = weights.state_dict(*key, copy=copied)
            assert same_weights(found, value)
            assert all(tensor.is_contiguous() for tensor in found.values())
        arrays = weights.arrays(*key)
        assert all(np.array_equal(arrays[name], tensor.numpy()) for name, tensor in value.items())
    assert weights.check() == len(weights)


def test_equal_networks_share_a_structure(path: Path, weights: Weights) -> None:
    assert path.read_bytes().count(b"every other") == 2
    assert len(weights) > 80


def test_changes_stay_with_the_caller(path: Path, weights: Weights) -> None:
    key = next(weights.keys())
    before, mine = path.read_bytes(), weights.state_dict(*key)
    mine["stem.weight"].fill_(7)
    mine["num_batches_tracked"] += 1
    mine._metadata[""]["version"] = 9
    again = weights.state_dict(*key)
    assert not torch.equal(again["stem.weight"], mine["stem.weight"])
    assert again["num_batches_tracked"] + 1 == mine["num_batches_tracked"]
    assert again._metadata[""]["version"] == 1
    assert path.read_bytes() == before


def test_tensors_lie_in_the_map_and_outlive_it(weights: Weights) -> None:
    key = next(weights.keys())
    found = weights.state_dict(*key)
    assert len(weights._maps) == 1
    kept = found["half"]
    expected = kept.clone()
    del found, weights
    gc.collect()
    assert torch.equal(kept, expected)


def test_many_networks_at_once_do_not_take_all_file_descriptors(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MOST_MAPS", 5)
    everything = {key: weights.state_dict(*key) for key in weights.keys()}  # noqa: SIM118
    assert len(weights._maps) == 5
    assert all(same_weights(found, weights.state_dict(*key)) for key, found in everything.items())


def test_structures_are_forgotten_and_read_again(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_STRUCTURES", 1)
    for key in [*weights.keys(), *weights.keys()]:
        assert len(weights.state_dict(*key)) in (9, 10)
        assert len(weights._structures) == 1


def test_pickled_and_copied_by_its_path(weights: Weights) -> None:
    key = next(weights.keys())
    for other in (pickle.loads(pickle.dumps(weights)), copy.deepcopy(weights)):
        assert same_weights(other.state_dict(*key), weights.state_dict(*key))
    assert "networks of 6 architectures" in repr(weights)
    expected = {"space": "sss", "source": "NATS-sss-v1_0-50262-full", "hps": ["01", "12", "90"]}
    assert weights.head | expected == weights.head


def test_torch_is_needed_for_tensors_alone(full: Path, tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from natsbin import convert_weights\n"
        "from natsbin.weights import open_weights\n"
        "weights = open_weights(convert_weights(sys.argv[1], sys.argv[2], jobs=1, indexes=[3]))\n"
        "assert weights.arrays(*next(weights.keys()))['bits'].tolist() == [True, False, True]\n"
    )
    assert run_python(program, full, tmp_path / "x.h5").returncode == 0


def test_the_layout_is_as_documented(full: Path, path: Path) -> None:
    """Walks the file by docs/weights.md, without the reader."""
    data = path.read_bytes()
    sections = []
    at = 0
    while at < len(data):
        kind = data[at : at + 8].rstrip(b"\0")
        number, table, text, payload = np.frombuffer(data, "<u8", 4, at + 8).tolist()
        body = at + 64
        sections.append((kind, number, at, data[body : body + table], data[body + table : body + table + text]))
        assert fmt.checksum(data[at : at + 56] + data[body : body + table + text]) == int.from_bytes(
            data[at + 56 : body], "little"
        )
        state = bytes(16)
        if kind == b"ARCHITEC":
            found = record_path(full, number).stat()
            state = blake2b(f"0 {found.st_size} {found.st_size} {found.st_mtime_ns};".encode(), digest_size=16).digest()
        assert data[at + 40 : at + 56] == state
        at = body + -(-(table + text) // 64) * 64 + payload
    kinds = [section[0] for section in sections]
    assert kinds == [b"NATSBINW", *[b"ARCHITEC"] * 6, b"INDEX", b"STRUCTUR", b"END"]
    assert [number for kind, number, *_ in sections if kind == b"ARCHITEC"] == list(INDEXES)
    assert b"".join(table for kind, _, _, table, _ in sections if kind == b"ARCHITEC") == sections[-3][3]
    assert sections[-1][1] == sections[-3][2]


# -- damage ---------------------------------------------------------------------------------------------------


def use(path: Path) -> None:
    weights = open_weights(path)
    weights.check()
    for key in weights.keys():  # noqa: SIM118
        weights.state_dict(*key)


def damaged_copy(data: bytes, folder: Path) -> Path:
    path = folder / "x.weights"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("size", [0, 1, 63, 64, 200, 5_000])
def test_cut_short(path: Path, tmp_path: Path, size: int) -> None:
    with pytest.raises(StoreError, match=r"x\.weights: no weights file, cut short or damaged: no section"):
        open_weights(damaged_copy(path.read_bytes()[:size], tmp_path))


def test_no_file_and_other_files(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nothing.weights: cannot be read"):
        open_weights(tmp_path / "nothing.weights")
    with pytest.raises(StoreError, match=r"cannot be read|no weights file"):
        open_weights(tmp_path)
    with pytest.raises(StoreError, match="no weights file"):
        open_weights(damaged_copy(b"something else\n" * 100, tmp_path))


def test_cut_short_while_open(path: Path, tmp_path: Path) -> None:
    copied = damaged_copy(path.read_bytes(), tmp_path)
    weights = open_weights(copied)
    keys = list(weights.keys())
    os.truncate(copied, 1000)
    for copy_tensors in (False, True):
        with pytest.raises(StoreError, match=r"was changed while it is open: 1000 bytes, \d+ when it was opened"):
            weights.state_dict(*keys[-1], copy=copy_tensors)


def test_every_byte_of_a_network_is_summed(path: Path, tmp_path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[int(open_weights(path)._entries[0]["offset"]) + 5] ^= 1
    weights = open_weights(damaged_copy(data, tmp_path))
    keys = list(weights.keys())
    with pytest.raises(StoreError, match=r"Key\(architecture=0, .*does not match its checksum"):
        weights.state_dict(*keys[0])
    weights.state_dict(*keys[1])
    with pytest.raises(StoreError, match="does not match its checksum"):
        weights.check()


def test_300_damaged_files(path: Path, tmp_path: Path) -> None:
    """A file with some bytes changed answers as before, or is refused."""
    rng = random.Random(5)
    good, refused = path.read_bytes(), 0
    tail = good.index(b"INDEX\0\0\0")
    for turn in range(300):
        data = bytearray(good)
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(tail if turn % 2 else 0, len(data))] = rng.randrange(256)
        try:
            use(damaged_copy(data, tmp_path))
        except StoreError:
            refused += 1
    assert refused > 200


def _forged(path: Path, edit: Callable[[Any, Any], None]) -> bytes:
    """The file with an edited index whose checksums are right."""
    data = path.read_bytes()
    at = data.index(b"INDEX\0\0\0")
    file = io.BytesIO(data)
    file.seek(at)
    index = fmt.Section.read(file.read, len(data) - at)
    assert index is not None
    file.seek(at + index.front)
    structures = fmt.Section.read(file.read, len(data) - at - index.front)
    assert structures is not None
    entries, places = (
        np.frombuffer(index.table, fmt.ENTRY).copy(),
        np.frombuffer(structures.table, fmt.STRUCTURE).copy(),
    )
    edit(entries, places)
    end = fmt.Section(fmt.END, at, b"", b"", 0)
    index, structures = index._replace(table=entries.tobytes()), structures._replace(table=places.tobytes())
    return data[:at] + index.pack() + structures.pack() + end.pack()


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        *((0, "architecture", 5_000), (0, "hp", 3), (0, "dataset", 9), (0, "structure", 2)),
        *((0, "structure", 2**32 - 1), (0, "offset", 2**64 - 64), (0, "offset", 2**63), (0, "offset", 2**40)),
        *((0, "offset", 0), (1, "offset", 2**64 - 1), (1, "size", 2**62), (1, "size", 0), (1, "offset", 64)),
    ],
)
def test_forged_entries_and_structures(path: Path, tmp_path: Path, table: int, field: str, value: int) -> None:
    def edit(*tables: Any) -> None:
        tables[table][field][0] = value

    with pytest.raises(StoreError, match=r"x\.weights: "):
        use(damaged_copy(_forged(path, edit), tmp_path))


def test_another_version(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    with path.open("rb") as file:
        head = fmt.Section.read(file.read, len(data))
    assert head is not None
    with pytest.raises(StoreError, match="format version 2, expected 1"):
        open_weights(damaged_copy(head._replace(number=2).pack() + data[head.front :], tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        *("[" * 100_000, "[]", "{}", "\xff"),
        *(f'{{"space": "sss", "hps": {hps}, "datasets": []}}' for hps in ("5", '[["12"]]')),
    ],
    ids=lambda text: text[:40],
)
def test_forged_heads(path: Path, tmp_path: Path, text: str) -> None:
    data = path.read_bytes()
    head = fmt.Section(fmt.HEAD, 1, b"", text.encode("latin-1"), 0).pack()
    shift = len(head) - data.index(fmt.ARCHITECTURE)
    end = fmt.Section(fmt.END, data.index(b"INDEX\0\0\0") + shift, b"", b"", 0).pack()
    forged = head + data[data.index(fmt.ARCHITECTURE) : -fmt.SECTION_SIZE] + end
    with pytest.raises(StoreError, match=r"x\.weights: damaged: "):
        open_weights(damaged_copy(forged, tmp_path))


# -- structures -----------------------------------------------------------------------------------------------


TENSORS = [
    *([["a", "float32"]], [["a", "object", [1]]], [["a", "float32", [-1]]], [["a", "float32", [2**60]]]),
    *([["a", "float32", [True]]], [["a", "float32", [1.0]]], [["a", "float32", "12"]], [["a", ["float32"], []]]),
    *([["a", "float32", []], ["a", "float32", []]], [[5, "float32", []]]),
]


@pytest.mark.parametrize(
    "parsed",
    [
        *(None, [], {}),
        *({"tensors": tensors, "metadata": None} for tensors in TENSORS),
        *({"tensors": [], "metadata": metadata} for metadata in (5, [["", {"version": [1]}]], [["", 1]], [[""]])),
    ],
    ids=str,
)
def test_odd_structures_are_refused(parsed: Any) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Structure.parse(parsed)


def test_state_dicts_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="'a' is of complex64; expected one of bool"):
        Structure.of({"a": np.zeros(2, np.complex64)})
    state: Any = OrderedDict(a=np.zeros(2))
    state._metadata = {"": {"version": (1, 2)}}
    with pytest.raises(ValueError, match="_metadata of '' has 'version'"):
        Structure.of(state)


def test_a_state_dict_without_metadata() -> None:
    structure = Structure.of({"a": np.zeros((2, 3), np.float16)})
    assert Structure.parse({"tensors": [["a", "float16", [2, 3]]], "metadata": None}) == structure
    assert structure.metadata_dict() is None
    assert structure.size == 64


def test_errors_are_of_natsbin(weights: Weights) -> None:
    with pytest.raises(NatsbinError):
        weights.state_dict(0, "12", "cifar10", 5)
    with pytest.raises(KeyError):
        weights.state_dict(10**9, "12", "cifar10", 777)


def test_written_over_while_open(path: Path, tmp_path: Path) -> None:
    other = damaged_copy(path.read_bytes(), tmp_path)
    weights = open_weights(other)
    for key in weights.keys():  # noqa: SIM118 - so that all checksums have been compared
        weights.arrays(*key)
    os.utime(other, ns=(0, 0))
    for copied in (False, True):
        with pytest.raises(StoreError, match="was changed while it is open"):
            weights.arrays(*key, copy=copied)


def test_a_file_system_without_maps(weights: Weights, full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(mmap, "mmap", refused)
    key = next(weights.keys())
    assert same_weights(weights.state_dict(*key), trials(full)[key])


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.weights")
    for path in (tmp_path / "x.weights", tmp_path):
        with pytest.raises(StoreError, match="it is no regular file"):
            open_weights(path)


FORGED_SHAPES = [[0, 2**39, 2**39], [2**39], [2**28, 16], [1] * 70, [0] * 40, [-1], [1.5], [2**64, 0]]


@pytest.mark.parametrize("shape", FORGED_SHAPES, ids=str)
def test_a_forged_shape(full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: list[Any]) -> None:
    """With valid checksums: only the check of the structure stands before numpy."""
    path = convert_weights(full, tmp_path / "sss.h5", jobs=1, indexes=[3])
    whole = Structure.dumps

    def forged(self: Structure) -> str:
        parsed = json.loads(whole(self))
        parsed["tensors"][0][2] = shape
        return json.dumps(parsed, separators=(",", ":"))

    monkeypatch.setattr(Structure, "dumps", forged)
    weights = open_weights(convert_weights(full, path.with_suffix(".h5"), jobs=1, indexes=[3], force=True))
    with pytest.raises(StoreError, match="damaged"):
        weights.arrays(*next(weights.keys()))


def test_a_sparse_file_of_forged_sizes(path: Path, tmp_path: Path) -> None:
    """A file may say that it has any number of bytes, and have none of them on the disk."""
    other = tmp_path / "x.weights"
    for table in (1 << 40, (1 << 27) + 1):
        head = struct.pack("<8s4Q16xQ", fmt.HEAD, 1, table, 0, 0, 0)
        other.write_bytes(head)
        os.truncate(other, 1 << 41)
        with pytest.raises(StoreError, match="no section NATSBINW"):
            open_weights(other)
