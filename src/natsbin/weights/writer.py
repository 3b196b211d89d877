"""Writing a weights file: one architecture at a time, so that an interrupted run can be resumed.

Until the file is complete it has another name, that of its *part*. Sections are only appended, and each is on the disk
before the next one starts. Their content does not depend on where a run starts, so a resumed file equals one that was
written in a single run.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

import numpy as np

from natsbin._util import files, system
from natsbin.errors import OutputError
from natsbin.weights import format as fmt
from natsbin.weights.packing import Packed

LOCK_TRIES, LOCK_PAUSE = 30, 0.1
"""Seconds between tries to lock a part: workers of a killed run hold it until they end."""

_BETWEEN = ",\n"  # JSON of a structure is one line, of ASCII


class WeightsWriter:
    """A weights file open for writing; if there is an unfinished part, writing resumes there.

    ``head`` is the text of the file's head; a part with another head has other content. ``states`` are the
    architectures that the part may start with, in order, and 16 bytes each that say in which state the archive has
    them: one that was changed is written again, and so are those behind it. ``done`` of them are in the part. Raises
    OutputError where the file exists (unless ``force``), the part has other content or is in use, or the disk refuses.
    """

    def __init__(self, path: Path, head: str, states: Mapping[int, bytes], *, force: bool = False) -> None:
        self.path, self._force, self._target = path, force, files.target(path, force)
        self.part = self._target.with_suffix(fmt.PART_SUFFIX)
        self._numbers: dict[bytes, int] = {}  # of structures, by their digests: in sss there are 100,000
        self._places: list[tuple[int, int, int]] = []
        self._tables: list[bytes] = []
        try:
            self._file = self.part.open("r+b" if self.part.exists() else "x+b")
        except OSError as error:
            raise OutputError(f"{self.part}: cannot be written: {error}") from error
        try:
            self._lock()
            self._end = self._begin(fmt.Section(fmt.HEAD, fmt.FORMAT_VERSION, b"", head.encode(), 0).pack())
            self._recover(states)
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> WeightsWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    @property
    def done(self) -> int:
        """How many architectures are in the part."""
        return len(self._tables)

    def add(self, packed: Packed, state: bytes) -> None:
        """Append an architecture, read in this state, and wait until it is on the disk.

        Raises OutputError where the disk refuses.
        """
        new = [text for text in packed.structures if _digest(text) not in self._numbers]
        section = fmt.Section(
            fmt.ARCHITECTURE, packed.index, packed.entries.tobytes(), _listed(new), len(packed.payload), state
        )
        start = self._end
        self._number(section, start)
        entries = packed.entries.copy()
        numbers = np.array([self._numbers[_digest(text)] for text in packed.structures], np.uint32)
        entries["structure"] = numbers[entries["structure"]]
        entries["offset"] += start + section.front
        section = section._replace(table=entries.tobytes())
        self._append(section.pack(), packed.payload)
        self._tables.append(section.table)

    def finish(self) -> None:
        """Write the index, and give the file its name. Raises OutputError where the disk refuses."""
        places = np.array(self._places, fmt.STRUCTURE).tobytes()
        index = fmt.Section(fmt.INDEX, len(self._tables), b"".join(self._tables), b"", 0)
        structures = fmt.Section(fmt.STRUCTURES, len(self._places), places, b"", 0)
        end = fmt.Section(fmt.END, self._end, b"", b"", 0)
        self._append(index.pack(), structures.pack(), end.pack())
        files.target(self.path, self._force)  # another program may have made it meanwhile
        try:
            if not system.OPEN_FILES_MOVE:
                self._file.close()
            files.replace(self.part, self._target, self._force)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error}") from error

    def _lock(self) -> None:
        for _ in range(LOCK_TRIES):
            try:
                locked = system.lock(self._file.fileno(), wait=False)  # None where the file system has no locks
                if locked is not False and os.path.samestat(os.fstat(self._file.fileno()), os.stat(self.part)):
                    return
            except OSError:
                pass
            time.sleep(LOCK_PAUSE)
        raise OutputError(f"{self.part}: another process is writing it")

    def _begin(self, head: bytes) -> int:
        """Write the head unless it is there; return its size."""
        found = self._file.read(len(head))
        if found != head:
            if not head.startswith(found):
                raise OutputError(
                    f"{self.part}: has a part of other weights (another archive, hp or dataset); "
                    "remove it to start again"
                )
            self._file.seek(0)
            self._end = 0
            self._append(head)
        return len(head)

    def _recover(self, states: Mapping[int, bytes]) -> None:
        """Keep the architectures at the start that are complete and up to date, and cut off what follows them."""
        size = os.fstat(self._file.fileno()).st_size
        last: tuple[int, fmt.Section] | None = None
        end = self._end
        for index, state in states.items():
            self._file.seek(end)
            section = fmt.Section.read(self._file.read, size - end)
            if section is None or (section.kind, section.number, section.state) != (fmt.ARCHITECTURE, index, state):
                break
            if last:
                self._take(*last)
            last = end, section
            end += section.front + section.payload
        if last and self._intact(last[1], end):
            self._take(*last)
        elif last:
            end = last[0]
        self._end = end
        try:
            self._file.truncate(end)
        except OSError as error:
            raise OutputError(f"{self.part}: cannot be written: {error}") from error
        self._file.seek(end)

    def _take(self, start: int, section: fmt.Section) -> None:
        self._number(section, start)
        self._tables.append(section.table)

    def _intact(self, section: fmt.Section, end: int) -> bool:
        """Whether the weights of the last section are as they were packed: a crash may have cut them."""
        entries = np.frombuffer(section.table, fmt.ENTRY)
        bounds = [*entries["offset"].tolist(), end]
        for start, stop, checksum in zip(bounds[:-1], bounds[1:], entries["checksum"].tolist(), strict=True):
            self._file.seek(start)
            if fmt.checksum(self._file.read(stop - start)) != checksum:
                return False
        return True

    def _close(self) -> None:
        with contextlib.suppress(OSError):  # a full disk left data in the buffer; that error was raised before
            self._file.close()

    def _number(self, section: fmt.Section, start: int) -> None:
        """Number the structures that a section at ``start`` brings."""
        offset = start + fmt.SECTION_SIZE + len(section.table) + len("[")
        for text in _texts(section.text):
            self._numbers[_digest(text)] = len(self._numbers)
            self._places.append((offset, len(text), fmt.checksum(text.encode())))
            offset += len(text) + len(_BETWEEN)

    def _append(self, *parts: bytes) -> None:
        try:
            for part in parts:
                self._file.write(part)
            self._file.flush()
            system.sync(self._file.fileno())
        except OSError as error:
            raise OutputError(f"{self.part}: cannot be written: {error}") from error
        self._end += sum(map(len, parts))


def _listed(structures: Iterable[str]) -> bytes:
    return f"[{_BETWEEN.join(structures)}]".encode()


def _texts(listed: bytes) -> list[str]:
    """The inverse of ``_listed``."""
    text = listed[1:-1].decode()
    return text.split(_BETWEEN) if text else []


def _digest(structure: str) -> bytes:
    return blake2b(structure.encode(), digest_size=16).digest()
