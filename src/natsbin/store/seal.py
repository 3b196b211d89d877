"""One digest over all of a file that is not the data of chunks, so that metadata is only read as it was written.

A store ends in a *seal*, behind the HDF5 data and the index, where HDF5 tools do not look:

    payload   n pairs of uint64: where runs of chunk data start and end, ascending
    n         uint64
    digest    uint64: xxh3_64 of every byte of the file from its start to here, the runs left out
    magic     8 bytes

Numbers are little-endian. Chunks have checksums of their own, which are compared as they are first used.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

import xxhash

from natsbin.store import format as fmt
from natsbin.store.index import Read

if TYPE_CHECKING:
    from pathlib import Path

MOST_BETWEEN = 1 << 27
"""Bytes of a file outside of chunks: all are read when it is opened, and a sparse file may have any number of them."""

_WORD = 8
_END = 2 * _WORD  # the digest, and the magic


def seal(path: Path, chunks: Iterable[tuple[int, int]], index: bytes = b"") -> None:
    """Append the index and the seal to a finished file; ``chunks`` are the start and the end of each chunk's data."""
    with path.open("r+b") as file:

        def read(start: int, end: int) -> memoryview:
            file.seek(start)
            return memoryview(file.read(end - start))

        end = file.seek(0, 2) + file.write(index)
        runs = list(itertools.chain.from_iterable(_runs(read, chunks)))
        table = struct.pack(f"<{len(runs) + 1}Q", *runs, len(runs) // 2)
        digest = _digest(read, end, runs, table)
        file.seek(end)
        file.write(table + struct.pack("<Q", digest) + fmt.SEAL)


def check_seal(read: Read, size: int) -> int:
    """Where the seal of a file of ``size`` bytes starts.

    Raises ValueError, in words, where the bytes of the file are not sealed, or not those that were.
    """
    tail = size - _END - _WORD
    if tail < 0 or read(size - len(fmt.SEAL), size) != fmt.SEAL:
        raise ValueError("no seal at its end: not a natsbin store, cut short, or changed by another program")
    count, expected = struct.unpack("<QQ", read(tail, size - len(fmt.SEAL)))
    end = int(tail - 2 * _WORD * count)
    if end < 0:
        raise ValueError(f"damaged: {count} runs of chunks in a file of {size} bytes")
    runs = list(struct.unpack(f"<{2 * count}Q", read(end, tail)))
    if count and (runs != sorted(runs) or runs[-1] > end):
        raise ValueError("damaged: its runs of chunks are not in order")
    between = end - sum(runs[1::2]) + sum(runs[::2])
    if between > MOST_BETWEEN:
        raise ValueError(f"damaged: {between:,} bytes outside of chunks; at most {MOST_BETWEEN:,} were expected")
    if _digest(read, end, runs, read(end, tail + _WORD)) != expected:
        raise ValueError("damaged: its metadata does not match the checksum in its seal")
    return end


def _digest(read: Read, end: int, runs: list[int], table: bytes | memoryview) -> int:
    """``runs``: where each starts and ends, in one list."""
    digest = xxhash.xxh3_64()
    places = [0, *runs, end]
    for start, stop in zip(places[::2], places[1::2], strict=True):
        digest.update(read(start, stop))
    digest.update(table)
    return digest.intdigest()


def _runs(read: Read, chunks: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Chunks with nothing but alignment between them are one run, so that opening a store touches few pages."""
    runs: list[list[int]] = []
    for start, end in sorted(chunks):
        if runs and start - runs[-1][1] < fmt.ALIGNMENT and not any(read(runs[-1][1], start)):
            runs[-1][1] = end
        else:
            runs.append([start, end])
    return runs
