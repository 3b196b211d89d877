"""bz2 files of any size, decompressed in pieces, with the limits and errors of an archive reader."""

from __future__ import annotations

import bz2
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from hashlib import md5
from itertools import repeat
from pathlib import Path

from natsbin._blocks import find_magics, number_at, one_block
from natsbin.errors import ArchiveError

PIECE = 4 << 20  # bytes decompressed at a time from a large file; for each the thread waits for the GIL
AHEAD = 2  # pieces a thread decompressed before they are asked for
CHUNK = 1 << 20  # bytes read at a time
LEAST_BLOCK = 80  # bits: what it begins with, and its checksum
MOST_BLOCK = 2 << 20  # bytes; a block holds at most 900,000, which take hardly more where they cannot be compressed
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


def pieces(path: Path, digest: str | None = None, threads: int = 1) -> Generator[bytes, None, None]:
    """A large bz2 file's contents in pieces, decompressed ahead in ``threads``, as bz2 needs no GIL.

    With ``digest``, the hex digits that the md5 of the file ends in, a file of another md5 raises
    ArchiveError after its last piece. Several threads decompress blocks by themselves; where these are not what blocks
    of one stream should be, one thread decompresses the file from its beginning, and says what is wrong with it.
    """
    given = 0
    if threads > 1:
        try:
            for piece in _ahead((partial(_decompressed, block) for block in _blocks(path, digest)), threads):
                yield piece
                given += len(piece)
            return
        except _DoubtError:
            pass
    source = _pieces(path, digest)
    for piece in _ahead(repeat(partial(next, source, None)), 1):  # one thread: pieces come out in order
        if given < len(piece):
            yield piece[given:]
        given = max(0, given - len(piece))


def _ahead(works: Iterator[Callable[[], bytes | None]], threads: int) -> Generator[bytes, None, None]:
    """What ``works`` return, in slices, until None or the last; AHEAD of them a thread run before that."""
    with ThreadPoolExecutor(threads, "bz2") as pool:
        waiting: deque[Future[bytes | None]] = deque()
        try:
            while True:
                while len(waiting) < AHEAD * threads and (work := next(works, None)):
                    waiting.append(pool.submit(work))
                piece = waiting.popleft().result() if waiting else None
                if piece is None:
                    return
                for start in range(0, len(piece), SLICE):
                    yield piece[start : start + SLICE]
        finally:
            for future in waiting:
                future.cancel()


class _DoubtError(Exception):
    """What was found is not a block, or not all of the stream."""


def _blocks(path: Path, digest: str | None) -> Iterator[bytes]:
    """The blocks of a bz2 file, each as a stream of its own.

    A block begins with a known number at any bit, which may also stand within a block by chance. Then what is before it
    is no whole block, and its stream does not decompress. So blocks that do are those of the file.
    """
    summed = md5(usedforsecurity=False)
    with path.open("rb") as file:
        head = file.read(4)
        summed.update(head)
        if not (head.startswith(b"BZh") and b"1" <= head[3:] <= b"9"):
            raise _DoubtError
        data, start, search, checksum = b"", 0, 0, 0
        while chunk := file.read(CHUNK):
            summed.update(chunk)
            data += chunk
            for bit, ended in find_magics(data, search):
                if bit - start >= LEAST_BLOCK:
                    block, its_checksum = one_block(data, start, bit, int(head[3:]))
                    checksum = (checksum << 1 & 0xFFFFFFFF | checksum >> 31) ^ its_checksum
                    yield block
                elif bit != start or bit:
                    raise _DoubtError
                start = bit
                if ended:
                    data += (rest := file.read(CHUNK))
                    summed.update(rest)
                    if len(data) != -(-(bit + 80) // 8) or number_at(data, bit + 48) != checksum:
                        raise _DoubtError
                    _check_digest(path, summed.hexdigest(), digest)
                    return
            if 8 * len(data) - start > 8 * MOST_BLOCK:
                raise _DoubtError
            data, start = data[start // 8 :], start % 8
            search = max(start + 1, 8 * len(data) - 47)
    raise _DoubtError


def _decompressed(block: bytes) -> bytes:
    """One block; _DoubtError unless it is a whole one, of which bz2 compares the checksum."""
    stream = bz2.BZ2Decompressor()
    try:
        out = stream.decompress(block, PIECE)
    except OSError:
        raise _DoubtError from None
    if not stream.eof or stream.unused_data:
        raise _DoubtError
    return out


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
    _check_digest(path, summed.hexdigest(), digest)


def _check_digest(path: Path, summed: str, digest: str | None) -> None:
    if digest is not None and not summed.endswith(digest):
        raise ArchiveError(
            f"{path}: its md5 is {summed}; an end in {digest}, as its name says, was expected (damaged, or renamed)"
        )
