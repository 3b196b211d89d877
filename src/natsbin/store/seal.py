"""One digest over all of a file that is not the data of chunks, so that metadata is only read as it was written.

A store ends in a *seal*, behind the HDF5 data and the index, where HDF5 tools do not look:

    payload   n pairs of uint64: where runs of chunk data start and end, ascending
    n         uint64
    digest    uint64: xxh3_64 of every byte of the file from its start to here, the runs left out
    magic     8 bytes

Numbers are little-endian. Chunks have checksums of their own, which are compared as they are first used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from natsbin.store import format as fmt

Buffer = npt.NDArray[np.uint8]
Read = Callable[[int, int], Buffer]

_WORD = np.dtype("<u8")
_END = 2 * _WORD.itemsize  # the digest, and the magic


def seal(path: Path, chunks: Iterable[tuple[int, int]], index: bytes = b"") -> None:
    """Append the index and the seal to a finished file; ``chunks`` are the start and the end of each chunk's data."""
    with path.open("r+b") as file:

        def read(start: int, end: int) -> Buffer:
            file.seek(start)
            return np.frombuffer(file.read(end - start), np.uint8)

        end = file.seek(0, 2) + file.write(index)
        runs = np.array(_runs(read, chunks), _WORD).reshape(-1, 2)
        table = runs.tobytes() + np.array([len(runs)], _WORD).tobytes()
        digest = _digest(read, end, runs, table)
        file.seek(end)
        file.write(table + np.array([digest], _WORD).tobytes() + fmt.SEAL)


def check_seal(read: Read, size: int) -> int:
    """Where the seal of a file of ``size`` bytes starts.

    Raises ValueError, in words, where the bytes of the file are not sealed, or not those that were.
    """
    tail = size - _END - _WORD.itemsize
    if tail < 0 or read(size - len(fmt.SEAL), size).tobytes() != fmt.SEAL:
        raise ValueError("no seal at its end: not a natsbin store, cut short, or changed by another program")
    count, expected = read(tail, size - len(fmt.SEAL)).view(_WORD).tolist()
    end = int(tail - 2 * _WORD.itemsize * count)
    if end < 0:
        raise ValueError(f"damaged: {count} runs of chunks in a file of {size} bytes")
    runs = read(end, tail).view(_WORD).reshape(-1, 2)
    flat = runs.reshape(-1)
    if count and ((flat[1:] < flat[:-1]).any() or flat[-1] > end):
        raise ValueError("damaged: its runs of chunks are not in order")
    if _digest(read, end, runs, read(end, tail + _WORD.itemsize).tobytes()) != expected:
        raise ValueError("damaged: its metadata does not match the checksum in its seal")
    return end


def _digest(read: Read, end: int, runs: npt.NDArray[np.uint64], table: bytes) -> int:
    digest = xxhash.xxh3_64()
    start = 0
    for run_start, run_end in runs.tolist():
        digest.update(read(start, run_start).data)
        start = run_end
    digest.update(read(start, end).data)
    digest.update(table)
    return digest.intdigest()


def _runs(read: Read, chunks: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Chunks with nothing but alignment between them are one run, so that opening a store touches few pages."""
    runs: list[list[int]] = []
    for start, end in sorted(chunks):
        if runs and start - runs[-1][1] < fmt.ALIGNMENT and not read(runs[-1][1], start).any():
            runs[-1][1] = end
        else:
            runs.append([start, end])
    return runs
