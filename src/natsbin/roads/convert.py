"""An archive to a store: workers read and split records, this process spools and writes them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from natsbin._util.files import printable
from natsbin._util.signals import stoppable
from natsbin._util.workers import FEW, cores, ordered
from natsbin.archive import Archive, Task, fingerprint_of, open_archive
from natsbin.archive.simplify import simple_records
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

    ``src`` is a folder, a tar, chunks of a split tar, or a benchmark file; ``space`` ("tss" or "sss") is
    the expected search space. ``jobs`` processes read (all cores if None). Needs temporary space beside ``dst``, about
    as much as the archive takes, and a few hundred MB of memory for any archive. The store keeps a ``fingerprint`` of
    its source (that of ``src`` if None), by which ``create`` sees whether it is up to date.

    Raises ArchiveError for an archive that is not as published, and OutputError where ``dst`` exists (unless
    ``force``) or cannot be written. Then no part of ``dst`` is left.
    """
    path = Path(dst)
    if fingerprint is None:
        fingerprint = fingerprint_of(src).text  # before anything is read, so that it does not fit to later changes
    archive = open_archive(src, space, weights=True)
    total = len(archive.indexes) if archive.indexes is not None else None
    done = 0
    with stoppable(), StoreWriter(path, archive.space, archive.meta_archs, force=force) as writer:
        with closing(_splits(archive, jobs or cores())) as splits:  # ends the workers first, whatever happens
            for split in splits:
                writer.add(split)
                done += len(split.records)
                if progress:
                    progress(done, total)
        writer.write(source=printable(archive.path.name), digest=archive.digest or "", fingerprint=fingerprint)
    return path


def _splits(archive: Archive, jobs: int) -> Generator[Split, None, None]:
    tasks = archive.tasks()
    if jobs == 1 or archive.indexes is None or len(archive.indexes) <= FEW:  # a stream is one task
        records = itertools.chain.from_iterable(simple_records(task) for task in tasks)
        splitter = Splitter()
        while part := list(itertools.islice(records, TOGETHER)):
            for record in part:
                splitter.add(*record)
            yield splitter.take()
    else:
        yield from ordered(_split, Splitter(), _parts(tasks), jobs)


def _parts(tasks: Iterator[Task]) -> Iterator[list[Task]]:
    while part := list(itertools.islice(tasks, TOGETHER)):
        yield part


def _split(splitter: Splitter, tasks: list[Task]) -> Split:
    """A worker's splitter is kept: forms that it has seen cost a look-up."""
    for task in tasks:
        for record in simple_records(task):
            splitter.add(*record)
    return splitter.take()
