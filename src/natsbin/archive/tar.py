"""A tar of an archive's folder, whole or split into chunks, read in place."""

from __future__ import annotations

import glob
import re
import tarfile
from collections.abc import Sequence
from pathlib import Path

from natsbin.archive.byte_ranges import Joined
from natsbin.archive.files import FilesArchive, Member, in_files
from natsbin.errors import ArchiveError
from natsbin.spaces import SearchSpace

_CHUNK = re.compile(r"(.*\.tar)\.?([a-z]{2,})")
_BLOCK = 512


def is_chunk(path: Path) -> bool:
    """Whether a path is named like a chunk that ``split`` made of a tar: ``X.taraa``."""
    return _CHUNK.fullmatch(path.name) is not None


def siblings(path: Path) -> list[Path]:
    """All chunks of the tar that one chunk belongs to."""
    match = _CHUNK.fullmatch(path.name)
    assert match is not None
    stem = path.name[: match.start(2)]
    return sorted(path.parent.glob(glob.escape(stem) + "?" * len(match[2])))


def tar(paths: Sequence[Path], space: SearchSpace | None, weights: bool) -> FilesArchive:
    """Opens a tar, given as one path or as its chunks."""
    paths = sorted(paths, key=lambda path: path.name)
    if all(map(is_chunk, paths)):
        _check_sequence(paths)
    members = []
    with Joined(paths) as joined:
        try:
            with tarfile.open(fileobj=joined, mode="r:") as opened:
                for info in opened:
                    if info.size < 0:  # forged, and would lead back to where it was read
                        raise ArchiveError(f"{paths[0]}: {info.name}: a size of {info.size} bytes")
                    if info.isreg():
                        source = f"{paths[0]}: {info.name}"
                        member = Member(source, joined.ranges(info.offset_data, info.size))
                        members.append((info.name.rpartition("/")[2], member))
                end = opened.offset
        except tarfile.TarError as error:
            raise ArchiveError(f"{paths[0]}: not an uncompressed tar, or cut short: {error}") from None
        joined.seek(end)
        if joined.read(_BLOCK) != bytes(_BLOCK):  # where it ends wrongly, tarfile only stops
            ends = "cut short" if end >= joined.size else f"damaged, or a chunk is missing: no header at byte {end}"
            raise ArchiveError(f"{paths[0]}: the tar is {ends} after {len(members)} files")
    return in_files(paths[0], "tar" if len(paths) == 1 else "split tar", members, space, weights)


def _check_sequence(paths: Sequence[Path]) -> None:
    """Chunks of one tar are named aa, ab, … without a gap; a missing last one shows as a tar cut short."""
    names = [path.name for path in paths]
    stem = names[0][: _CHUNK.fullmatch(names[0]).start(2)]  # type: ignore[union-attr]
    for position, name in enumerate(names):
        suffix = ""
        for _ in range(len(name) - len(stem)):
            position, letter = divmod(position, 26)
            suffix = chr(ord("a") + letter) + suffix
        if name != stem + suffix:
            raise ArchiveError(
                f"{paths[0].with_name(stem + suffix)}: this chunk of the tar is missing; {name} is there"
            )
