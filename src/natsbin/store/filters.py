"""HDF5's filters, both ways, on the bytes of a chunk, and the pipeline of them that a dataset has.

A new filter is one class here, and an entry in ``FILTERS``.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from natsbin.store import format as fmt

Buffer = npt.NDArray[np.uint8]


class Filter(Protocol):
    """One step of a pipeline. The fields of its dataclass are its parameters in HDF5, in their order."""

    id: ClassVar[int]

    def encode(self, data: Buffer) -> Buffer:
        """The filtered bytes."""
        ...

    def decode(self, data: Buffer, limit: int) -> Buffer:
        """The bytes before the filter. Raises ValueError where they are damaged or more than ``limit``."""
        ...


@dataclass(frozen=True)
class Shuffle:
    """The first bytes of all items, then their second bytes, and so on."""

    item_size: int
    id: ClassVar[int] = 2

    def encode(self, data: Buffer) -> Buffer:
        return data.reshape(-1, self.item_size).T.reshape(-1)

    def decode(self, data: Buffer, limit: int) -> Buffer:
        return data.reshape(self.item_size, -1).T.reshape(-1)


@dataclass(frozen=True)
class Deflate:
    """zlib, with whichever of its memory levels gives the shortest result."""

    level: int
    id: ClassVar[int] = 1

    def encode(self, data: Buffer) -> Buffer:
        found = []
        for memory in fmt.SMALL_MEMORY if len(data) <= fmt.LARGE_CHUNK else fmt.LARGE_MEMORY:
            stream = zlib.compressobj(self.level, zlib.DEFLATED, zlib.MAX_WBITS, memory)
            found.append(stream.compress(data.data) + stream.flush())
        return np.frombuffer(min(found, key=len), np.uint8)

    def decode(self, data: Buffer, limit: int) -> Buffer:
        try:
            raw = zlib.decompressobj().decompress(data.data, limit + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if len(raw) > limit:
            raise ValueError(f"more than {limit} bytes")
        return np.frombuffer(raw, np.uint8)


FILTERS: dict[int, type[Shuffle | Deflate]] = {kind.id: kind for kind in (Shuffle, Deflate)}
"""The filters that a store may have, by their HDF5 numbers."""


@dataclass(frozen=True)
class Pipeline:
    """The filters of a dataset, in the order in which they are applied. Bit i of a *mask* says that i was skipped."""

    filters: tuple[Filter, ...] = ()

    def __len__(self) -> int:
        return len(self.filters)

    @staticmethod
    def compressing(item_size: int) -> Pipeline:
        """The pipeline of a compressed dataset. The bytes of a text are not shuffled: they are no columns."""
        deflate = Deflate(fmt.DEFLATE_LEVEL)
        return Pipeline((Shuffle(item_size), deflate) if item_size <= 8 else (deflate,))

    @staticmethod
    def parse(given: Any, item_size: int) -> Pipeline:
        """From the index: a list of filters, each its HDF5 number and its parameters. Raises ValueError for others."""
        found: list[Filter] = []
        for number, *parameters in given:
            if number not in FILTERS:
                known = ", ".join(kind.__name__.lower() for kind in FILTERS.values())
                raise ValueError(f"filter {number!r:.20}, expected one of {known}")
            found.append(FILTERS[number](*parameters))
        if len(found) > len(FILTERS) or any(isinstance(one, Shuffle) and one.item_size != item_size for one in found):
            raise ValueError(f"filters {given!r:.80} for items of {item_size} bytes")
        return Pipeline(tuple(found))

    @property
    def skipped(self) -> int:
        """The mask of a chunk that is stored as it is."""
        return (1 << len(self.filters)) - 1

    def encode(self, raw: Buffer) -> tuple[bytes, int]:
        """A chunk as HDF5 stores it, and its mask. A chunk that does not get shorter is stored as it is."""
        plain = data = np.ascontiguousarray(raw).reshape(-1)
        for step in self.filters:
            data = step.encode(data)
        return (data.tobytes(), 0) if len(data) < len(plain) or not self.filters else (plain.tobytes(), self.skipped)

    def decode(self, stored: Buffer, mask: int, size: int) -> Buffer:
        """The inverse of ``encode``. Raises ValueError where the chunk does not come to ``size`` bytes."""
        for number, step in reversed(list(enumerate(self.filters))):
            if not mask >> number & 1:
                stored = step.decode(stored, size)
        if len(stored) != size:
            raise ValueError(f"{len(stored)} bytes, expected {size}")
        return stored
