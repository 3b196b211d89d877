"""Archives of one file an architecture: a folder, or a tar of it that is read without unpacking."""

from __future__ import annotations

import itertools
import os
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from natsbin._walk import Walker
from natsbin.archive.base import FILE_LIMIT, Archive, Record, Walked, limit_of, unpickle
from natsbin.archive.byte_ranges import ByteRange, file_range, read_ranges, state_of
from natsbin.archive.bzip import decompress, in_pieces
from natsbin.archive.full import has_weights
from natsbin.archive.meta import META_NAME, check_meta, digest_of, file_name, is_file_name
from natsbin.archive.schema import check_record
from natsbin.errors import ArchiveError
from natsbin.spaces import SPACES, SearchSpace


@dataclass(frozen=True)
class Member:
    """One file of the archive: where its bytes lie, and what to call it in errors."""

    source: str
    ranges: tuple[ByteRange, ...]

    def read(self) -> bytes:
        """Its pickle, which has no weights."""
        return decompress(self._compressed(limit_of(False)), self.source, limit_of(False))

    def pieces(self, weights: bool) -> Iterator[bytes]:
        """The same in pieces: the numbers of a record with weights are in memory once."""
        if weights:
            return in_pieces(self._compressed(limit_of(True)), self.source)
        return iter((self.read(),))

    def state(self) -> bytes:
        """16 bytes that differ where the file, or the tar that it lies in, was changed."""
        return state_of(self.ranges, self.source)

    def _compressed(self, limit: int) -> bytes:
        size = sum(part.size for part in self.ranges)
        if size > limit:
            raise ArchiveError(f"{self.source}: {size:,} bytes; at most {limit:,} were expected")
        return read_ranges(self.ranges, self.source)


@dataclass(frozen=True)
class ArchitectureTask:
    """Reads one architecture."""

    member: Member
    index: int
    arch: str
    space_name: str
    weights: bool

    def read(self) -> Iterator[Record]:
        yield self._record(self.member.pieces(self.weights))

    def walk(self, walker: Walker) -> Iterator[Walked | Record]:
        pieces = self.member.pieces(self.weights)
        start: list[bytes] = []
        while sum(map(len, start)) <= FILE_LIMIT and (piece := next(pieces, b"")):
            start.append(piece)
        if sum(map(len, start)) <= FILE_LIMIT:  # else there are weights, and the walker admits none
            data = b"".join(start)
            yield Walked(self.index, self.arch, self._check) if walker.read(data) else self._record((data,))
        else:
            yield self._record(itertools.chain(start, pieces))

    def _record(self, pieces: Iterable[bytes]) -> Record:
        return Record(self.index, self._check(unpickle(pieces, self.member.source, self.weights)))

    def _check(self, states: object) -> dict[str, dict[str, Any]]:
        return check_record(states, self.index, self.arch, SPACES[self.space_name], self.member.source)


class FilesArchive(Archive):
    """An archive whose files are known by name: random access, one task an architecture."""

    def __init__(
        self,
        path: Path,
        kind: str,
        names: Collection[str],
        find: Callable[[str], Member],
        space: SearchSpace | None,
        weights: bool,
    ) -> None:
        """``names`` are those of the archive's files, each once, and ``find`` leads to one: opening looks at few."""
        self._weights = weights
        self.path = path
        self.kind = kind
        self.digest = digest_of(path)
        self._find = find
        if META_NAME not in names:
            raise ArchiveError(
                f"{path}: no {META_NAME} in this {kind}, which has {len(names)} files NNNNNN.pickle.pbz2; "
                "an archive has both"
            )
        meta = find(META_NAME)
        checked = check_meta(unpickle((meta.read(),), meta.source), meta.source, space)
        self.space = checked.space
        self.meta_archs = checked.archs
        self.indexes = found = sorted(int(name[:6]) for name in names if name != META_NAME)
        if not found:
            raise ArchiveError(f"{path}: no architecture, a file NNNNNN.pickle.pbz2, beside {META_NAME}")
        for index in found[bisect_left(found, self.total_archs) :]:
            checked.check_index(index, find(file_name(index)).source)

    @cached_property
    def compressed_bytes(self) -> int:  # type: ignore[override]
        """What the base class says; each file is looked at."""
        return sum(part.size for index in self._present for part in self._find(file_name(index)).ranges)

    def is_full(self) -> bool:
        """Whether the first architecture has trained weights. False also where its file is damaged."""
        try:
            return has_weights(self._find(file_name(min(self._present))).ranges)
        except OSError:
            return False

    @cached_property
    def _present(self) -> frozenset[int]:
        assert self.indexes is not None
        return frozenset(self.indexes)

    def tasks(self, threads: int = 1) -> Iterator[ArchitectureTask]:
        yield from map(self._task, self.indexes or ())

    def read(self, index: int) -> dict[str, dict[str, Any]]:
        if index not in self._present:
            raise ArchiveError(
                f"{self.path}: no architecture {index}; {len(self._present)} of {self.total_archs} are "
                f"there, the first {min(self._present)}, the last {max(self._present)}"
            )
        (record,) = self._task(index).read()
        return record.states

    def _task(self, index: int) -> ArchitectureTask:
        member = self._find(file_name(index))
        return ArchitectureTask(member, index, self.meta_archs[index], self.space.name, self._weights)


def folder(path: Path, space: SearchSpace | None, weights: bool) -> FilesArchive:
    """Opens a folder."""
    names = list(filter(is_file_name, os.listdir(path)))
    if not names:
        raise ArchiveError(f"{path}: no {META_NAME} and no NNNNNN.pickle.pbz2 in this folder: not an archive")

    def find(name: str) -> Member:
        file = path / name
        return Member(str(file), (file_range(file),))

    return FilesArchive(path, "folder", names, find, space, weights)


def in_files(
    path: Path, kind: str, members: Sequence[tuple[str, Member]], space: SearchSpace | None, weights: bool
) -> FilesArchive:
    """Opens an archive whose files lie in others; ``members`` are all there, by their names without folders."""
    found: dict[str, Member] = {}
    for name, member in members:
        if is_file_name(name) and found.setdefault(name, member) is not member:
            raise ArchiveError(f"{member.source}: a second {name}, beside {found[name].source}")
    return FilesArchive(path, kind, found, found.__getitem__, space, weights)
