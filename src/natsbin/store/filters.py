"""HDF5's shuffle and deflate filters, both ways, on the bytes of a chunk."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from natsbin.store import format as fmt

Buffer = npt.NDArray[np.uint8]


def compress(raw: Buffer, size: int, *, shuffled: bool) -> tuple[bytes, int]:
    """A chunk of items of ``size`` bytes as HDF5 stores it, and its filter mask: which filters were not applied.

    A chunk that does not get shorter stays as it is.
    """
    plain = raw.tobytes()
    best = plain
    data = np.ascontiguousarray(raw.reshape(-1, size).T).tobytes() if shuffled else plain
    for memory in fmt.SMALL_MEMORY if len(data) <= fmt.LARGE_CHUNK else fmt.LARGE_MEMORY:
        stream = zlib.compressobj(fmt.DEFLATE_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, memory)
        best = min(best, stream.compress(data) + stream.flush(), key=len)
    return (best, 0) if best is not plain else (plain, all_filters(shuffled))


def all_filters(shuffled: bool) -> int:
    """The filter mask of a chunk that no filter was applied to."""
    return 0b11 if shuffled else 0b1


def decompress(stored: Buffer, expected: int, size: int, *, shuffled: bool) -> Buffer:
    """The inverse for a chunk that was filtered. ValueError where it does not come to ``expected`` bytes."""
    try:
        raw = zlib.decompressobj().decompress(stored.data, expected + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if len(raw) != expected:
        raise ValueError(f"{len(raw)} bytes, expected {expected}")
    flat = np.frombuffer(raw, np.uint8)
    return flat.reshape(size, -1).T.reshape(-1) if shuffled else flat
