"""What every kind of archive offers, and the record that all of them give."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

from natsbin._pickle import Unpickler
from natsbin._walk import Walker
from natsbin.archive import tensors
from natsbin.spaces import SearchSpace

FILE_LIMIT = 16 << 20  # decompressed bytes of one architecture or of meta; genuine ones have at most 1.4 MB
WEIGHTS_LIMIT = 1 << 28  # the same with trained weights; some 20 networks of up to 1.5 million numbers are known


class Record(NamedTuple):
    """One architecture, checked: its official index, and ``{hp: state}`` as in the original pickle."""

    index: int  # type: ignore[assignment]  # a tuple's own `index` is of no use here
    states: dict[str, dict[str, Any]]


class Walked(NamedTuple):
    """One architecture whose pickle the caller's walker has walked; ``check`` checks the states built of it."""

    index: int  # type: ignore[assignment]
    arch: str
    check: Callable[[object], dict[str, dict[str, Any]]]


class Task(Protocol):
    """A unit of work that can be sent to another process, small and pickled."""

    def walk(self, walker: Walker) -> Iterator[Walked | Record]:
        """The same records, each walked where ``walker`` admits it. Of a benchmark file it must be ``streaming``."""
        ...

    def read(self) -> Iterator[Record]:
        """The task's records. Raises ArchiveError where they are not what an archive contains."""
        ...


class Archive(ABC):
    """An opened archive of either search space.

    Attributes:
        path: the archive, or the first of several files that it consists of.
        benchmark: the name of the benchmark.
        kind: ``folder``, ``tar``, ``split tar``, ``benchmark file`` or ``NAS-Bench-201 file``.
        space: its search space.
        meta_archs: all architecture strings that ``meta`` lists, by index.
        digest: the five hex digits in its name, None where there are none.
        indexes: the indexes that are present, sorted; None where that is known only after reading everything.
        compressed_bytes: size of the architectures' bz2 data, ``meta`` apart where that is apart.
    """

    benchmark: ClassVar[str] = "NATS-Bench"
    path: Path
    kind: str
    space: SearchSpace
    meta_archs: list[str]
    digest: str | None
    indexes: list[int] | None
    compressed_bytes: int

    @property
    def store_attributes(self) -> dict[str, str]:
        """What a store says of its archive besides where it came from; complete once all records were read."""
        return {}

    @property
    def total_archs(self) -> int:
        """How many architectures ``meta`` lists, present or not."""
        return len(self.meta_archs)

    def is_full(self) -> bool:
        """Whether there are trained weights, as the first architecture shows; never in a benchmark file."""
        return False

    @abstractmethod
    def tasks(self, threads: int = 1) -> Iterator[Task]:
        """All records as units of work, in ascending order of indexes where ``indexes`` is known.

        A task that is the whole archive uses so many ``threads``.
        """

    @abstractmethod
    def read(self, index: int) -> dict[str, dict[str, Any]]:
        """The states of one architecture. Raises ArchiveError where it is absent."""


def walked(walker: Walker, pieces: Iterable[bytes]) -> Iterator[int]:
    """The index of each record of a streamed pickle, until ``walker`` gives up or bytes follow the pickle's end."""
    for piece in pieces:
        while walker.feed(piece) and walker.has_record:
            yield walker.index
            piece = b""
        if walker.gave_up or walker.rest:
            return


def limit_of(weights: bool) -> int:
    """The most bytes of a pickle, with or without trained weights."""
    return WEIGHTS_LIMIT if weights else FILE_LIMIT


def unpickle(pieces: Iterable[bytes], source: str, weights: bool = False) -> object:
    """The object in one small pickle, ``source`` in errors; admits only what archives contain.

    With ``weights`` that includes tensors, which become read-only numpy arrays.

    Raises:
        UnsafePickleError: it asks for anything else.
        ArchiveError: it is no pickle, or a damaged one.
    """
    unpickler = Unpickler(source, limit_of(weights), admit=tensors.admit() if weights else tensors.REFUSE)
    for piece in pieces:
        unpickler.feed(piece)
    unpickler.feed(b"", last=True)
    return unpickler.value
