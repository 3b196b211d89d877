"""Whether an archive is as it was: its kind, its name, and the names, sizes and times of all its files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from natsbin._util.files import printable
from natsbin.archive import meta, nas_bench_201_files
from natsbin.errors import ArchiveError

_EDGE = 1 << 16  # bytes at the start and the end of a large file that are part of its fingerprint


class Fingerprint(NamedTuple):
    """``origin`` says which archive it is, ``text`` also in which state. ``newest`` is when a file last changed."""

    origin: str
    text: str
    newest: int  # nanoseconds since 1970


def fingerprint(paths: Sequence[Path]) -> Fingerprint:
    """The fingerprint of a folder, or of the file or files that an archive consists of; reads next to nothing.

    Raises ArchiveError where a file cannot be read.
    """
    first = Path(os.path.realpath(paths[0]))
    digest, total, newest, number = sha256(), 0, 0, 0
    try:
        if first.is_dir():
            kind = "folder"
            with os.scandir(first) as entries:
                found = sorted((entry.name, entry.stat()) for entry in entries if _is_file_name(entry.name))
        else:
            kind = "file" if len(paths) == 1 else "files"
            found = [(os.path.basename(os.path.realpath(path)), os.stat(path)) for path in paths]
            for path in paths:
                digest.update(_edges(path))
        for name, stat in found:
            digest.update(os.fsencode(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\0"))
            total, newest, number = total + stat.st_size, max(newest, stat.st_mtime_ns), number + 1
    except OSError as error:
        raise ArchiveError(f"{paths[0]}: cannot be read: {error}") from error
    origin = f"{kind} {printable(first.name)}"
    return Fingerprint(origin, f"{origin}: {number} files, {total} bytes, {digest.hexdigest()[:32]}", newest)


def _is_file_name(name: str) -> bool:
    return meta.is_file_name(name) or nas_bench_201_files.is_file_name(name)


def _edges(path: Path) -> bytes:
    with path.open("rb") as file:
        start = file.read(_EDGE)
        file.seek(max(0, os.fstat(file.fileno()).st_size - _EDGE))
        return start + file.read(_EDGE)
