"""Weights from a mapped file: arrays and tensors on its own bytes, each network in a private, writable map."""

from __future__ import annotations

import json
import mmap
import os
import stat
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from natsbin._util import system
from natsbin.errors import QuestionError, StoreError
from natsbin.weights import format as fmt

if TYPE_CHECKING:
    from torch import Tensor

MOST_MAPS = 256
"""Maps alive at a time, as each holds a file descriptor; networks beyond them are read into memory."""

MOST_STRUCTURES = 256
"""Structures kept in memory: a space has up to 100,000, of several KB each."""

Arrays = OrderedDict[str, npt.NDArray[Any]]


class Key(NamedTuple):
    """Names one trained network."""

    architecture: int
    hp: str
    dataset: str
    seed: int


class Weights:
    """An open weights file. Threads may share it, it survives ``fork``, and it pickles to its path.

    Attributes:
        path: the file.
        space: the search space, ``tss`` or ``sss``.
        head: the description in the file: ``space``, ``source``, ``hps``, ``datasets`` and more.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        try:
            self._file = os.open(self.path, system.READ)
        except OSError as error:
            raise StoreError(error.errno, f"{self.path}: cannot be read: {error.strerror}") from error
        except ValueError as error:  # a null byte in its name
            raise StoreError(f"{os.fspath(self.path)!r}: cannot be read: {error}") from error
        weakref.finalize(self, os.close, self._file)
        found = os.fstat(self._file)
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{self.path}: cannot be read: it is no regular file")
        self._state, self._size = _state(found), found.st_size
        self._maps: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()
        head = self._section(0, fmt.HEAD)
        if head.number != fmt.FORMAT_VERSION:
            raise StoreError(
                f"{self.path}: format version {head.number}, expected {fmt.FORMAT_VERSION}: this natsbin is too old"
            )
        end = self._section(self._size - fmt.SECTION_SIZE, fmt.END)
        index = self._section(end.number, fmt.INDEX)
        structures = self._section(end.number + index.front, fmt.STRUCTURES)
        try:
            self.head: dict[str, Any] = json.loads(head.text)
            self.space: str = self.head["space"]
            self._hps, self._datasets = _names(self.head, "hps"), _names(self.head, "datasets")
            self._entries = np.frombuffer(index.table, fmt.ENTRY)
            self._places = np.frombuffer(structures.table, fmt.STRUCTURE)
            self._architectures = np.ascontiguousarray(self._entries["architecture"])
            if (np.diff(self._architectures) < 0).any():
                raise ValueError("its architectures are not in order")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise StoreError(f"{self.path}: damaged: {error}") from error
        self._checked = bytearray(len(self._entries))
        self._structures: dict[int, fmt.Structure] = {}

    def __reduce__(self) -> tuple[Callable[[Path], Weights], tuple[Path]]:
        return open_weights, (self.path.absolute(),)

    def __repr__(self) -> str:
        architectures = len(np.unique(self._architectures))
        return f"Weights({str(self.path)!r}: {len(self)} networks of {architectures} architectures)"

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and len(key) == 4 and self._find(*key) is not None

    def has(self, index: int, hp: str, dataset: str) -> bool:
        """Whether there are weights of an architecture's trainings on a dataset."""
        return any((key.hp, key.dataset) == (hp, dataset) for key in self.keys(index))

    def keys(self, index: int | None = None) -> Iterator[Key]:
        """The networks, of all architectures or of one, in the order of the file: by hp, dataset and seed."""
        return map(self._key, range(len(self)) if index is None else self._range(index))

    def state_dict(
        self, index: int, hp: str, dataset: str, seed: int, *, copy: bool = False
    ) -> OrderedDict[str, Tensor]:
        """The trained weights of a network, as torch tensors.

        They lie in a private map of the file: what a program writes to them changes neither the file nor the tensors
        of another call. With ``copy`` they lie in memory. Tensors in a map end with the file when that is cut. Raises
        QuestionError (a KeyError) where there is no such network, StoreError where it is damaged, or where the file
        was changed since it was opened.
        """
        return to_torch(self.arrays(index, hp, dataset, seed, copy=copy))

    def arrays(self, index: int, hp: str, dataset: str, seed: int, *, copy: bool = False) -> Arrays:
        """The same as ``state_dict`` in numpy arrays, without torch."""
        place = self._find(index, hp, dataset, seed)
        if place is None:
            raise QuestionError(f"{self.path}: no weights of {self._missing(index, hp, dataset, seed)}")
        structure, buffer, start = self._load(place, copy)
        arrays: Arrays = OrderedDict()
        for tensor in structure.tensors:
            arrays[tensor.name] = np.ndarray(tensor.shape, fmt.DTYPES[tensor.dtype], buffer, start)
            start += fmt.padded(tensor.size)
        metadata = structure.metadata_dict()
        if metadata is not None:
            arrays._metadata = metadata  # type: ignore[attr-defined]
        return arrays

    def check(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Compare every network with its checksum, and return their number. Raises StoreError for the first fault."""
        for place in range(len(self)):
            self._checked[place] = 0
            self._load(place, copy=False)
            if progress:
                progress(place + 1, len(self))
        return len(self)

    def _load(self, place: int, copy: bool) -> tuple[fmt.Structure, mmap.mmap | bytearray, int]:
        """A network's structure, and its bytes: a buffer and where in that they start."""
        entry = self._entries[place]
        structure = self._structure(int(entry["structure"]))
        offset, size = int(entry["offset"]), structure.size
        if size > fmt.MOST_NETWORK_BYTES or offset % fmt.ALIGNMENT:
            raise StoreError(f"{self.path}: damaged: {self._key(place)} has {size:,} bytes at byte {offset}")
        self._check_within(offset, size)
        start = offset % mmap.ALLOCATIONGRANULARITY
        buffer: mmap.mmap | bytearray | None = None
        if not copy and size and len(self._maps) < MOST_MAPS:
            buffer = self._mapped(offset - start, start + size)
        if buffer is None:
            start, buffer = 0, bytearray(self._read(offset, size))
        if not self._checked[place]:
            with memoryview(buffer) as whole, whole[start : start + size] as data:
                if fmt.checksum(data) != entry["checksum"]:
                    raise StoreError(f"{self.path}: damaged: {self._key(place)} does not match its checksum")
            self._checked[place] = 1
        return structure, buffer, start

    def _mapped(self, offset: int, size: int) -> mmap.mmap | None:
        """A map; None on a file system that has none."""
        try:
            found = mmap.mmap(self._file, size, access=mmap.ACCESS_COPY, offset=offset)
        except OSError:
            return None
        self._maps.add(found)
        return found

    def _structure(self, number: int) -> fmt.Structure:
        found = self._structures.get(number)
        if found is None:
            try:
                offset, size, digest = map(int, self._places[number])
                if size > fmt.MOST_FRONT_BYTES:
                    raise ValueError(f"{size:,} bytes; at most {fmt.MOST_FRONT_BYTES:,} were expected")
                text = self._read(offset, size)
                if fmt.checksum(text) != digest:
                    raise ValueError("it does not match its checksum")
                found = fmt.Structure.parse(json.loads(text))
            except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
                raise StoreError(f"{self.path}: damaged: structure {number}: {error}") from error
            if len(self._structures) >= MOST_STRUCTURES:
                self._structures.clear()
            self._structures[number] = found
        return found

    def _range(self, index: int) -> range:
        """The entries of an architecture."""
        first, last = (int(np.searchsorted(self._architectures, index, side)) for side in ("left", "right"))
        return range(first, last)

    def _find(self, index: Any, hp: Any, dataset: Any, seed: Any) -> int | None:
        wanted = (index, hp, dataset, seed)
        return next((place for place in self._range(index) if self._key(place) == wanted), None)

    def _key(self, place: int) -> Key:
        architecture, hp, dataset, seed, *_ = self._entries[place].tolist()
        try:
            return Key(architecture, self._hps[hp], self._datasets[dataset], seed)
        except IndexError:
            raise StoreError(f"{self.path}: damaged: entry {place} has hp {hp} and dataset {dataset}") from None

    def _missing(self, index: int, hp: str, dataset: str, seed: int) -> str:
        return (
            f"architecture {index}, hp {hp!r}, {dataset!r}, seed {seed}; it has {len(self)} networks of hp "
            f"{', '.join(self._hps)} on {', '.join(self._datasets)}"
        )

    def _section(self, offset: int, kind: bytes) -> fmt.Section:
        place = offset

        def read(size: int) -> bytes:
            nonlocal place
            place += size
            return self._read(place - size, size)

        size = self._size - offset
        section = fmt.Section.read(read, size) if offset >= 0 else None
        if section is None or section.kind != kind:
            what = kind.rstrip(b"\0").decode()
            raise StoreError(f"{self.path}: no weights file, cut short or damaged: no section {what} at byte {offset}")
        return section

    def _read(self, offset: int, size: int) -> bytes:
        self._check_within(offset, size)
        try:
            return system.read_at(self._file, size, offset)
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be read at byte {offset}: {error}") from error

    def _check_within(self, offset: int, size: int) -> None:
        found = os.fstat(self._file)
        if _state(found) != self._state:
            raise StoreError(
                f"{self.path}: was changed while it is open: {found.st_size} bytes, {self._size} when it was opened; "
                "open it again, and replace files by renaming others to their path"
            )
        if offset + size > self._size:
            raise StoreError(
                f"{self.path}: cut short, or damaged: {size} bytes from byte {offset} on, where it has {self._size}"
            )


def _state(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns


def to_torch(arrays: Arrays, *, copy: bool = False) -> OrderedDict[str, Tensor]:
    """A state dict of tensors on writable arrays, or with ``copy`` on copies of any, with their ``_metadata``."""
    import torch

    tensors = OrderedDict(
        (name, torch.from_numpy(np.array(array) if copy else array)) for name, array in arrays.items()
    )
    vars(tensors).update(vars(arrays))
    return tensors


def _names(head: dict[str, Any], field: str) -> list[str]:
    names = head[field]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{field} is {names!r:.80}; expected a list of names")
    return names


def open_weights(path: Path | str) -> Weights:
    """Open a weights file. Raises StoreError, which is also an OSError, for what is not one."""
    return Weights(Path(path))
