"""An archive to a store: workers read and split records, this process spools and writes them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from natsbin._util.files import printable
from natsbin._util.signals import stoppable
from natsbin._util.system import cores
from natsbin._util.workers import few, ordered
from natsbin._walk import Walker
from natsbin.archive import FILE_LIMIT, Archive, Record, Task, fingerprint_of, holds, open_archive
from natsbin.archive.simplify import simplify
from natsbin.errors import OutputError
from natsbin.store.known_forms import KnownForms
from natsbin.store.split import Split, Splitter
from natsbin.store.writer import StoreWriter

Progress = Callable[[int, "int | None"], None]
"""Called with the number of architectures done, and of all where that is known."""

TOGETHER = 32  # architectures a message: enough for matrices, few enough to stay small


def convert(
    src: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    dst: str | os.PathLike[str],
    *,
    space: str | None = None,
    force: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
    fingerprint: str | None = None,
) -> Path:
    """Write the store ``dst`` from the archive ``src`` and return its path; only trained weights are left out.

    ``src`` is a folder, a tar, chunks of a split tar, or a benchmark file; or of NAS-Bench-201 its file, or a folder of
    ``NNNNNN-FULL.pth``. ``space`` ("tss" or "sss") is the expected search space. ``jobs`` processes read, or threads
    decompress a benchmark file (all cores if None). Needs temporary space beside ``dst``, about as much as the archive
    takes (without weights), and a few hundred MB of memory for any archive. The store keeps a ``fingerprint`` of its
    source (that of ``src`` if None), by which ``create`` sees whether it is up to date.

    Raises ArchiveError for an archive that is not as published, and OutputError where ``dst`` exists (unless
    ``force``) or cannot be written. Then no part of ``dst`` is left.
    """
    path = Path(dst)
    if fingerprint is None:
        fingerprint = fingerprint_of(src).text  # before anything is read, so that it does not fit to later changes
    archive = open_archive(src, space, weights=True)
    if holds(src, path):
        raise OutputError(f"{path}: a file of the archive that is to be converted; it is not replaced")
    total = len(archive.indexes) if archive.indexes is not None else None
    done = 0
    with stoppable(), StoreWriter(path, archive.space, archive.meta_archs, force=force) as writer:
        with closing(_splits(archive, jobs or cores())) as splits:  # ends the workers first, whatever happens
            for split in splits:
                writer.add(split)
                done += len(split.records)
                if progress:
                    progress(done, total)
        names = {"source": printable(archive.path.name), "digest": archive.digest or "", "fingerprint": fingerprint}
        writer.write(**names, attributes=archive.store_attributes, jobs=jobs or cores())
    return path


def _splits(archive: Archive, jobs: int) -> Generator[Split, None, None]:
    tasks = archive.tasks(jobs)
    taker = _Taker(archive.indexes is None)
    if jobs == 1 or archive.indexes is None or few(len(archive.indexes)):  # a stream is one task
        records = itertools.chain.from_iterable(map(taker.take, tasks))
        while sum(1 for _ in itertools.islice(records, TOGETHER)):
            yield taker.splitter.take()
    else:
        yield from ordered(_split, taker, _parts(tasks), jobs)


def _parts(tasks: Iterator[Task]) -> Iterator[list[Task]]:
    while part := list(itertools.islice(tasks, TOGETHER)):
        yield part


def _split(taker: _Taker, tasks: list[Task]) -> Split:
    """A worker's taker is kept: forms that it has seen cost a look-up."""
    for task in tasks:
        for _ in taker.take(task):
            pass
    return taker.splitter.take()


class _Taker:
    """Takes records apart, without making objects where their forms are known."""

    def __init__(self, streaming: bool) -> None:
        self._streaming = streaming
        self.splitter = Splitter()
        self._walker = Walker(FILE_LIMIT, streaming)
        self._known = KnownForms(self._walker.record, self.splitter)

    def __reduce__(self) -> tuple[Any, ...]:
        """A process that is not forked begins with a new one."""
        return type(self), (self._streaming,)

    def take(self, task: Task) -> Iterator[None]:
        """Takes a task's records, one at a time."""
        for record in task.walk(self._walker):
            if isinstance(record, Record):
                self._split(record)
            elif not self._known.add(*record):
                self._split(Record(record.index, record.check(self._walker.record.build(record.arch))))
            yield

    def _split(self, record: Record) -> None:
        simplify(record.states)
        self.splitter.add(*record)
