"""The file of a store: one descriptor, its seal and its index. Nothing here needs numpy, so that opening is quick."""

from __future__ import annotations

import mmap
import os
import stat
import weakref

from natsbin._util import system
from natsbin.errors import StoreError
from natsbin.store import index as indexes
from natsbin.store.index import Index
from natsbin.store.seal import check_seal

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


def is_store(path: str | os.PathLike[str]) -> bool:
    """Whether a file starts as HDF5 files do."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(len(_HDF5_MAGIC)) == _HDF5_MAGIC


_DAMAGE = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RuntimeError, OSError)
"""What reading a damaged file raises."""


class reading:
    """Turns whatever a damaged file makes of a read into a StoreError that names the place."""

    __slots__ = ("_place",)

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, _DAMAGE) and not isinstance(error, StoreError):
            raise StoreError(f"{self._place}: damaged: {error}") from error


class StoreFile:
    """A store's file, opened once: all that is read of it comes from one descriptor.

    So another file may take its path at any time. What is done to the file itself shows in its size or its time of
    modification, which ``read_chunk`` compares with those at opening.
    """

    def __init__(self, path: str, mapped: bool = True) -> None:
        self.path = path
        try:
            self._descriptor = os.open(path, system.READ)
        except FileNotFoundError as error:
            raise StoreError(error.errno, f"no such store: {path}") from error
        except OSError as error:
            raise StoreError(error.errno, f"{path}: cannot be read: {error.strerror}") from error
        except ValueError as error:  # a null byte in its name
            raise StoreError(f"{path!r}: cannot be read: {error}") from error
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
            with system.scattered_reads(self._map):
                end = check_seal(self.read, self.size)
                parsed = indexes.loads(self.read, end)
        except (OSError, ValueError, RuntimeError) as error:
            raise StoreError(f"{path}: {error}") from error
        self.indexed = parsed is not None
        if parsed is None:
            from natsbin.store.hdf5 import read_version_1

            header, chunks = read_version_1(path, self._descriptor)
            parsed = header, chunks.tobytes(), end
        with reading(str(path)):
            self.index = Index(*parsed)
        self._check_unchanged()

    def _mapped(self) -> memoryview | None:
        try:
            return memoryview(mmap.mmap(self._descriptor, self.size, access=mmap.ACCESS_READ))
        except (OSError, ValueError):  # a file system without maps, or a file that was cut meanwhile
            return None

    def read(self, start: int, stop: int) -> memoryview:
        """The bytes from a place up to another, both within the file: a view of the map, or a copy if it has none."""
        if self._map is not None:
            return self._map[start:stop]
        data = memoryview(bytearray(stop - start))
        done = 0
        while done < len(data):
            piece = system.read_at(self._descriptor, len(data) - done, start + done)
            if not piece:
                raise ValueError(f"it ends at {start + done}, before byte {stop}")
            data[done : done + len(piece)] = piece
            done += len(piece)
        return data

    def read_chunk(self, start: int, stop: int) -> memoryview:
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


def _state(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
