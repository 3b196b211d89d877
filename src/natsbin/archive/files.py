"""Archives of one file an architecture: a folder, or a tar of it that is read without unpacking."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from natsbin._walk import Walker
from natsbin.archive.base import Archive, Record, Walked, limit_of, unpickle
from natsbin.archive.byte_ranges import ByteRange, file_range, read_ranges
from natsbin.archive.bzip import decompress
from natsbin.archive.meta import META_NAME, check_meta, digest_of, is_file_name
from natsbin.archive.schema import check_record
from natsbin.errors import ArchiveError
from natsbin.spaces import SPACES, SearchSpace


@dataclass(frozen=True)
class Member:
    """One file of the archive: where its bytes lie, and what to call it in errors."""

    source: str
    ranges: tuple[ByteRange, ...]

    def read(self, weights: bool = False) -> bytes:
        """Its pickle."""
        return decompress(read_ranges(self.ranges, self.source), self.source, limit_of(weights))


@dataclass(frozen=True)
class ArchitectureTask:
    """Reads one architecture."""

    member: Member
    index: int
    arch: str
    space_name: str
    weights: bool

    def read(self) -> Iterator[Record]:
        yield self._record(self.member.read(self.weights))

    def walk(self, walker: Walker) -> Iterator[Walked | Record]:
        data = self.member.read(self.weights)
        yield Walked(self.index, self.arch, self._check) if walker.read(data) else self._record(data)

    def _record(self, data: bytes) -> Record:
        return Record(self.index, self._check(unpickle(data, self.member.source, self.weights)))

    def _check(self, states: object) -> dict[str, dict[str, Any]]:
        return check_record(states, self.index, self.arch, SPACES[self.space_name], self.member.source)


class FilesArchive(Archive):
    """An archive whose files are known by name: random access, one task an architecture."""

    def __init__(
        self,
        path: Path,
        kind: str,
        members: Sequence[tuple[str, Member]],
        space: SearchSpace | None,
        weights: bool,
    ) -> None:
        """``members`` are all files, by their names without folders; others than an archive's are ignored."""
        self._weights = weights
        self.path = path
        self.kind = kind
        self.digest = digest_of(path)
        found = _by_name(members)
        meta = found.pop(META_NAME, None)
        if meta is None:
            raise ArchiveError(
                f"{path}: no {META_NAME} in this {kind}, which has {len(found)} files NNNNNN.pickle.pbz2; "
                "an archive has both"
            )
        checked = check_meta(unpickle(meta.read(), meta.source), meta.source, space)
        self.space = checked.space
        self.meta_archs = checked.archs
        self._members = {int(name[:6]): found[name] for name in sorted(found)}
        for index, member in self._members.items():
            checked.check_index(index, member.source)
        if not self._members:
            raise ArchiveError(f"{path}: no architecture, a file NNNNNN.pickle.pbz2, beside {META_NAME}")
        self.indexes = list(self._members)
        self.compressed_bytes = sum(part.size for member in self._members.values() for part in member.ranges)

    def tasks(self, threads: int = 1) -> Iterator[ArchitectureTask]:
        for index, member in self._members.items():
            yield self._task(index, member)

    def read(self, index: int) -> dict[str, dict[str, Any]]:
        member = self._members.get(index)
        if member is None:
            raise ArchiveError(
                f"{self.path}: no architecture {index}; {len(self._members)} of {self.total_archs} are "
                f"there, the first {min(self._members)}, the last {max(self._members)}"
            )
        (record,) = self._task(index, member).read()
        return record.states

    def _task(self, index: int, member: Member) -> ArchitectureTask:
        return ArchitectureTask(member, index, self.meta_archs[index], self.space.name, self._weights)


def folder(path: Path, space: SearchSpace | None, weights: bool) -> FilesArchive:
    """Opens a folder."""
    with os.scandir(path) as entries:
        members = [
            (entry.name, Member(entry.path, (file_range(Path(entry.path)),)))
            for entry in entries
            if is_file_name(entry.name)
        ]
    if not members:
        raise ArchiveError(f"{path}: no {META_NAME} and no NNNNNN.pickle.pbz2 in this folder: not an archive")
    return FilesArchive(path, "folder", members, space, weights)


def _by_name(members: Sequence[tuple[str, Member]]) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for name, member in members:
        if is_file_name(name) and found.setdefault(name, member) is not member:
            raise ArchiveError(f"{member.source}: a second {name}, beside {found[name].source}")
    return found
