"""Changes to the bytes of a file, as damage makes them and as an attacker would."""

from __future__ import annotations

import struct
from pathlib import Path

import h5py
import numpy as np

Runs = list[tuple[int, int]]

WEIGHTS = {
    "flip": 6,
    "overwrite": 3,
    "fill": 2,
    "copy": 3,
    "truncate": 1,
    "insert": 1,
    "delete": 1,
    "address": 4,
    "swap": 2,
}
"""How often each kind of change is chosen, relative to the others."""


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
    weights = np.array(list(WEIGHTS.values()), float)
    for kind in rng.choice(list(WEIGHTS), int(rng.integers(1, 4)), p=weights / weights.sum()).tolist():
        if out:
            _change(out, kind, runs, rng)
    return bytes(out)


def _change(out: bytearray, kind: str, runs: Runs, rng: np.random.Generator) -> None:
    start, other = _place(out, runs, rng), _place(out, runs, rng)
    length = int(2 ** rng.uniform(0, 12))  # of a long change
    noise = rng.bytes(int(rng.integers(1, 65)))
    if kind == "flip":
        for place in (start, other, *(_place(out, runs, rng) for _ in noise[:6])):
            out[place] ^= 1 << int(rng.integers(8))
    elif kind == "overwrite":
        _write(out, start, noise[:16])
    elif kind == "fill":
        _write(out, start, bytes([int(rng.choice([0, 0xFF]))]) * length)
    elif kind == "copy":
        _write(out, start, bytes(out[other : other + length]))
    elif kind == "truncate":
        del out[int(rng.integers(len(out))) :]
    elif kind == "insert":
        out[start:start] = noise
    elif kind == "delete":
        del out[start : start + len(noise)]
    elif kind == "address":  # another number in the place of a chunk's address, if there are chunks
        found = out.find(struct.pack("<Q", runs[rng.integers(len(runs))][0])) if runs else -1
        choices = [0, 1, len(out), 2**31, 2**63, 2**64 - 1, other, *(end for _, end in runs[:3])]
        _write(out, start if found < 0 else found, struct.pack("<Q", choices[rng.integers(len(choices))]))
    elif kind == "swap" and len(runs) > 1:  # the data of two chunks of one size
        a = runs[rng.integers(len(runs))]
        same = [run for run in runs if run[1] - run[0] == a[1] - a[0]]
        b = same[rng.integers(len(same))]
        if max(a[1], b[1]) <= len(out):
            out[a[0] : a[1]], out[b[0] : b[1]] = out[b[0] : b[1]], out[a[0] : a[1]]


def _place(out: bytearray, runs: Runs, rng: np.random.Generator) -> int:
    if runs and rng.random() < 0.5:
        start, end = runs[rng.integers(len(runs))]
        if end <= len(out):
            return int(rng.integers(start, end))
    if rng.random() < 0.2:
        return int(rng.integers(max(0, len(out) - 4096), len(out)))  # the seal, and what is before it
    return int(rng.integers(len(out)))


def _write(out: bytearray, start: int, new: bytes) -> None:
    """Put bytes over others, as far as the file goes."""
    new = new[: len(out) - start]
    out[start : start + len(new)] = new
