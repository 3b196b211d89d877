"""NAS-Bench-201's folder of one file an architecture, ``NNNNNN-FULL.pth``, which has the trained weights.

A file is a dict ``{full, less}``, as ``arch2infos`` of the benchmark's own file has of each architecture. Beside it may
be one without weights, ``NNNNNN-SIMPLE.pth``. A folder does not list its architectures: they are those of the space.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from natsbin._pickle import Unpickler
from natsbin._walk import Walker
from natsbin.archive.base import FILE_LIMIT, Archive, Record
from natsbin.archive.meta import META_NAME, Meta, recognise
from natsbin.archive.nas_bench_201 import BENCHMARK, CLASSES, attributes_of, checked_states, origin_of
from natsbin.archive.simplify import simplify
from natsbin.archive.storages import Storages
from natsbin.archive.torch_file import open_value
from natsbin.errors import ArchiveError, NoArchiveError
from natsbin.spaces import TSS, SearchSpace

KINDS = ("FULL", "SIMPLE", "LESS")
"""What the names of files end in. Where an architecture has several, the first of these is read."""

_NAME = re.compile(rf"([0-9]{{6}})-({'|'.join(KINDS)})\.pth")


def is_file_name(name: str) -> bool:
    """Whether such a folder has files of this name."""
    return _NAME.fullmatch(name) is not None


def is_folder(path: Path) -> bool:
    """Whether a folder has such a file, and is not one of NATS-Bench, whose thousands of names need no look."""
    return path.is_dir() and not (path / META_NAME).exists() and any(map(is_file_name, os.listdir(path)))


def read_architecture(path: Path, index: int, arch: str, *, weights: bool) -> dict[str, dict[str, Any]]:
    """The checked states of one architecture, by hp, in the order of its file.

    With ``weights`` each trial's ``net_state_dict`` is an OrderedDict of arrays, which share memory where its tensors
    do; else it is None, and the numbers are not read.

    Raises NoArchiveError where there is no file, ArchiveError where it is no such file or is damaged.
    """
    if not path.is_file():
        raise NoArchiveError(f"{path}: no such file; the file of architecture {index} was expected")
    try:
        infos = _unpickle(path, Storages(path.stat().st_size, read=weights))
    except OSError as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"{path}: cannot be read: {error}") from error
    states = checked_states(infos, index, arch, str(path))
    if not weights:
        simplify(states)
    return states


def _unpickle(path: Path, storages: Storages) -> Any:
    unpickler = Unpickler(str(path), FILE_LIMIT, admit={**CLASSES, **storages.admit()}, followed=True)
    with open_value(path, tensors=True) as value:
        for piece in value:
            unpickler.feed(piece)
            if unpickler.finished:
                break
        else:
            unpickler.feed(b"", last=True)
        value.finish(unpickler.rest, storages.named)
    return unpickler.value


@dataclass(frozen=True)
class ArchitectureTask:
    """Reads one architecture, without its weights."""

    path: Path
    index: int
    arch: str

    def read(self) -> Iterator[Record]:
        yield Record(self.index, read_architecture(self.path, self.index, self.arch, weights=False))

    def walk(self, _walker: Walker) -> Iterator[Record]:
        return self.read()


class NASBench201Folder(Archive):
    """The folder: random access, one task an architecture."""

    benchmark = BENCHMARK
    kind = "NAS-Bench-201 folder"
    space = TSS
    digest = None
    meta_archs = TSS.architectures

    def __init__(self, path: Path, space: SearchSpace | None) -> None:
        recognise(TSS.architectures[0], str(path), space)
        self.path = path
        self._files: dict[int, Path] = {}
        for name in sorted(filter(is_file_name, os.listdir(path)), key=_order):
            Meta(TSS, self.meta_archs).check_index(int(name[:6]), str(path / name))
            self._files.setdefault(int(name[:6]), path / name)
        self.indexes = list(self._files)

    @cached_property
    def compressed_bytes(self) -> int:  # type: ignore[override]
        """The size of the files that are read."""
        return sum(file.stat().st_size for file in self._files.values())

    def tasks(self, threads: int = 1) -> Iterator[ArchitectureTask]:
        for index, file in self._files.items():
            yield ArchitectureTask(file, index, self.meta_archs[index])

    def read(self, index: int) -> dict[str, dict[str, Any]]:
        if index not in self._files:
            raise ArchiveError(f"{self.path}: no architecture {index}; {len(self._files)} of {len(TSS)} are there")
        (record,) = ArchitectureTask(self._files[index], index, self.meta_archs[index]).read()
        return record.states

    @property
    def store_attributes(self) -> dict[str, str]:
        there = list(self._files)
        value = {"meta_archs": self.meta_archs, "arch2infos": {}, "evaluated_indexes": there}
        return attributes_of(origin_of(value, there, str(self.path)))


def _order(name: str) -> tuple[str, int]:
    """By architecture, and of one the file to be read first."""
    return name[:6], KINDS.index(name[7:-4])
