"""The index of a store: everything that a reader must know of the HDF5 data to use it without libhdf5.

It lies between the HDF5 data and the seal, so it is under the seal's digest; docs/format.md specifies it. It is read
with the standard library alone; ``natsbin.store.dataset`` checks and lays out the datasets that are asked for. Stores
of format version 1 have no index; ``natsbin.store.hdf5`` makes one from what libhdf5 says of them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

from natsbin.store.format import unescape

Read = Callable[[int, int], memoryview]
"""Gives the bytes of a file from a start to a stop."""

Header = dict[str, Any]
"""What is in the index besides chunks: ``attrs``, ``axes`` and ``datasets``, as JSON has it."""

CHUNK_BYTES = 24
"""Bytes of the entry of a chunk; ``natsbin.store.dataset.CHUNK`` has its fields."""

_MAGIC = b"natsidx\n"
_END = struct.Struct("<QQ8s")  # bytes of the header, number of chunks, magic

MOST_HEADER_BYTES = 1 << 24
"""Parsed, JSON takes 25 times its length. A whole space has 200 KB."""

MOST_LENGTH = 2**31 - 1
"""No axis is longer: the native modules count in 32 bits."""


def most_text_bytes(stored: int) -> int:
    """Bytes that a text (forms, names) may have in a store of ``stored`` bytes.

    Texts are compressed, so a short file may have a long one, and parsed, JSON takes 25 times its length. A whole space
    has 150 KB of forms in 500 MB.
    """
    return 2**22 + 16 * stored


class Index:
    """What there is by path; ``natsbin.store.dataset.read_dataset`` checks the entry of each dataset.

    Attributes:
        attrs: the root's attributes.
        axes: lengths of axes without values, by path.
        entries: what the header says of each dataset, not checked.
        paths: of the datasets, in alphabetical order.
        tables: names of the datasets of each (hp, dataset).
        end: where the data of chunks must end.
    """

    def __init__(self, header: Header, chunks: bytes, end: int) -> None:
        """``chunks``: an entry each. Raises ValueError, KeyError or TypeError for no index."""
        self.attrs = attributes(header["attrs"])
        self.axes: dict[str, int] = dict(header["axes"])
        lengths(list(self.axes.values()))
        self.entries: Mapping[str, Any] = header["datasets"]
        if type(self.entries) is not dict or not all(type(one) is dict for one in self.entries.values()):
            raise ValueError(f"datasets {self.entries!r:.80}, expected what each is by its path")
        self.end, self._chunks = end, chunks
        self.paths = sorted(self.entries)
        self.tables: dict[tuple[str, str], list[str]] = {}
        for path in self.paths:
            match path.split("/"):
                case hp, dataset, name:
                    self.tables.setdefault((unescape(hp), unescape(dataset)), []).append(name)

    def __contains__(self, path: str) -> bool:
        return path in self.entries

    def is_scale(self, path: Any) -> bool:
        """Whether this is the path of an axis."""
        return type(path) is str and (path in self.axes or self.entries.get(path, {}).get("scale") is True)

    def chunks(self, first: Any, count: int) -> memoryview:
        """The entries of chunks. Raises ValueError where there are not so many."""
        total = len(self._chunks) // CHUNK_BYTES
        if type(first) is not int or not 0 <= first <= total - count:
            raise ValueError(f"chunks {first!r:.20} to {count} more, of {total}")
        return memoryview(self._chunks)[CHUNK_BYTES * first : CHUNK_BYTES * (first + count)]


def dumps(header: Header, chunks: bytes) -> bytes:
    """The bytes of an index."""
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    return text + chunks + _END.pack(len(text), len(chunks) // CHUNK_BYTES, _MAGIC)


def loads(read: Read, end: int) -> tuple[Header, bytes, int] | None:
    """The header and the chunks of the index that ends at ``end``, and where it starts; None where there is none.

    Raises ValueError for one that cannot be there.
    """
    if end < _END.size:
        return None
    length, count, magic = _END.unpack(read(end - _END.size, end))
    if magic != _MAGIC:
        return None
    table = end - _END.size - CHUNK_BYTES * count
    start = table - length
    if start < 0:
        raise ValueError(f"an index of {length} bytes and {count} chunks, before byte {end}")
    if length > MOST_HEADER_BYTES:
        raise ValueError(f"an index of {length:,} bytes; at most {MOST_HEADER_BYTES:,} were expected")
    # A copy of the chunks: the file may be cut later, and they are what says so without a signal.
    return json.loads(bytes(read(start, table))), bytes(read(table, end - _END.size)), start


def lengths(given: Any) -> tuple[int, ...]:
    """The lengths of axes. Raises ValueError for others."""
    if type(given) is not list or not all(type(one) is int and 0 <= one <= MOST_LENGTH for one in given):
        raise ValueError(f"lengths {given!r:.80}, expected numbers up to {MOST_LENGTH}")
    return tuple(given)


def attributes(given: Any) -> dict[str, Any]:
    """The attributes of the root or of a dataset. Raises ValueError for others."""
    if type(given) is not dict or not all(type(one) in (str, int, float) for one in given.values()):
        raise ValueError(f"attributes {given!r:.80}, expected texts and numbers by name")
    return given
