"""The benchmark file: one pickle of a whole space, walked in bounded memory."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from natsbin._pickle import Unpickler
from natsbin._walk import Walker
from natsbin.archive.base import FILE_LIMIT, Archive, Record, Walked, walked
from natsbin.archive.bzip import pieces
from natsbin.archive.meta import Meta, check_meta, digest_of, recognise
from natsbin.archive.schema import check_record
from natsbin.errors import ArchiveError
from natsbin.spaces import SPACES, SearchSpace

MOST_THREADS = 6  # decompress as fast as one process takes records apart


@dataclass(frozen=True)
class BenchmarkTask:
    """Streams the whole file. Its digest, and a ``meta`` that follows the records, are checked at the end."""

    path: str
    digest: str | None
    space_name: str
    archs: list[str]
    threads: int = 1  # that decompress

    def read(self) -> Generator[Record, None, None]:
        meta = Meta(SPACES[self.space_name], self.archs)
        seen: set[int] = set()
        unpickler = Unpickler(self.path, FILE_LIMIT, streaming=True)
        with closing(pieces(Path(self.path), self.digest, self.threads)) as source:
            for piece in source:
                for index, states in unpickler.feed(piece):
                    meta.check_index(index, self.path)
                    if index in seen:
                        raise ArchiveError(f"{self.path}: architecture {index} stands there twice")
                    seen.add(index)
                    yield Record(index, self._check(index, states))
        unpickler.feed(b"", last=True)
        self._check_end(unpickler.value, seen)

    def walk(self, walker: Walker) -> Generator[Walked | Record, None, None]:
        seen: set[int] = set()
        with closing(pieces(Path(self.path), self.digest, self.threads)) as source:
            for index in walked(walker, source):
                if not 0 <= index < len(self.archs) or index in seen:
                    break  # `read` says so
                seen.add(index)
                yield Walked(index, self.archs[index], partial(self._check, index))
        if walker.finished and not (walker.gave_up or walker.has_record or walker.rest):
            self._check_end(walker.build(), seen)
            return
        for record in self.read():
            if record.index not in seen:
                yield record

    def _check(self, index: int, states: object) -> dict[str, dict[str, Any]]:
        where = f"{self.path}: arch2infos[{index}]"
        return check_record(states, index, self.archs[index], SPACES[self.space_name], where)

    def _check_end(self, root: object, seen: set[int]) -> None:
        if check_meta(root, self.path, SPACES[self.space_name]).archs != self.archs:
            raise ArchiveError(
                f"{self.path}: meta_archs follows the architectures and differs from the official order, "
                "in which they were read"
            )
        if not seen:
            raise ArchiveError(f"{self.path}: arch2infos has no architecture; a benchmark file was expected")


class BenchmarkArchive(Archive):
    """A benchmark file: one task that streams it; ``read`` searches it from its beginning."""

    kind = "benchmark file"
    indexes = None

    def __init__(self, path: Path, space: SearchSpace | None, check_digest: bool) -> None:
        self.path = path
        self.digest = digest_of(path)
        self.compressed_bytes = path.stat().st_size
        meta = _peek(path, space)
        self.space = meta.space
        self.meta_archs = meta.archs
        self._task = BenchmarkTask(str(path), self.digest if check_digest else None, meta.space.name, meta.archs)

    def tasks(self, threads: int = 1) -> Generator[BenchmarkTask, None, None]:
        yield replace(self._task, threads=min(threads, MOST_THREADS))

    def read(self, index: int) -> dict[str, dict[str, Any]]:
        with closing(self._task.read()) as records:
            for record in records:
                if record.index == index:
                    return record.states
        raise ArchiveError(f"{self.path}: no architecture {index}")


def _peek(path: Path, space: SearchSpace | None) -> Meta:
    """The meta that stands before the records; where it follows them, the official order."""
    unpickler = Unpickler(str(path), FILE_LIMIT, streaming=True)
    with closing(pieces(path)) as source:
        for piece in source:
            done = unpickler.feed(piece)
            head = unpickler.head
            if head is not None and "meta_archs" in head and "total_archs" in head:
                return check_meta(head, str(path), space)
            if done:
                index, states = done[0]
                state = next(iter(states.values()), None)
                arch = state.get("arch_str") if isinstance(state, dict) else None
                found = recognise(arch, f"{path}: arch2infos[{index}]", space)
                return Meta(found, found.architectures)
    unpickler.feed(b"", last=True)
    return check_meta(unpickler.value, str(path), space)
