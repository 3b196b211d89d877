"""Generated archives on disk: a folder, with weights or without, a tar of one, or a benchmark file."""

from __future__ import annotations

import bz2
import functools
import io
import os
import shutil
import tarfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from natsbin._util.workers import ordered
from natsbin.archive.meta import META_NAME, file_name
from natsbin.archive.write import compress, meta_record
from natsbin.errors import OutputError
from natsbin.spaces import SearchSpace
from natsbin.synthetic.finals import load_finals
from natsbin.synthetic.pickles import BenchmarkPickle, Record, dumps
from natsbin.synthetic.states import make_states
from natsbin.synthetic.weights import full_file, need_torch

KINDS = ("folder", "tar", "benchmark", "full")
ARCHITECTURES_A_JOB = 16  # fewer are not worth starting a process

Progress = Callable[[int], None]
Made = TypeVar("Made")


@dataclass(frozen=True)
class _Work:
    """What to generate, and how."""

    space: SearchSpace
    indexes: list[int]
    seed: int
    finals: bool
    irregular: bool
    jobs: int
    progress: Progress
    name: str  # of the archive

    def states(self, index: int) -> OrderedDict[str, dict[str, Any]]:
        finals = load_finals() if self.finals else None
        return make_states(self.space, index, self.seed, finals, irregular=self.irregular)

    def each(self, make: Callable[[_Work, int], Made], indexes: list[int]) -> Iterator[Made]:
        """``make`` of each index in order, over processes, with a bounded number of results waiting."""
        return ordered(make, replace(self, progress=_ignore), indexes, self.jobs)  # a callback may not pickle


def _ignore(_: int) -> None:
    """Progress that nobody asked for."""


def _file(work: _Work, index: int) -> bytes:
    """One architecture's file."""
    return compress(dumps(work.states(index)))


def _full_file(work: _Work, index: int) -> bytes:
    """One architecture's file of a full archive."""
    return full_file(work.states(index), index, work.seed)


def _record(work: _Work, index: int) -> Record:
    return Record(work.space, index, work.states(index))


def make_archive(
    dst: Path,
    space: SearchSpace,
    indexes: Iterable[int] | None = None,
    *,
    kind: str = "folder",
    seed: int = 0,
    finals: bool = False,
    irregular: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a generated archive of some architectures (None: the whole space) to ``dst`` and return ``dst``.

    ``kind`` is ``folder`` (a file an architecture), ``tar`` (of such a folder), ``benchmark`` (one
    ``.pickle.pbz2``) or ``full`` (a folder with weights, some 30 MB a topology and 10 MB a size architecture; needs
    torch). The content does not depend on ``jobs`` (processes; None: as many as pay).
    ``finals`` plants the genuine final values of the topology space, ``irregular`` also writes kinds of records that
    were hardly published, such as an empty list of latencies. ``progress`` is called with 1 for each
    architecture written. Nothing is left at ``dst`` unless all of it was written.

    Raises OutputError for a ``dst`` that exists (unless ``overwrite``) or cannot be written, ValueError for
    an index outside the space or an unknown kind, ArchiveError for ``finals`` or torch where they are not installed.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(KINDS)}")
    chosen = list(dict.fromkeys(range(len(space)) if indexes is None else indexes))
    wrong = next((index for index in chosen if not 0 <= index < len(space)), None)
    if wrong is not None or not chosen:
        raise ValueError(f"index is {wrong}; expected at least one of 0..{len(space) - 1} for {space.name}")
    if finals:
        load_finals()  # fails here rather than in a worker
    if kind == "full":
        need_torch()
    if jobs is None:
        jobs = max(1, min(os.cpu_count() or 1, len(chosen) // ARCHITECTURES_A_JOB))
    work = _Work(space, chosen, seed, finals, irregular, jobs, progress or _ignore, dst.name)
    with _replacing(dst, overwrite) as partial:
        _WRITE[kind](work, partial)
    return dst


def _write_folder(work: _Work, partial: Path, make: Callable[[_Work, int], bytes] = _file) -> None:
    partial.mkdir()
    (partial / META_NAME).write_bytes(compress(dumps(meta_record(work.space.architectures))))
    for index, data in zip(work.indexes, work.each(make, work.indexes), strict=True):
        (partial / file_name(index)).write_bytes(data)
        work.progress(1)


def _write_tar(work: _Work, partial: Path) -> None:
    top = work.name.removesuffix(".tar")
    with tarfile.open(partial, "w") as tar:

        def add(name: str, data: bytes) -> None:
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))

        folder = tarfile.TarInfo(top)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(folder)
        add(META_NAME, compress(dumps(meta_record(work.space.architectures))))
        for index, data in zip(work.indexes, work.each(_file, work.indexes), strict=True):
            add(file_name(index), data)
            work.progress(1)


def _write_benchmark(work: _Work, partial: Path) -> None:
    first, *rest = work.indexes
    with bz2.BZ2File(partial, "wb") as stream:
        file = BenchmarkPickle(stream, work.space)
        file.add_first(first, work.states(first))
        work.progress(1)
        for record in work.each(_record, rest):
            file.add(record)
            work.progress(1)
        file.finish()


_WRITE: dict[str, Callable[[_Work, Path], None]] = {
    "folder": _write_folder,
    "tar": _write_tar,
    "benchmark": _write_benchmark,
    "full": functools.partial(_write_folder, make=_full_file),
}


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _replacing(dst: Path, overwrite: bool) -> Iterator[Path]:
    """A sibling path to write to, which becomes ``dst`` when all went well and vanishes otherwise."""
    if dst.exists() and not overwrite:
        raise OutputError(f"{dst} exists already; expected a new path, or overwrite=True")
    partial = dst.with_name(f".{dst.name}.{os.getpid()}.partial")
    try:
        dst.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            if overwrite:
                _remove(dst)
            partial.rename(dst)
        finally:
            _remove(partial)
    except OSError as error:
        raise OutputError(f"{dst} cannot be written: {error}") from error
