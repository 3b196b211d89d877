"""The index of a store: everything that a reader must know of the HDF5 data to use it without libhdf5.

It lies between the HDF5 data and the seal, so it is under the seal's digest; docs/format.md specifies it. Every length,
address and product that comes from a file is checked here, in Python's integers, before anything else uses it. Stores
of format version 1 have no index; ``natsbin.store.hdf5`` makes one from what libhdf5 says of them.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.store.filters import Pipeline
from natsbin.store.format import TEXTS, unescape
from natsbin.store.layouts import Float, Kind

Buffer = npt.NDArray[np.uint8]
Read = Callable[[int, int], Buffer]
"""Gives the bytes of a file from a start to a stop."""

Header = dict[str, Any]
"""What is in the index besides chunks: ``attrs``, ``axes`` and ``datasets``, as JSON has it."""

CHUNK = np.dtype([("address", "<u8"), ("checksum", "<u8"), ("stored", "<u4"), ("mask", "<u4")])
"""A chunk: where it starts in the file (0 where it is not there), how many bytes it has there, its filter mask."""

Chunks = npt.NDArray[np.void]

_MAGIC = b"natsidx\n"
_END = struct.Struct("<QQ8s")  # bytes of the header, number of chunks, magic

MOST_LENGTH = 2**31 - 1
"""No axis is longer: the native modules count in 32 bits."""

MOST_CHUNK_BYTES = 2**24
MOST_MISSING_BYTES = 2**21
"""Bytes of a chunk before filters, and of one that is not there, which is made up. Written chunks have 2**19 or less,
except those of texts."""


def most_text_bytes(stored: int) -> int:
    """Bytes that a text (forms, names) may have in a store of ``stored`` bytes.

    Texts are compressed, so a short file may have a long one, and parsed, JSON takes 25 times its length. A whole space
    has 150 KB of forms in 500 MB.
    """
    return 2**22 + 16 * stored


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


class Index:
    """Datasets by path, each checked when it is first asked for.

    Attributes:
        attrs: the root's attributes.
        axes: lengths of axes without values, by path.
        paths: of the datasets, in alphabetical order.
        tables: names of the datasets of each (hp, dataset).
    """

    def __init__(self, header: Header, chunks: Chunks, end: int) -> None:
        """``end``: where the data of chunks must end. Raises ValueError, KeyError or TypeError for no index."""
        self.attrs = _attributes(header["attrs"])
        self.axes: dict[str, int] = dict(header["axes"])
        _lengths(list(self.axes.values()))
        self._entries: Mapping[str, Any] = header["datasets"]
        self._chunks, self._end = chunks, end
        self._known: dict[str, Dataset] = {}
        self.paths = sorted(self._entries)
        self.tables: dict[tuple[str, str], list[str]] = {}
        for path in self.paths:
            match path.split("/"):
                case hp, dataset, name:
                    self.tables.setdefault((unescape(hp), unescape(dataset)), []).append(name)

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    def dataset(self, path: str) -> Dataset:
        """The dataset at a path. Raises KeyError where there is none, ValueError or TypeError for what none can be."""
        if path not in self._known:
            self._known[path] = self._parse(path, self._entries[path])
        return self._known[path]

    def _parse(self, path: str, entry: Mapping[str, Any]) -> Dataset:
        shape, chunk = _lengths(entry["shape"]), _lengths(entry["chunk"])
        if not 1 <= len(shape) == len(chunk) <= 2 or min(chunk) < 1:
            raise ValueError(f"shape {shape} in chunks of {chunk}")
        kind = _kind(entry["type"])
        size = size_of(kind)
        most = most_text_bytes(self._end) if path in TEXTS else MOST_CHUNK_BYTES
        if math.prod(chunk) * size > most:
            raise ValueError(f"chunks of {math.prod(chunk) * size:,} bytes; at most {most:,} were expected")
        filters = Pipeline.parse(entry["filters"], size)
        total = math.prod(-(-length // step) for length, step in zip(shape, chunk, strict=True))
        first = entry["first"]
        if type(first) is not int or not 0 <= first <= len(self._chunks) - total:
            raise ValueError(f"chunks {first!r:.20} to {total} more, of {len(self._chunks)}")
        dims = entry.get("dims", ())
        if len(dims) > len(shape) or not all(self._is_scale(axis) for axis in dims):
            raise ValueError(f"axes {dims!r:.80}")
        chunks = self._chunks[first : first + total]
        _check_chunks(chunks, math.prod(chunk) * size, filters.skipped, self._end)
        return Dataset(
            path, shape, chunk, kind, filters, _attributes(entry["attrs"]), tuple(dims), self._is_scale(path), chunks
        )

    def _is_scale(self, path: Any) -> bool:
        return type(path) is str and (path in self.axes or self._entries.get(path, {}).get("scale") is True)


def dumps(header: Header, chunks: Chunks) -> bytes:
    """The bytes of an index."""
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    return text + chunks.tobytes() + _END.pack(len(text), len(chunks), _MAGIC)


def loads(read: Read, end: int) -> tuple[Header, Chunks, int] | None:
    """The header and the chunks of the index that ends at ``end``, and where it starts; None where there is none.

    Raises ValueError for one that cannot be there.
    """
    if end < _END.size:
        return None
    length, count, magic = _END.unpack(read(end - _END.size, end).tobytes())
    if magic != _MAGIC:
        return None
    table = end - _END.size - CHUNK.itemsize * count
    start = table - length
    if start < 0:
        raise ValueError(f"an index of {length} bytes and {count} chunks, before byte {end}")
    # A copy of the chunks: the file may be cut later, and they are what says so without a signal.
    return json.loads(read(start, table).tobytes()), read(table, end - _END.size).copy().view(CHUNK), start


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


def _lengths(given: Any) -> tuple[int, ...]:
    if type(given) is not list or not all(type(one) is int and 0 <= one <= MOST_LENGTH for one in given):
        raise ValueError(f"lengths {given!r:.80}, expected numbers up to {MOST_LENGTH}")
    return tuple(given)


def _attributes(given: Any) -> dict[str, Any]:
    if type(given) is not dict or not all(type(one) in (str, int, float) for one in given.values()):
        raise ValueError(f"attributes {given!r:.80}, expected texts and numbers by name")
    return given


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
