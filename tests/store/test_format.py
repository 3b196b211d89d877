"""A reader written from docs/format.md alone, with nothing of natsbin: it must find what natsbin finds."""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xxhash
from support.records import Record, record, same, write_store

from natsbin.spaces import SSS, TSS, SearchSpace
from natsbin.store.pack import pack

MISSING = 2**64 - 1


def read_index(data: bytes) -> tuple[dict[str, Any], npt.NDArray[np.void]]:
    """The header of the index and its chunks, after the digest of everything but the runs of chunk data."""
    assert data[-8:] == b"natsbin\n"
    count, digest = struct.unpack("<2Q", data[-24:-8])
    table = len(data) - 24 - 16 * count
    runs = struct.unpack(f"<{2 * count}Q", data[table:-24])
    assert list(runs) == sorted(runs)
    edges = [0, *runs, len(data) - 16]
    covered = b"".join(data[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
    assert xxhash.xxh3_64_intdigest(covered) == digest
    assert data[table - 8 : table] == b"natsidx\n"
    length, total = struct.unpack("<2Q", data[table - 24 : table - 8])
    start = table - 24 - 24 * total
    chunks = np.frombuffer(data[start : table - 24], "<u8,<u8,<u4,<u4")
    return json.loads(data[start - length : start]), chunks


def raw(file: File, path: str) -> npt.NDArray[np.uint8]:
    """The bytes of a dataset's items, shape (*shape, size); all bits set where nothing is."""
    node = file.datasets[path]
    shape, steps, size = node["shape"], node["chunk"], item_size(node["type"])
    counts = [-(-n // c) for n, c in zip(shape, steps, strict=True)]
    whole = np.full([n * c for n, c in zip(counts, steps, strict=True)] + [size], 0xFF, np.uint8)
    places = list(np.ndindex(*counts))
    for place, chunk in zip(places, file.chunks[node["first"] : node["first"] + len(places)], strict=True):
        address, digest, stored, mask = chunk.tolist()
        if not address:
            continue
        data = file.data[address : address + stored]
        for number, (kind, *_) in reversed(list(enumerate(node["filters"]))):
            if not mask >> number & 1:
                data = (
                    zlib.decompress(data) if kind == 1 else np.frombuffer(data, np.uint8).reshape(size, -1).T.tobytes()
                )
        assert xxhash.xxh3_64_intdigest(data) == digest
        items = np.frombuffer(data, np.uint8).reshape(*steps, size)
        whole[tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, steps, strict=True))] = items
    return np.ascontiguousarray(whole[tuple(slice(n) for n in shape)])


def item_size(kind: Any) -> int:
    return kind[0] if isinstance(kind, list) else np.dtype(kind).itemsize


def number(code: int, kind: Any) -> float | None:
    """The number behind a code, None for missing; one by one, as the text says it."""
    size = item_size(kind)
    if code == 2 ** (8 * size) - 1:
        return None
    if kind in ("|u1", "<u2"):
        return float(code)
    if kind == "<f8":
        return float(struct.unpack("<d", struct.pack("<Q", code))[0])
    _, exponent_bits, bias = kind
    width = 8 * size - 1 - exponent_bits
    sign = -1.0 if code >> (8 * size - 1) else 1.0
    exponent, mantissa = (code >> width) & (2**exponent_bits - 1), code & (2**width - 1)
    if exponent == 0:
        return sign * 0.0
    if exponent == 2**exponent_bits - 1:
        return sign * (np.inf if mantissa == 0 else np.nan)
    return float(sign * np.ldexp(1 + np.ldexp(float(mantissa), -width), exponent - bias))


def column(file: File, path: str) -> list[list[float | None]]:
    """Values by epoch and trial; those of one epoch where one stands for all."""
    node = file.datasets[path]
    size = item_size(node["type"])
    codes = [int.from_bytes(item.tobytes(), "little") for item in raw(file, path).reshape(-1, size)]
    numbers = [number(code, node["type"]) for code in codes]
    coding, samples = node["attrs"]["coding"], node["attrs"].get("samples", 0)
    if coding == "sum":
        shift = node["attrs"]["shift"]
        numbers = [None if n is None else float(np.ldexp(n, shift)) / samples for n in numbers]
    elif coding == "count":
        size = samples % 256
        last = [0.0] * len(numbers)
        if f"{path}_tail" in file.datasets:
            last = [float(k) for k in raw(file, f"{path}_tail").reshape(-1)]
        percent = [float(np.float32(k) * np.float32(100 / size)) * size if size else 0.0 for k in range(size + 1)]
        tailed = f"{path}_tail" in file.datasets
        numbers = [
            None if n is None else (100.0 * (n - k) + (percent[int(k)] if tailed else 0.0)) / samples
            for n, k in zip(numbers, last, strict=True)
        ]
    trials = node["shape"][-1]
    return [numbers[start : start + trials] for start in range(0, len(numbers), trials)]


FIELDS = {
    "train_acc1es": "accuracy", "eval_acc1es": "accuracy", "train_acc5es": "top5", "train_losses": "loss",
    "eval_losses": "loss", "train_times": "time", "eval_times": "time",
}  # fmt: skip
MAPPINGS: dict[str, Any] = {"dict": dict, "OrderedDict": OrderedDict}


class File:
    """The index of a store, and its bytes. HDF5 is not needed."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        header, self.chunks = read_index(self.data)
        self.attrs, self.datasets = header["attrs"], header["datasets"]

    def array(self, path: str) -> Any:
        """The values of a dataset that is no column."""
        node = self.datasets[path]
        return raw(self, path).view(node["type"])[..., 0]


class Reader:
    """Records from a store, as docs/format.md has it."""

    def __init__(self, path: Path) -> None:
        self.file = File(path)
        assert self.file.attrs["format"] == "natsbin"
        assert self.file.attrs["format_version"] == 2
        self.forms = json.loads(raw(self.file, "forms").tobytes())
        self.columns: dict[str, list[list[float | None]]] = {}

    def load(self, index: int) -> Any:
        place = self.file.array("architecture").tolist().index(index)
        self.index, self.arch = index, self.file.array("architecture_name")[place].decode()
        form = self.forms[self.file.array("record")[place]]
        return MAPPINGS[form["record"]]((hp, self.state(hp, *state)) for hp, state in form["states"])

    def state(self, hp: str, kind: str, items: list[Any]) -> Any:
        return MAPPINGS[kind]((key, self.item(hp, spec)) for key, spec in items)

    def item(self, hp: str, spec: Any) -> Any:
        if spec[0] == "index":
            return self.index
        if spec[0] == "trials":
            return MAPPINGS[spec[1]](((data, seed), self.trial(f"{hp}/{data}", seed)) for data, seed in spec[2])
        return self.literal(spec)

    def trial(self, table: str, seed: int) -> Any:
        archs, seeds, forms = (self.file.array(f"{table}/{name}") for name in ("architecture", "seed", "form"))
        (row,) = np.flatnonzero((archs == self.index) & (seeds == seed)).tolist()
        form = self.forms[forms[row]]
        return MAPPINGS[form["type"]]((name, self.field(table, row, name, *spec)) for name, *spec in form["trial"])

    def field(self, table: str, row: int, name: str, how: str, *spec: Any) -> Any:
        if how == "literal":
            return self.literal(spec[0])
        if how == "scalar":
            found = self.values(f"{table}/{name}")[0][row]
            return self.scalar(spec[0], math.nan if found is None else found)
        pairs = []
        for part, start, stop in spec[1]:
            path = f"{table}/{part}_{FIELDS[name]}"
            values = self.values(path)
            for epoch in range(start, stop):
                key = epoch if name.startswith("train_") else f"{part}@{epoch}"
                pairs.append((key, values[epoch if len(self.file.datasets[path]["shape"]) == 2 else 0][row]))
        return MAPPINGS[spec[0]](pairs)

    def values(self, path: str) -> list[list[float | None]]:
        if path not in self.columns:
            self.columns[path] = column(self.file, path)
        return self.columns[path]

    def scalar(self, spec: Any, number: float) -> Any:
        if spec[0] == "slot":
            return {"float": float, "float64": np.float64}[spec[1]](number)
        if spec[0] == "list" and spec[1][0][0] == "slot":
            return [self.scalar(spec[1][0], number)]
        return self.literal(spec)

    def literal(self, spec: Any) -> Any:
        if spec[0] == "arch":
            return self.arch
        kind, payload = spec
        if kind in ("bool", "int", "str"):
            return payload
        if kind in MAPPINGS:
            return MAPPINGS[kind]((self.literal(key), self.literal(value)) for key, value in payload)
        if kind in ("list", "tuple", "set", "frozenset"):
            made: Any = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind]
            return made(self.literal(item) for item in payload)
        if kind == "float":
            return struct.unpack("<d", bytes.fromhex(payload))[0]
        return np.frombuffer(bytes.fromhex(payload), np.dtype(kind))[0]


@pytest.mark.parametrize(
    ("space", "hps", "packed"),
    [(TSS, ("12", "200"), False), (TSS, ("12",), True), (SSS, ("12",), False), (SSS, ("01", "12"), True)],
    ids=["tss", "tss-packed", "sss", "sss-packed"],
)
def test_a_stranger_reads_every_record(space: SearchSpace, hps: tuple[str, ...], packed: bool, tmp_path: Path) -> None:
    records: dict[int, Record] = {index: record(space, index, *hps) for index in ((8,) if "200" in hps else (3, 8))}
    trial = records[8]["12"]["all_results"]["ImageNet16-120", 777 if space is SSS else 111]
    trial["latency"], trial["note"] = -1, ("odd", {1, 2}, np.float32(0.5), OrderedDict(a=1.5))
    trial["train_losses"][2], trial["train_acc1es"][3] = float("nan"), 33.3
    path = write_store(tmp_path / "store.h5", space, records)
    reader = Reader(pack(path, tmp_path / "packed.h5") if packed else path)
    for index, states in records.items():
        assert same(reader.load(index), states)
