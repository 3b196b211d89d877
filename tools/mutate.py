"""Changes to the bytes of a file, as damage makes them and as malice would."""

from __future__ import annotations

import struct
from pathlib import Path

import h5py
import numpy as np

Runs = list[tuple[int, int]]


def payload(path: Path) -> Runs:
    """Where the data of each chunk starts and ends."""
    found: Runs = []

    def visit(_: str, node: object) -> None:
        if isinstance(node, h5py.Dataset) and node.chunks is not None:
            node.id.chunk_iter(lambda chunk: found.append((chunk.byte_offset, chunk.byte_offset + chunk.size)))

    with h5py.File(path) as file:
        file.visititems(visit)
    return sorted(found)


def mutate(data: bytes, runs: Runs, rng: np.random.Generator) -> bytes:
    """``data`` with one to three changes, half of them within ``runs``; sometimes of another length."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        kinds = [_flip, _overwrite, _zero, _splice, _truncate, _insert, _delete, _word, _swap]
        weights = np.array([6, 3, 2, 3, 1, 1, 1, 4, 2], float)
        change = kinds[rng.choice(len(kinds), p=weights / weights.sum())]
        change(out, runs, rng)
        if not out:
            break
    return bytes(out)


def _place(out: bytearray, runs: Runs, rng: np.random.Generator) -> int:
    if runs and rng.random() < 0.5:
        start, end = runs[rng.integers(len(runs))]
        if end <= len(out):
            return int(rng.integers(start, end))
    if rng.random() < 0.2:
        return int(rng.integers(max(0, len(out) - 4096), len(out)))  # the seal, and what is before it
    return int(rng.integers(len(out)))


def _flip(out: bytearray, runs: Runs, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(1, 9))):
        out[_place(out, runs, rng)] ^= 1 << int(rng.integers(8))


def _overwrite(out: bytearray, runs: Runs, rng: np.random.Generator) -> None:
    start = _place(out, runs, rng)
    new = rng.bytes(int(rng.integers(1, 17)))[: len(out) - start]
    out[start : start + len(new)] = new


def _zero(out: bytearray, runs: Runs, rng: np.random.Generator) -> None:
    start = _place(out, runs, rng)
    length = min(len(out) - start, int(2 ** rng.uniform(0, 12)))
    out[start : start + length] = bytes([int(rng.choice([0, 0xFF]))]) * length


def _splice(out: bytearray, runs: Runs, rng: np.random.Generator) -> None:
    """A part of the file over another."""
    source, target, length = _place(out, runs, rng), _place(out, runs, rng), int(2 ** rng.uniform(0, 12))
    new = bytes(out[source : source + length])[: len(out) - target]
    out[target : target + len(new)] = new


def _truncate(out: bytearray, _: Runs, rng: np.random.Generator) -> None:
    del out[int(rng.integers(len(out))) :]


def _insert(out: bytearray, runs: Runs, rng: np.random.Generator) -> None:
    start = _place(out, runs, rng)
    out[start:start] = rng.bytes(int(rng.integers(1, 65)))


def _delete(out: bytearray, runs: Runs, rng: np.random.Generator) -> None:
    start = _place(out, runs, rng)
    del out[start : start + int(rng.integers(1, 65))]


def _word(out: bytearray, runs: Runs, rng: np.random.Generator) -> None:
    """Another number where an address stands: that of a chunk, where there are any."""
    start = _place(out, runs, rng)
    if runs:
        address, _ = runs[rng.integers(len(runs))]
        found = out.find(struct.pack("<Q", address))
        start = found if found >= 0 else start
    choices = [0, 1, len(out), 2**31, 2**63, 2**64 - 1, int(rng.integers(len(out))), *(end for _, end in runs[:3])]
    word = struct.pack("<Q", int(rng.choice(np.array(choices, np.uint64))))[: len(out) - start]
    out[start : start + len(word)] = word


def _swap(out: bytearray, runs: Runs, rng: np.random.Generator) -> None:
    """The data of two chunks of one size in each other's place."""
    if len(runs) < 2:
        return
    a = runs[rng.integers(len(runs))]
    same = [run for run in runs if run[1] - run[0] == a[1] - a[0]]
    b = same[rng.integers(len(same))]
    if max(a[1], b[1]) <= len(out):
        out[a[0] : a[1]], out[b[0] : b[1]] = out[b[0] : b[1]], out[a[0] : a[1]]
