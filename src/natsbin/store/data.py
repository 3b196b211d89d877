"""One dataset of a store: where its chunks lie in the map, checked as they are touched."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import xxhash

from natsbin.errors import StoreError
from natsbin.store import format as fmt
from natsbin.store import layouts
from natsbin.store.filters import Buffer, Pipeline
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


class MappedFile:
    """An HDF5 file that is open for reading, and its bytes as a read-only map."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                map_ = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        except FileNotFoundError as error:
            raise StoreError(error.errno, f"no such store: {path}") from error
        except OSError as error:
            raise StoreError(error.errno, f"{path}: cannot be read: {error.strerror}") from error
        self.bytes: Buffer = np.frombuffer(map_, np.uint8)
        try:
            check_seal(self.bytes)
            self.hdf5 = h5py.File(path, "r")
        except (OSError, ValueError) as error:
            raise StoreError(f"{path}: {error}") from error

    def paths(self) -> list[str]:
        """The datasets of the tree, in alphabetical order; checksums apart."""
        found: list[str] = []

        def visit(path: str, node: object) -> None:
            if isinstance(node, h5py.Dataset) and not path.startswith(f"{fmt.CHECKSUMS}/"):
                found.append(path)

        with reading(str(self.path)):
            self.hdf5.visititems(visit)
        return sorted(found)

    def data(self, path: str) -> Data:
        """The dataset at a path of the tree."""
        return Data(self, path)


class Data:
    """One dataset. Every chunk is compared with its checksum before any of its bytes are used."""

    def __init__(self, file: MappedFile, path: str) -> None:
        self.path = path
        self._file, self.place = file, f"{file.path}: {path}"
        with reading(self.place):
            node, digests = file.hdf5[path], file.hdf5[f"{fmt.CHECKSUMS}/{path}"]
            self._id = node.id
            self.attrs: h5py.AttributeManager = node.attrs  # read one by one: those of dimensions are slow
            self.shape: tuple[int, ...] = node.shape
            create = self._id.get_create_plist()
            self.chunk: tuple[int, ...] = create.get_chunk()
            self.filters = Pipeline.read(create)
            self.kind: h5py.h5t.TypeID = self._id.get_type()
            self.size: int = self.kind.get_size()
            self.counts = tuple(-(-length // step) for length, step in zip(self.shape, self.chunk, strict=True))
            if digests.shape != self.counts or digests.dtype != np.uint64:
                raise ValueError(f"{digests.shape} checksums for {self.counts} chunks")
            self._digests: npt.NDArray[np.uint64] = digests[()].reshape(-1)

    @cached_property
    def _places(self) -> dict[int, tuple[int, int, int]]:
        """Address, stored size and filter mask of each chunk that is there, by number; never outside of the file."""
        places: dict[int, tuple[int, int, int]] = {}
        end = len(self._file.bytes)

        def visit(info: Any) -> None:
            number = 0
            for start, step, count in zip(info.chunk_offset, self.chunk, self.counts, strict=True):
                if start % step or start // step >= count:
                    raise ValueError(f"a chunk at {info.chunk_offset}")
                number = number * count + start // step
            mask, plain = info.filter_mask, info.filter_mask == self.filters.skipped
            if (
                not 0 <= mask <= self.filters.skipped
                or not 0 < info.byte_offset <= end - info.size
                or (plain and info.size != self.chunk_bytes)
            ):
                raise ValueError(f"chunk {number}: {info.size} bytes at {info.byte_offset} of {end}, mask {mask}")
            places[number] = (info.byte_offset, info.size, mask)

        with reading(self.place):
            self._id.chunk_iter(visit)
        return places

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a chunk before filters."""
        return int(np.prod(self.chunk, dtype=np.int64)) * self.size

    @property
    def total(self) -> int:
        """The number of chunks, there or not."""
        return len(self._digests)

    @property
    def stored_bytes(self) -> int:
        """Bytes that the chunks take in the file."""
        return sum(stored for _, stored, _ in self._places.values())

    @property
    def numbers(self) -> list[int]:
        """The chunks that are there."""
        return sorted(self._places)

    def load(self, number: int) -> Buffer:
        """A chunk's bytes and ``PAD`` more: a view of the map or, where that cannot be, a copy.

        A chunk that is not there is full of missing values. Raises StoreError where the bytes are not those that
        were written.
        """
        with reading(f"{self.place}: chunk {number}"):
            if number not in self._places:
                if self._digests[number]:
                    raise ValueError("it is not there")
                return np.full(self.chunk_bytes + PAD, 0xFF, np.uint8)
            address, stored, mask = self._places[number]
            view = self._file.bytes[address : address + stored + PAD]
            if mask != self.filters.skipped:
                raw = self.filters.decode(view[:stored], mask, self.chunk_bytes)
                view = np.concatenate([raw, np.zeros(PAD, np.uint8)])
            elif len(view) < stored + PAD:
                view = np.concatenate([view, np.zeros(PAD, np.uint8)])
            if xxhash.xxh3_64_intdigest(view[: self.chunk_bytes].data) != int(self._digests[number]):
                raise ValueError("its bytes do not match its checksum")
            return view

    def array(self, *dtypes: str) -> npt.NDArray[Any]:
        """All values of a dataset of one chunk; StoreError where the type is none of ``dtypes``."""
        with reading(self.place):
            found, expected = self.kind.dtype, [np.dtype(dtype) for dtype in dtypes]
            if found not in expected and not (expected[0].kind == found.kind == "S"):
                raise ValueError(f"{found}, expected {' or '.join(map(str, expected))}")
            if self.shape != self.chunk:
                raise ValueError(f"{self.shape} in chunks of {self.chunk}, expected one chunk")
            values: npt.NDArray[Any] = self.load(0)[: self.chunk_bytes].view(found).reshape(self.shape)
            return values

    def layout(self) -> layouts.Layout:
        """How the numbers of a column are laid out."""
        with reading(self.place):
            return layouts.from_hdf5(self.kind)
