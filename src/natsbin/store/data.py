"""The datasets of a store: where their chunks lie, checked as they are touched."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from natsbin.store import layouts
from natsbin.store.dataset import read_dataset
from natsbin.store.file import StoreFile, reading
from natsbin.store.filters import Buffer

PAD = 8
"""Bytes past a chunk that must be readable: the kernel reads eight at a value's place."""


class Data:
    """One dataset of a file. Every chunk is compared with its checksum before any of its bytes are used."""

    def __init__(self, file: StoreFile, path: str) -> None:
        """``path`` is that in the tree. Raises StoreError where there is no such dataset, or none that can be."""
        with reading(f"{file.path}: {path}"):
            self.known = known = read_dataset(file.index, path)
        self._file = file
        self.path, self.shape, self.chunk, self.attrs = known.path, known.shape, known.chunk, known.attrs
        self.filters, self.size, self.chunk_bytes = known.filters, known.item_size, known.chunk_bytes
        self.place = f"{file.path}: {known.path}"

    @property
    def total(self) -> int:
        """The number of chunks, there or not."""
        return len(self.known.chunks)

    @property
    def stored_bytes(self) -> int:
        """Bytes that the chunks take in the file."""
        return int(self.known.chunks["stored"].sum(dtype=np.uint64))

    @property
    def numbers(self) -> list[int]:
        """The chunks that are there."""
        found: list[int] = np.flatnonzero(self.known.chunks["address"]).tolist()
        return found

    @cached_property
    def _missing(self) -> Buffer:
        """What chunks have that are not there; one for all, as a file may say that any number are not there."""
        return np.full(self.chunk_bytes + PAD, 0xFF, np.uint8)

    def load(self, number: int) -> Buffer:
        """A chunk's bytes and ``PAD`` more: a view of the map or, where that cannot be, a copy.

        A chunk that is not there is full of missing values. Raises StoreError where the bytes are not those that
        were written, or where the file was changed since it was opened.
        """
        with reading(f"{self.place}: chunk {number}"):
            address, checksum, stored, mask = self.known.chunks[number].item()
            if not address:
                return self._missing
            raw = self._file.read_chunk(address, min(address + stored + PAD, self._file.size))
            view = np.frombuffer(raw, np.uint8)
            if mask != self.filters.skipped:
                view = self.filters.decode(view[:stored], mask, self.chunk_bytes)
            if len(view) < self.chunk_bytes + PAD:
                view = np.concatenate([view, np.zeros(PAD, np.uint8)])
            if xxhash.xxh3_64_intdigest(view[: self.chunk_bytes].data) != checksum:
                raise ValueError("its bytes do not match its checksum")
            return view

    def array(self, *dtypes: str) -> npt.NDArray[Any]:
        """A copy of all values of a dataset of one chunk; StoreError where the type is none of ``dtypes``."""
        with reading(self.place):
            found, expected = self.known.kind, [np.dtype(dtype) for dtype in dtypes]
            if isinstance(found, layouts.Float) or not (found in expected or expected[0].kind == found.kind == "S"):
                raise ValueError(f"{found}, expected {' or '.join(map(str, expected))}")
            if self.shape != self.chunk:
                raise ValueError(f"{self.shape} in chunks of {self.chunk}, expected one chunk")
            values: npt.NDArray[Any] = self.load(0)[: self.chunk_bytes].view(found).reshape(self.shape)
            return values.copy()

    def layout(self) -> layouts.Layout:
        """How the numbers of a column are laid out."""
        with reading(self.place):
            return layouts.from_kind(self.known.kind)
