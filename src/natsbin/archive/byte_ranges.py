"""Bytes that lie in one file or in several, as those of a tar that was split into chunks."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from natsbin.errors import ArchiveError


class ByteRange(NamedTuple):
    """``size`` bytes of a file from ``offset`` on."""

    path: str
    offset: int
    size: int


def file_range(path: Path) -> ByteRange:
    """All of a file."""
    return ByteRange(str(path), 0, path.stat().st_size)


def read_ranges(ranges: Sequence[ByteRange], source: str) -> bytes:
    """The bytes of all ranges, joined. Raises ArchiveError where a file cannot be read, or became shorter."""
    read = []
    for part in ranges:
        try:
            with open(part.path, "rb") as file:
                file.seek(part.offset)
                read.append(file.read(part.size))
        except OSError as error:
            raise ArchiveError(f"{source}: {error}") from error
        if len(read[-1]) != part.size:
            raise ArchiveError(f"{source}: {part.path} ends before byte {part.offset + part.size}")
    return b"".join(read)


def state_of(ranges: Sequence[ByteRange], source: str) -> bytes:
    """16 bytes that differ where the files of the ranges were changed. Raises ArchiveError where one is not there."""
    state = blake2b(digest_size=16)
    for part in ranges:
        try:
            found = os.stat(part.path)
        except OSError as error:
            raise ArchiveError(f"{source}: {error}") from error
        state.update(f"{part.offset} {part.size} {found.st_size} {found.st_mtime_ns};".encode())
    return state.digest()


class Joined(io.RawIOBase):
    """Several files that read as one, without merging them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [path.open("rb") for path in paths]
        self._ranges = [file_range(path) for path in paths]
        self._position = 0
        self.size = sum(part.size for part in self._ranges)

    def ranges(self, offset: int, size: int) -> tuple[ByteRange, ...]:
        """Where ``size`` bytes from ``offset`` on lie; fewer where the files end before."""
        found = []
        start = 0
        for part in self._ranges:
            low, high = max(offset, start), min(offset + size, start + part.size)
            if low < high:
                found.append(ByteRange(part.path, low - start, high - low))
            start += part.size
        return tuple(found)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        wanted = self.size - self._position if size < 0 else size
        paths = [part.path for part in self._ranges]
        data = []
        for part in self.ranges(self._position, wanted):
            file = self._files[paths.index(part.path)]
            file.seek(part.offset)
            data.append(file.read(part.size))
        joined = b"".join(data)
        self._position += len(joined)
        return joined

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()
