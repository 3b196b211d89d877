"""The file of a store, and its datasets: where their chunks lie, checked as they are touched."""

from __future__ import annotations

import mmap
import os
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from natsbin.errors import StoreError
from natsbin.store import index as indexes
from natsbin.store import layouts
from natsbin.store.filters import Buffer
from natsbin.store.index import Dataset, Index
from natsbin.store.seal import check_seal

PAD = 8
"""Bytes past a chunk that must be readable: the kernel reads eight at a value's place."""


@contextmanager
def reading(place: str) -> Iterator[None]:
    """Turns whatever a damaged file makes of a read into a StoreError that names the place."""
    try:
        yield
    except StoreError:
        raise
    except (
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        OverflowError,
        RuntimeError,
        OSError,
    ) as error:
        raise StoreError(f"{place}: damaged: {error}") from error


class StoreFile:
    """A store's file, opened once: all that is read of it comes from one descriptor.

    So another file may take its path at any time. What is done to the file itself shows in its size or its time of
    modification, which ``read_chunk`` compares with those at opening.
    """

    def __init__(self, path: Path, mapped: bool = True) -> None:
        self.path = path
        try:
            # A FIFO or a device must not keep us waiting.
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError as error:
            raise StoreError(error.errno, f"no such store: {path}") from error
        except OSError as error:
            raise StoreError(error.errno, f"{path}: cannot be read: {error.strerror}") from error
        close = weakref.finalize(self, os.close, self._descriptor)
        try:
            self._open(mapped)
        except BaseException:
            close()
            raise

    def _open(self, mapped: bool) -> None:
        path = self.path
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{path}: cannot be read: it is no regular file")
        self._state = _state(found)
        self.size = found.st_size
        self._map = self._mapped() if mapped and self.size else None
        try:
            end = check_seal(self.read, self.size)
            parsed = indexes.loads(self.read, end)
        except (OSError, ValueError, RuntimeError) as error:
            raise StoreError(f"{path}: {error}") from error
        self.indexed = parsed is not None
        if parsed is None:
            from natsbin.store.hdf5 import read_version_1

            parsed = (*read_version_1(path, self._descriptor), end)
        with reading(str(path)):
            self.index = Index(*parsed)
        self._check_unchanged()

    def _mapped(self) -> Buffer | None:
        try:
            return np.frombuffer(mmap.mmap(self._descriptor, self.size, access=mmap.ACCESS_READ), np.uint8)
        except (OSError, ValueError):  # a file system without maps, or a file that was cut meanwhile
            return None

    def read(self, start: int, stop: int) -> Buffer:
        """The bytes from a place up to another, both within the file: a view of the map, or a copy if it has none."""
        if self._map is not None:
            return self._map[start:stop]
        data = np.empty(stop - start, np.uint8)
        done = 0
        while done < len(data):
            count = os.preadv(self._descriptor, [data[done:].data], start + done)
            if not count:
                raise ValueError(f"it ends at {start + done}, before byte {stop}")
            done += count
        return data

    def read_chunk(self, start: int, stop: int) -> Buffer:
        """As ``read``. Raises StoreError where the file was cut or written to since it was opened."""
        self._check_unchanged()
        return self.read(start, stop)

    def _check_unchanged(self) -> None:
        found = os.fstat(self._descriptor)
        if _state(found) != self._state:
            raise StoreError(
                f"{self.path}: was changed while it is open: {found.st_size} bytes, {self.size} when it was opened; "
                "open it again, and replace stores by renaming others to their path"
            )

    def data(self, path: str) -> Data:
        """The dataset at a path of the tree."""
        with reading(f"{self.path}: {path}"):
            return Data(self, self.index.dataset(path))


def _state(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class Data:
    """One dataset of a file. Every chunk is compared with its checksum before any of its bytes are used."""

    def __init__(self, file: StoreFile, known: Dataset) -> None:
        self._file, self.known = file, known
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
            view = self._file.read_chunk(address, min(address + stored + PAD, self._file.size))
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
