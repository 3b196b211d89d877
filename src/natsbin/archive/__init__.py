"""Original archives, read safely: folders, tars and benchmark files of NATS-Bench; file or folder of NAS-Bench-201."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from os import PathLike, fspath
from os.path import exists, samefile
from pathlib import Path
from tarfile import TarError

from natsbin.archive import nas_bench_201_files
from natsbin.archive.base import FILE_LIMIT, Archive, Record, Task, Walked
from natsbin.archive.benchmark import BenchmarkArchive
from natsbin.archive.files import folder
from natsbin.archive.fingerprint import Fingerprint, fingerprint
from natsbin.archive.full import first_has_weights
from natsbin.archive.meta import META_NAME, is_file_name, space_named
from natsbin.archive.nas_bench_201 import NASBench201Archive
from natsbin.archive.nas_bench_201_files import NASBench201Folder
from natsbin.archive.tar import is_chunk, siblings, tar
from natsbin.archive.torch_file import is_torch_file
from natsbin.errors import ArchiveError, NoArchiveError

__all__ = [
    "FILE_LIMIT",
    "Archive",
    "Fingerprint",
    "Record",
    "Task",
    "Walked",
    "benchmark_of",
    "fingerprint_of",
    "holds",
    "is_full",
    "open_archive",
]


def open_archive(
    path: str | PathLike[str] | Sequence[str | PathLike[str]],
    space: str | None = None,
    *,
    check_digest: bool = True,
    weights: bool = False,
) -> Archive:
    """Opens an original archive of any kind, and checks its ``meta``.

    Args:
        path: a folder; a ``.tar`` of one; the chunks of a split tar, as several paths, a glob pattern or any
            one of them; a benchmark file ``….pickle.pbz2``; or of NAS-Bench-201 a file ``….pth`` or a folder of
            ``NNNNNN-FULL.pth``.
        space: ``tss`` or ``topology``, ``sss`` or ``size``; None to recognise it.
        check_digest: whether a benchmark file whose name has a digest must have that md5, which
            is checked after its last record.
        weights: admits trained weights, as full archives have them: each trial's ``net_state_dict`` is then an
            OrderedDict of read-only numpy arrays, with torch's ``_metadata`` as an attribute. Not for benchmark files,
            nor for NAS-Bench-201.

    Raises:
        NoArchiveError: no such path.
        ArchiveError: not an archive, a damaged one, or one of another space.
    """
    expected_space = space_named(space)
    paths = _paths(path)
    first = paths[0]
    try:
        if len(paths) == 1 and first.is_dir():
            if nas_bench_201_files.is_folder(first):
                return NASBench201Folder(first, expected_space)
            return folder(first, expected_space, weights)
        if len(paths) > 1 or is_chunk(first):
            return tar(_chunks(paths), expected_space, weights)
        if first.name == META_NAME:
            raise ArchiveError(f"{first}: only the list of architectures; the folder that it is in was expected")
        if first.name.endswith(".pbz2"):
            return BenchmarkArchive(first, expected_space, check_digest)
        if _is_nas_bench_201(first):
            return NASBench201Archive(first, expected_space, check_digest)
        return tar(paths, expected_space, weights)
    except OSError as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"{first}: cannot be read: {error}") from error


def benchmark_of(path: Path) -> str:
    """The benchmark that a file or folder is of, by its first bytes: ``NATS-Bench`` or ``NAS-Bench-201``."""
    return NASBench201Archive.benchmark if _is_nas_bench_201(path) else Archive.benchmark


def _is_nas_bench_201(path: Path) -> bool:
    if path.is_dir():
        return nas_bench_201_files.is_folder(path)
    return path.is_file() and (path.suffix == ".pth" or is_torch_file(path))


def fingerprint_of(path: str | PathLike[str] | Sequence[str | PathLike[str]]) -> Fingerprint:
    """The fingerprint of an archive, given as for ``open_archive``, which need not be opened for it."""
    return fingerprint(_chunks(_paths(path)))


def holds(path: str | PathLike[str] | Sequence[str | PathLike[str]], file: Path) -> bool:
    """Whether a file is one of an archive, given as for ``open_archive``, by this name or another."""
    paths = _chunks(_paths(path))
    if not exists(file):
        return False
    member = is_file_name(file.name) or nas_bench_201_files.is_file_name(file.name)
    inside = member and samefile(paths[0], file.parent)
    return inside or any(samefile(one, file) for one in paths)


def is_full(path: str | PathLike[str] | Sequence[str | PathLike[str]]) -> bool:
    """Whether an archive, given as for ``open_archive``, has trained weights: its first architecture is looked at.

    False also for what is no archive, or a damaged one: ``open_archive`` says so.
    """
    try:
        return first_has_weights(_chunks(_paths(path)))
    except (OSError, TarError):
        return False


def _chunks(paths: list[Path]) -> list[Path]:
    """All chunks of a split tar, of which one may be given."""
    return siblings(paths[0]) if len(paths) == 1 and is_chunk(paths[0]) and not paths[0].is_dir() else paths


def _paths(path: str | PathLike[str] | Sequence[str | PathLike[str]]) -> list[Path]:
    paths = _named(path)
    for each in paths:
        if not exists(each):
            raise NoArchiveError(f"{each}: no such file or folder; an archive was expected")
    return paths


def _named(path: str | PathLike[str] | Sequence[str | PathLike[str]]) -> list[Path]:
    if not isinstance(path, (str, PathLike)):
        if not path:
            raise ArchiveError("no path given; an archive was expected")
        return [Path(each) for each in path]
    if glob.has_magic(fspath(path)) and not exists(path):
        found = sorted(glob.glob(fspath(path)))
        if not found:
            raise NoArchiveError(f"{fspath(path)}: nothing matches this pattern; an archive was expected")
        return [Path(each) for each in found]
    return [Path(path)]
