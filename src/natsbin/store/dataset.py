"""The datasets of a store as its index says they are.

Every length, address and product that comes from a file is checked here, in Python's integers, before anything else
uses it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.store.filters import Pipeline
from natsbin.store.format import TEXTS
from natsbin.store.index import Index, attributes, lengths, most_text_bytes
from natsbin.store.layouts import Float, Kind

CHUNK = np.dtype([("address", "<u8"), ("checksum", "<u8"), ("stored", "<u4"), ("mask", "<u4")])
"""A chunk: where it starts in the file (0 where it is not there), how many bytes it has there, its filter mask."""

Chunks = npt.NDArray[np.void]

MOST_CHUNK_BYTES = 2**24
MOST_MISSING_BYTES = 2**21
"""Bytes of a chunk before filters, and of one that is not there, which is made up. Written chunks have 2**19 or less,
except those of texts."""

_TYPES = {name: np.dtype(name) for name in ("|u1", "<u2", "<u4", "<i2", "<i4", "<i8", "<f8")}


@dataclass(frozen=True, eq=False)
class Dataset:
    """One dataset. ``chunks`` are in the order of their grid, whose shape is ``counts``."""

    path: str
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    kind: Kind
    filters: Pipeline
    attrs: dict[str, Any]
    dims: tuple[str, ...]  # paths of its axes
    is_scale: bool  # an axis with values
    chunks: Chunks

    @property
    def counts(self) -> tuple[int, ...]:
        """How many chunks there are along each axis."""
        return tuple(-(-length // step) for length, step in zip(self.shape, self.chunk, strict=True))

    @property
    def item_size(self) -> int:
        """Bytes of an item."""
        return size_of(self.kind)

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a chunk before filters."""
        return math.prod(self.chunk) * self.item_size


def read_dataset(index: Index, path: str) -> Dataset:
    """The dataset at a path. Raises KeyError where there is none, ValueError or TypeError for what none can be."""
    entry = index.entries[path]
    shape, chunk = lengths(entry["shape"]), lengths(entry["chunk"])
    if not 1 <= len(shape) == len(chunk) <= 2 or min(chunk) < 1:
        raise ValueError(f"shape {shape} in chunks of {chunk}")
    kind = _kind(entry["type"])
    size = size_of(kind)
    most = most_text_bytes(index.end) if path in TEXTS else MOST_CHUNK_BYTES
    if math.prod(chunk) * size > most:
        raise ValueError(f"chunks of {math.prod(chunk) * size:,} bytes; at most {most:,} were expected")
    filters = Pipeline.parse(entry["filters"], size)
    total = math.prod(-(-length // step) for length, step in zip(shape, chunk, strict=True))
    dims = entry.get("dims", ())
    if len(dims) > len(shape) or not all(index.is_scale(axis) for axis in dims):
        raise ValueError(f"axes {dims!r:.80}")
    chunks = np.frombuffer(index.chunks(entry["first"], total), CHUNK)
    _check_chunks(chunks, math.prod(chunk) * size, filters.skipped, index.end)
    attrs = attributes(entry["attrs"])
    return Dataset(path, shape, chunk, kind, filters, attrs, tuple(dims), index.is_scale(path), chunks)


def size_of(kind: Kind) -> int:
    """Bytes of an item of a type."""
    return kind.size if isinstance(kind, Float) else kind.itemsize


def type_name(kind: Kind) -> str | list[int]:
    """A type as the index writes it; the inverse of ``_kind``."""
    return [kind.size, kind.exponent_bits, kind.bias] if isinstance(kind, Float) else kind.str


def _kind(name: Any) -> Kind:
    if type(name) is str:
        if name in _TYPES:
            return _TYPES[name]
        if name.startswith("|S") and name[2:].isdecimal() and len(name) < 8 and int(name[2:]):
            return np.dtype(name)
    elif type(name) is list and len(name) == 3 and all(type(one) is int for one in name):
        size, exponent_bits, bias = name
        if 2 <= size <= 7 and 2 <= exponent_bits <= 10 and 1 <= 8 * size - 1 - exponent_bits <= 52 and 1 <= bias < 4096:
            return Float(size, exponent_bits, bias)
    raise ValueError(f"type {name!r:.80}")


def _check_chunks(chunks: Chunks, size: int, skipped: int, end: int) -> None:
    """``size``: bytes of a chunk before filters; ``skipped``: the mask of one that is stored as it is."""
    address, stored, mask = chunks["address"], chunks["stored"], chunks["mask"]
    there = address != 0
    known = chunks[~there]
    if len(known) and (size > MOST_MISSING_BYTES or any(known[name].any() for name in ("checksum", "stored", "mask"))):
        raise ValueError("a chunk that is not there")
    room = np.uint64(end) - np.minimum(address, np.uint64(end))
    wrong = there & ((stored == 0) | (stored > room) | (mask > skipped) | ((mask == skipped) & (stored != size)))
    if wrong.any():
        number = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"chunk {number}: {stored[number]} bytes at {address[number]} of {end}, mask {mask[number]}")
    if int(stored.sum(dtype=np.uint64)) > end:
        raise ValueError(f"chunks of more than the {end} bytes that there are")
