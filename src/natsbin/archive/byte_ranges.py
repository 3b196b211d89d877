"""Bytes that lie in one file or in several, as those of a tar that was split into chunks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from natsbin.errors import ArchiveError


class Piece(NamedTuple):
    """``size`` bytes of a file from ``offset`` on."""

    path: str
    offset: int
    size: int


def piece_of_file(path: Path) -> Piece:
    return Piece(str(path), 0, path.stat().st_size)


def read_pieces(pieces: Sequence[Piece], source: str) -> bytes:
    """The bytes of all pieces, joined. Raises ArchiveError where a file cannot be read, or became shorter."""
    read = []
    for piece in pieces:
        try:
            with open(piece.path, "rb") as file:
                file.seek(piece.offset)
                read.append(file.read(piece.size))
        except OSError as error:
            raise ArchiveError(f"{source}: {error}") from error
        if len(read[-1]) != piece.size:
            raise ArchiveError(f"{source}: {piece.path} ends before byte {piece.offset + piece.size}")
    return b"".join(read)


class Joined(io.RawIOBase):
    """Several files that read as one, without merging them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [path.open("rb") for path in paths]
        self._pieces = [piece_of_file(path) for path in paths]
        self._position = 0
        self.size = sum(piece.size for piece in self._pieces)

    def pieces(self, offset: int, size: int) -> tuple[Piece, ...]:
        """Where ``size`` bytes from ``offset`` on lie; fewer where the files end before."""
        found = []
        start = 0
        for piece in self._pieces:
            low, high = max(offset, start), min(offset + size, start + piece.size)
            if low < high:
                found.append(Piece(piece.path, low - start, high - low))
            start += piece.size
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
        paths = [piece.path for piece in self._pieces]
        data = []
        for piece in self.pieces(self._position, wanted):
            file = self._files[paths.index(piece.path)]
            file.seek(piece.offset)
            data.append(file.read(piece.size))
        joined = b"".join(data)
        self._position += len(joined)
        return joined

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()
