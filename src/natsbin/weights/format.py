"""Every name and number of a weights file, in one place; docs/weights.md says what they mean."""

from __future__ import annotations

import json
import math
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

FORMAT_VERSION = 1
SUFFIX = ".weights"
PART_SUFFIX = ".weights.part"  # of a file that is not complete yet

ALIGNMENT = 64  # of sections and of tensors: a cache line

HEAD, ARCHITECTURE, INDEX = b"NATSBINW", b"ARCHITEC", b"INDEX\0\0\0"
STRUCTURES, END = b"STRUCTUR", b"END\0\0\0\0\0"
"""Kinds of sections, in the order of the file."""

ENTRY = np.dtype(
    [
        ("architecture", "<i4"),
        ("hp", "<u2"),  # position in the head's list, as of the dataset
        ("dataset", "<u2"),
        ("seed", "<i8"),
        ("structure", "<u4"),  # position in the table of structures, in order of their appearance
        ("zero", "<u4"),
        ("offset", "<u8"),  # in the file, of the first tensor
        ("checksum", "<u8"),  # xxh3_64 of all tensors with the padding between and behind them
    ]
)
"""One trained network."""

STRUCTURE = np.dtype([("offset", "<u8"), ("size", "<u8"), ("checksum", "<u8")])
"""Where a structure's text lies: in the text of the first section that uses it."""

DTYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
}
"""Of tensors, by the name that torch and numpy share."""

MOST_FRONT_BYTES, MOST_NETWORK_BYTES = 1 << 27, 1 << 28
"""Bytes of a section without its payload, and of a network. An index of a whole space has 20 MB, a network 6 MB."""

_SECTION = struct.Struct("<8s4Q16sQ")  # the fields of Section, with sizes; checksum of all but the payload
SECTION_SIZE = _SECTION.size


def weights_path(store: Path) -> Path:
    """Where the weights of a store are."""
    return store.with_suffix(SUFFIX)


def padded(size: int) -> int:
    """A size rounded up to the alignment."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def checksum(data: bytes | memoryview) -> int:
    """xxh3_64."""
    return xxhash.xxh3_64_intdigest(data)


class Section(NamedTuple):
    """A section without its payload, which follows it."""

    kind: bytes
    number: int
    table: bytes
    text: bytes
    payload: int  # its size, a multiple of the alignment
    state: bytes = bytes(16)  # of the file that an architecture was read from

    @property
    def front(self) -> int:
        """The size of all but the payload."""
        return padded(SECTION_SIZE + len(self.table) + len(self.text))

    def pack(self) -> bytes:
        """A section's bytes up to its payload."""
        sizes = (self.number, len(self.table), len(self.text), self.payload)
        head = _SECTION.pack(self.kind, *sizes, self.state, 0)[:-8]
        digest = checksum(head + self.table + self.text).to_bytes(8, "little")
        return b"".join((head, digest, self.table, self.text)).ljust(self.front, b"\0")

    @staticmethod
    def read(read: Callable[[int], bytes], size: int) -> Section | None:
        """The section that ``read`` gives, None where there is no whole one; ``size`` bytes are left of the file."""
        if size < SECTION_SIZE:
            return None
        head = read(SECTION_SIZE)
        kind, number, table, text, payload, state, digest = _SECTION.unpack(head)
        if padded(SECTION_SIZE + table + text) + payload > size or table + text > MOST_FRONT_BYTES:
            return None
        body = read(table + text)
        if checksum(head[:-8] + body) != digest:
            return None
        return Section(kind, number, body[:table], body[table:], payload, state)


class Tensor(NamedTuple):
    """One tensor of a structure."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """In bytes, without padding."""
        return math.prod(self.shape) * DTYPES[self.dtype].itemsize


@dataclass(frozen=True)
class Structure:
    """What the state dicts of equal networks share: everything but the numbers.

    ``metadata`` is the attribute ``_metadata`` that torch gives a state dict, None where there is none.
    """

    tensors: tuple[Tensor, ...]
    metadata: tuple[tuple[str, Mapping[str, Any]], ...] | None

    @property
    def size(self) -> int:
        """Bytes of an entry: each tensor begins at a multiple of the alignment."""
        return sum(padded(tensor.size) for tensor in self.tensors)

    def dumps(self) -> str:
        """As JSON in one line."""
        return json.dumps({"tensors": self.tensors, "metadata": self.metadata}, separators=(",", ":"))

    @staticmethod
    def of(state_dict: Mapping[str, npt.NDArray[Any]]) -> Structure:
        """The structure of a state dict of arrays. Raises ValueError for what has no place in a weights file."""
        tensors = []
        for name, array in state_dict.items():
            if array.dtype.name not in DTYPES:
                raise ValueError(f"{name!r} is of {array.dtype}; expected one of {', '.join(DTYPES)}")
            tensors.append(Tensor(name, array.dtype.name, array.shape))
        found = getattr(state_dict, "_metadata", None)
        metadata = None if found is None else _checked_metadata(tuple(found.items()))
        return Structure(tuple(tensors), metadata)

    @staticmethod
    def parse(parsed: Any) -> Structure:
        """The inverse of ``dumps``, from parsed JSON. Raises ValueError, KeyError or TypeError for anything else."""
        tensors = tuple(Tensor(name, dtype, tuple(shape)) for name, dtype, shape in parsed["tensors"])
        names = {tensor.name for tensor in tensors}
        lengths = [length for tensor in tensors for length in tensor.shape]
        if len(names) != len(tensors) or not all(type(name) is str for name in names):
            raise ValueError("names of tensors that are no different strings")
        if not all(tensor.dtype in DTYPES for tensor in tensors):
            raise ValueError(f"dtypes {sorted({tensor.dtype for tensor in tensors})}")
        if not all(type(length) is int and 0 <= length <= MOST_NETWORK_BYTES for length in lengths):
            raise ValueError("shapes that are no lists of lengths")
        if not all(_can_be(tensor.shape) for tensor in tensors):
            raise ValueError("shapes that no array has")
        metadata = parsed["metadata"]
        return Structure(tensors, None if metadata is None else _checked_metadata(tuple(map(tuple, metadata))))

    def metadata_dict(self) -> OrderedDict[str, dict[str, Any]] | None:
        """A fresh ``_metadata``."""
        return None if self.metadata is None else OrderedDict((key, dict(value)) for key, value in self.metadata)


def _can_be(shape: tuple[int, ...]) -> bool:
    """Whether numpy makes an array of a shape; it multiplies the lengths of an empty one too."""
    return len(shape) <= 32 and math.prod(length or 1 for length in shape) <= MOST_NETWORK_BYTES


def _checked_metadata(items: tuple[Any, ...]) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    for key, value in items:
        if type(key) is not str or type(value) is not dict:
            raise ValueError(f"_metadata has {key!r:.80} with {value!r:.80}; expected text with a dict")
        for name, item in value.items():
            if type(name) is not str or type(item) not in (str, int, float, bool, type(None)):
                raise ValueError(f"_metadata of {key!r:.80} has {name!r:.80}: {item!r:.80}; expected plain values")
    return items
