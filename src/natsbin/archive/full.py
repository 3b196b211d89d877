"""Whether an archive is a full one, which has trained weights; found without reading a record to its end."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from natsbin._pickle import Unpickler
from natsbin.archive.base import WEIGHTS_LIMIT
from natsbin.archive.byte_ranges import ByteRange, Joined, file_range
from natsbin.archive.bzip import SLICE, Stream
from natsbin.archive.meta import META_NAME, is_file_name
from natsbin.archive.tensors import admit


class _WeightsFound(Exception):
    pass


def _found(*_: object) -> object:
    raise _WeightsFound


def has_weights(ranges: Sequence[ByteRange]) -> bool:
    """Whether the file of an architecture, which lies here, has trained weights.

    Raises OSError, of which ArchiveError is one, where it cannot be read that far.
    """
    source = ranges[0].path
    unpickler = Unpickler(source, WEIGHTS_LIMIT, admit=dict.fromkeys(admit(), _found))
    stream = Stream(source)
    try:
        for data in _pieces(ranges):
            piece = stream.feed(data, SLICE)
            while piece or not (stream.hungry or stream.ended):
                unpickler.feed(piece)
                piece = stream.feed(b"", SLICE)
    except _WeightsFound:
        return True
    return False


def first_has_weights(paths: Sequence[Path]) -> bool:
    """The same of the first architecture of an archive in one or several files; False for a benchmark file.

    Raises OSError or tarfile.TarError where the archive cannot be read that far.
    """
    ranges = _first_record(paths)
    return bool(ranges) and has_weights(ranges)


def _pieces(ranges: Sequence[ByteRange]) -> Iterator[bytes]:
    for path, offset, size in ranges:
        with open(path, "rb") as file:
            file.seek(offset)
            for start in range(0, size, SLICE):
                yield file.read(min(SLICE, size - start))


def _first_record(paths: Sequence[Path]) -> tuple[ByteRange, ...]:
    """Where the first architecture's file lies: of the lowest index in a folder, in front in a tar."""
    first = paths[0]
    if first.is_dir():
        names = [name for name in os.listdir(first) if is_file_name(name) and name != META_NAME]
        return (file_range(first / min(names)),) if names else ()
    if first.name.endswith(".pbz2"):
        return ()
    with Joined(paths) as joined, tarfile.open(fileobj=joined, mode="r:") as opened:
        for info in opened:
            name = info.name.rpartition("/")[2]
            if info.isreg() and is_file_name(name) and name != META_NAME:
                return joined.ranges(info.offset_data, info.size)
    return ()
