"""Files of ``torch.save``: the pickle in either of torch's two containers, in pieces and without torch.

Up to torch 1.5 a file is a row of pickles: a magic number, a version, facts about the writing machine, the value, and
the keys of the storages, whose bytes follow. Since then it is a zip file whose entry ``data.pkl`` is the value, and
whose other entries are the storages. Neither compresses, so no file can grow when it is read.
"""

from __future__ import annotations

import os
import pickle
import struct
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from natsbin._pickle import Unpickler
from natsbin.archive.tensors import Storage
from natsbin.errors import ArchiveError

PIECE = 1 << 18  # bytes at a time: few architectures are in memory at once

_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."  # the magic number, and version 1001
_ZIP = b"PK\x03\x04"
_MACHINE = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
_NO_STORAGES = b"\x80\x02]q\x00."  # an empty list, as torch pickles it
_HEAD_LIMIT = 1 << 12
_KEYS_LIMIT = 1 << 22  # of the list of storages
_COUNT = 8  # bytes of a storage's number of items
_PICKLE = "data.pkl"
_DATA = "data/"  # and the key of a storage


HEAD = _LEGACY + pickle.dumps(_MACHINE, 2)
"""What precedes the pickle of the value in the legacy format; ``END`` follows it where there are no tensors."""

END = _NO_STORAGES


def is_torch_file(path: Path) -> bool:
    """Whether a file begins as one of ``torch.save``. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        start = file.read(len(_LEGACY))
    return start.startswith(_ZIP) or start == _LEGACY


Entries = dict[str, zipfile.ZipInfo]
"""The entries of a zip file by name, without the folder that all of them are in."""


class Value(ABC):
    """The pickle of the value, in pieces; iterate over it, then say with ``finish`` where it ended."""

    def __init__(self, source: str, file: IO[bytes], start: bytes = b"") -> None:
        """``start``: what was read of it already."""
        self._source, self._file, self._start = source, file, start

    def __iter__(self) -> Generator[bytes, None, None]:
        piece = self._start
        while piece:
            yield piece
            piece = self._file.read(PIECE)
        if not self._start:
            while piece := self._file.read(PIECE):
                yield piece

    @abstractmethod
    def finish(self, rest: bytes, storages: Mapping[str, Storage] | None = None) -> None:
        """Check that nothing follows the value but ``storages``, by key, and fill these; ``rest`` was fed too much.

        None where there can be no tensors. Raises ArchiveError.
        """

    def _wrong_end(self, rest: bytes) -> ArchiveError:
        return ArchiveError(
            f"{self._source}: {len(rest):,} bytes or more follow the pickle, or its list of tensors is missing; "
            "a file without tensors was expected"
        )

    def _check(self, key: str, storage: Storage, size: int) -> None:
        expected = storage.count * storage.dtype.itemsize
        if size != expected:
            raise ArchiveError(
                f"{self._source}: storage {key}: {size:,} bytes; {expected:,}, which are {storage.count:,} items of "
                f"{storage.dtype}, were expected"
            )

    def _wrong_keys(self, there: Collection[object], named: Collection[str]) -> ArchiveError:
        odd = sorted(map(str, {*there} ^ {*named}))[:3]
        return ArchiveError(
            f"{self._source}: {len(there)} storages, and {len(named)} that the pickle names (the difference: "
            f"{', '.join(odd)[:120] or 'one is there twice'}); the same ones were expected"
        )


class _LegacyValue(Value):
    """The legacy container: behind the pickle are a list of keys and each storage, with its number of items first."""

    def finish(self, rest: bytes, storages: Mapping[str, Storage] | None = None) -> None:
        if storages is None:
            rest += self._file.read(PIECE)
            if rest != _NO_STORAGES:
                raise self._wrong_end(rest)
            return
        self._file.seek(-len(rest), os.SEEK_CUR)
        for key in self._keys(storages):
            storage = storages[key]
            count = int.from_bytes(self._file.read(_COUNT), "little")
            self._check(key, storage, count * storage.dtype.itemsize)
            self._fill(key, storage)
        if rest := self._file.read(PIECE):
            raise ArchiveError(f"{self._source}: {len(rest):,} bytes or more follow the last storage")

    def _keys(self, storages: Mapping[str, Storage]) -> list[str]:
        unpickler = Unpickler(f"{self._source} (the list of its tensors)", _KEYS_LIMIT, followed=True)
        while not unpickler.finished:
            piece = self._file.read(PIECE)
            unpickler.feed(piece, last=not piece)
        self._file.seek(-len(unpickler.rest), os.SEEK_CUR)
        keys = unpickler.value
        if type(keys) is not list or not all(type(key) is str for key in keys):
            raise ArchiveError(f"{self._source}: the list of its tensors is a {type(keys).__name__} of other things")
        if len(keys) != len(storages) or {*keys} != storages.keys():
            raise self._wrong_keys(keys, storages.keys())
        return keys

    def _fill(self, key: str, storage: Storage) -> None:
        size = storage.count * storage.dtype.itemsize
        there = os.fstat(self._file.fileno()).st_size - self._file.tell()
        if size > there:
            self._check(key, storage, max(there, 0))
        if isinstance(storage.data, bytearray):
            self._file.readinto(storage.data)  # type: ignore[attr-defined]
        else:
            self._file.seek(size, os.SEEK_CUR)


class _ZipValue(Value):
    """The zip container: every storage is an entry."""

    def __init__(self, source: str, file: IO[bytes], archive: zipfile.ZipFile, entries: Entries) -> None:
        super().__init__(source, file)
        self._archive, self._entries = archive, entries

    def finish(self, rest: bytes, storages: Mapping[str, Storage] | None = None) -> None:
        if rest := rest + self._file.read(PIECE):
            raise self._wrong_end(rest)
        keys = [name.removeprefix(_DATA) for name in self._entries if name.startswith(_DATA)]
        if storages is None:
            storages = {}
        if {*keys} != storages.keys():
            raise self._wrong_keys(keys, storages.keys())
        for key, storage in storages.items():
            entry = self._entries[_DATA + key]
            self._check(key, storage, entry.file_size)
            if isinstance(storage.data, bytearray):
                with self._archive.open(entry) as file:
                    self._check(key, storage, file.readinto(storage.data))  # type: ignore[attr-defined]


@contextmanager
def open_value(path: Path, *, tensors: bool = False) -> Iterator[Value]:
    """Open the pickle in a file of ``torch.save``. ArchiveError where its container is damaged.

    ``tensors``: whether there may be some; else a zip file that has them is refused at once.
    """
    source = str(path)
    if not is_torch_file(path):
        raise ArchiveError(f"{source}: not a file of torch.save: neither its legacy format nor a zip file")
    with path.open("rb") as file:
        zipped = file.read(len(_ZIP)) == _ZIP
        file.seek(0)
        if not zipped:
            yield _LegacyValue(source, file, _after_head(file, source))
            return
        with _damage_named(source), zipfile.ZipFile(file) as archive:
            entries = _entries(archive, source, tensors)
            with archive.open(entries[_PICKLE]) as entry:
                yield _ZipValue(source, entry, archive, entries)


@contextmanager
def _damage_named(source: str) -> Iterator[None]:
    """Turns what ``zipfile`` raises for damage, which may be almost anything, to an ArchiveError."""
    try:
        yield
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, struct.error) as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"{source}: a damaged zip file, or one that is cut short: {error}") from error


def _entries(archive: zipfile.ZipFile, source: str, tensors: bool) -> Entries:
    """The checked entries."""
    entries = {entry.filename.partition("/")[2]: entry for entry in archive.infolist()}
    if _PICKLE not in entries:
        few = ", ".join(entry.filename for entry in archive.infolist()[:4]) or "nothing"
        raise ArchiveError(f"{source}: a zip file with {few}; NAME/{_PICKLE}, as torch writes it, was expected")
    for name, entry in entries.items():
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 or entry.file_size != entry.compress_size:
            raise ArchiveError(f"{source}: {entry.filename} is compressed or encrypted, which torch never does")
        if name.startswith(_DATA) and not tensors:
            raise ArchiveError(f"{source}: it has tensors ({entry.filename}); a file without them was expected")
    if "byteorder" in entries and (order := archive.read(entries["byteorder"])) != b"little":
        raise ArchiveError(f"{source}: byte order {order[:20]!r}; 'little' was expected")
    return entries


def _after_head(file: IO[bytes], source: str) -> bytes:
    """Read past what precedes the value in the legacy format; returns the start of the value."""
    file.seek(len(_LEGACY))
    machine = Unpickler(f"{source} (the facts about the machine that wrote it)", _HEAD_LIMIT, followed=True)
    machine.feed(file.read(PIECE), last=True)
    facts = machine.value
    if not isinstance(facts, dict) or facts.get("little_endian") is not True:
        raise ArchiveError(f"{source}: written on a machine of another byte order: {str(facts)[:80]}")
    return machine.rest or file.read(PIECE)
