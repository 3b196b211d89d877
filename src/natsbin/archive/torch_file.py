"""Files of ``torch.save``: the pickle in either of torch's two containers, in pieces and without torch.

Up to torch 1.5 a file is a row of pickles: a magic number, a version, facts about the writing machine, the value, and
the keys of the storages, whose bytes follow. Since then it is a zip file whose entry ``data.pkl`` is the value, and
whose other entries are the storages. Neither compresses, so no file can grow when it is read.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from natsbin._pickle import Unpickler
from natsbin.errors import ArchiveError

PIECE = 1 << 18  # bytes at a time: few architectures are in memory at once

_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."  # the magic number, and version 1001
_ZIP = b"PK\x03\x04"
_MACHINE = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
_NO_STORAGES = b"\x80\x02]q\x00."  # an empty list, as torch pickles it
_HEAD_LIMIT = 1 << 12


HEAD = _LEGACY + pickle.dumps(_MACHINE, 2)
"""What precedes the pickle of the value in the legacy format; ``END`` follows it where there are no tensors."""

END = _NO_STORAGES


def is_torch_file(path: Path) -> bool:
    """Whether a file begins as one of ``torch.save``. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        start = file.read(len(_LEGACY))
    return start.startswith(_ZIP) or start == _LEGACY


class Value:
    """The pickle of the value, in pieces; iterate over it, then say with ``finish`` where it ended."""

    def __init__(self, source: str, file: IO[bytes], start: bytes, ends: bool) -> None:
        """``start``: what was read of it already. ``ends``: nothing else follows in ``file``."""
        self._source, self._file, self._start, self._ends = source, file, start, ends

    def __iter__(self) -> Generator[bytes, None, None]:
        piece = self._start
        while piece:
            yield piece
            piece = self._file.read(PIECE)
        if not self._start:
            while piece := self._file.read(PIECE):
                yield piece

    def finish(self, rest: bytes) -> None:
        """Check that no tensors, nor anything else, follow the value; ``rest`` was fed after its end."""
        rest += self._file.read(PIECE)
        if rest != (b"" if self._ends else _NO_STORAGES):
            raise ArchiveError(
                f"{self._source}: {len(rest):,} bytes or more follow the pickle, or its list of tensors is missing; "
                "a file without tensors was expected"
            )


@contextmanager
def open_value(path: Path) -> Iterator[Value]:
    """Open the pickle in a file of ``torch.save``. ArchiveError where its container is damaged or has tensors."""
    source = str(path)
    try:
        if is_torch_file(path):
            with path.open("rb") as file:
                zipped = file.read(len(_ZIP)) == _ZIP
                file.seek(0)
                if zipped:
                    with zipfile.ZipFile(file) as archive, archive.open(_entry(archive, source)) as entry:
                        yield Value(source, entry, b"", ends=True)
                else:
                    yield Value(source, file, _after_head(file, source), ends=False)
            return
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ArchiveError(f"{source}: a damaged zip file, or one that is cut short: {error}") from error
    raise ArchiveError(f"{source}: not a file of torch.save: neither its legacy format nor a zip file")


def _entry(archive: zipfile.ZipFile, source: str) -> zipfile.ZipInfo:
    """The value's entry."""
    entries = {entry.filename.partition("/")[2]: entry for entry in archive.infolist()}
    if "data.pkl" not in entries:
        few = ", ".join(entry.filename for entry in archive.infolist()[:4]) or "nothing"
        raise ArchiveError(f"{source}: a zip file with {few}; NAME/data.pkl, as torch writes it, was expected")
    for name, entry in entries.items():
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 or entry.file_size != entry.compress_size:
            raise ArchiveError(f"{source}: {entry.filename} is compressed or encrypted, which torch never does")
        if name.startswith("data/"):
            raise ArchiveError(f"{source}: it has tensors ({entry.filename}); a file without them was expected")
    if "byteorder" in entries and (order := archive.read(entries["byteorder"])) != b"little":
        raise ArchiveError(f"{source}: byte order {order[:20]!r}; 'little' was expected")
    return entries["data.pkl"]


def _after_head(file: IO[bytes], source: str) -> bytes:
    """Read past what precedes the value in the legacy format; returns the start of the value."""
    file.seek(len(_LEGACY))
    machine = Unpickler(f"{source} (the facts about the machine that wrote it)", _HEAD_LIMIT, followed=True)
    machine.feed(file.read(PIECE), last=True)
    facts = machine.value
    if not isinstance(facts, dict) or facts.get("little_endian") is not True:
        raise ArchiveError(f"{source}: written on a machine of another byte order: {str(facts)[:80]}")
    return machine.rest or file.read(PIECE)
