"""bz2 files of any size, decompressed in pieces, with the limits and errors of an archive reader."""

from __future__ import annotations

import bz2
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import md5
from pathlib import Path

from natsbin.errors import ArchiveError

PIECE = 4 << 20  # bytes decompressed at a time from a large file; for each the thread waits for the GIL
AHEAD = 2  # pieces decompressed before they are asked for
SLICE = 1 << 18  # bytes handed on at a time: few architectures are in memory at once


def decompress(data: bytes, source: str, limit: int) -> bytes:
    """One whole bz2 stream of at most ``limit`` decompressed bytes.

    Raises ArchiveError, naming ``source``, where the data is empty, no bz2, damaged, cut short, too large
    or followed by something else.
    """
    stream = Stream(source)
    whole = stream.feed(data, limit + 1)
    if len(whole) > limit:
        raise ArchiveError(f"{source}: decompresses to more than {limit:,} bytes, far above what archives hold")
    stream.close()
    return whole


def in_pieces(data: bytes, source: str) -> Iterator[bytes]:
    """What one whole bz2 stream decompresses to, of any size, in pieces. Raises ArchiveError as ``decompress``."""
    stream = Stream(source)
    while piece := stream.feed(data, PIECE):
        yield piece
        data = b""
    stream.close()


class Stream:
    """One bz2 stream, fed in pieces."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._bz2 = bz2.BZ2Decompressor()
        self._fed = 0

    @property
    def hungry(self) -> bool:
        """Whether more input is needed before anything comes out."""
        return self._bz2.needs_input

    @property
    def ended(self) -> bool:
        return self._bz2.eof

    def feed(self, data: bytes, limit: int) -> bytes:
        """Takes in ``data`` and returns at most ``limit`` decompressed bytes."""
        if self._bz2.eof:
            if data:
                raise ArchiveError(f"{self._source}: something follows the end of the bz2 stream")
            return b""
        self._fed += len(data)
        try:
            out = self._bz2.decompress(data, limit)
        except OSError as error:
            raise ArchiveError(f"{self._source}: not a bz2 file, or damaged: {error}") from None
        if self._bz2.unused_data:
            raise ArchiveError(
                f"{self._source}: {len(self._bz2.unused_data)} bytes or more follow the end of the bz2 stream"
            )
        return out

    def close(self) -> None:
        """Raises ArchiveError unless the stream came to its end."""
        if self._fed == 0:
            raise ArchiveError(f"{self._source}: empty; a bz2 file was expected")
        if not self._bz2.eof:
            raise ArchiveError(f"{self._source}: cut short: the bz2 data stops before its end")


def pieces(path: Path, digest: str | None = None) -> Generator[bytes, None, None]:
    """A large bz2 file's contents in pieces, decompressed ahead in a thread, as bz2 needs no GIL.

    With ``digest``, the hex digits that the md5 of the file ends in, a file of another md5 raises
    ArchiveError after its last piece.
    """
    source = _pieces(path, digest)
    with ThreadPoolExecutor(1, "bz2") as pool:  # one thread: pieces come out in order
        ahead: deque[Future[bytes | None]] = deque()
        try:
            while True:
                while len(ahead) < AHEAD:
                    ahead.append(pool.submit(next, source, None))
                piece = ahead.popleft().result()
                if piece is None:
                    return
                for start in range(0, len(piece), SLICE):
                    yield piece[start : start + SLICE]
        finally:
            for future in ahead:
                future.cancel()


def _pieces(path: Path, digest: str | None) -> Iterator[bytes]:
    stream = Stream(str(path))
    summed = md5(usedforsecurity=False)
    size = SLICE  # pieces grow: a caller who wants only the head does not wait long
    with path.open("rb") as file:
        while data := file.read(size):
            summed.update(data)
            piece = stream.feed(data, size)
            while piece or not (stream.hungry or stream.ended):
                yield piece
                size = min(2 * size, PIECE)
                piece = stream.feed(b"", size)
    stream.close()
    if digest is not None and not summed.hexdigest().endswith(digest):
        raise ArchiveError(
            f"{path}: its md5 is {summed.hexdigest()}; an end in {digest}, as its name says, was expected"
            " (damaged, or renamed)"
        )
