"""NAS-Bench-201's own file, ``NAS-Bench-201-v1_1-096897.pth``: streamed without torch, in bounded memory.

It is a dict ``{meta_archs, arch2infos: {index: {full, less}}, evaluated_indexes}``. ``full`` is an architecture's state
after trainings of 200 epochs, ``less`` after 12, so they become the hyper-parameter sets 200 and 12 of the topology
space. What else the dict holds, and in which types and order, is its *origin*, from which it can be written again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from natsbin._pickle import PERSISTENT, Unpickler
from natsbin._walk import Walker
from natsbin.archive.base import FILE_LIMIT, Archive, Record, Walked, walked
from natsbin.archive.meta import Meta, check_meta, recognise
from natsbin.archive.schema import check_record
from natsbin.archive.torch_file import open_value
from natsbin.errors import ArchiveError, UnsafePickleError
from natsbin.spaces import TSS, SearchSpace

BENCHMARK = "NAS-Bench-201"
HPS = {"full": "200", "less": "12"}
"""The hyper-parameter set behind each name of the file."""

_FIELDS = ("meta_archs", "arch2infos", "evaluated_indexes")
_OPTIONAL = ("total_archs",)
_DIGEST = re.compile(r"-([0-9a-f]{6})\.pth$")
_MOST_RUNS = 4_000  # of consecutive evaluated indexes: more would not fit into an attribute of HDF5


def _object(*arguments: object) -> dict[str, Any]:
    """Stands for an object of a class that is known: its attributes become a dict."""
    if arguments:
        raise ValueError("no arguments were expected")
    return {}


def _storage(_identity: object) -> object:
    raise UnsafePickleError("a tensor; a file without trained weights was expected")


_MODULES = ("nas_201_api", "nas_201_api.api", "nas_201_api.api_utils", "nas_201_api.api_201", "nas_102_api.api")
CLASSES: dict[tuple[str, str], Any] = {
    (module, name): _object for module in _MODULES for name in ("ArchResults", "ResultsCount")
}
"""What an unpickler admits besides: the benchmark's own classes."""
_ADMIT = {PERSISTENT: _storage, **CLASSES}


class NASBench201Task:
    """Streams the whole file. What follows the records, and the digest, are checked at its end, as is the origin."""

    def __init__(self, path: Path, archs: list[str], digest: str | None) -> None:
        self._path, self._archs, self._digest = path, archs, digest
        self.origin: dict[str, Any] | None = None

    def walk(self, walker: Walker) -> Generator[Walked | Record, None, None]:
        with self._summed():
            yield from self._walk(walker)

    def read(self) -> Generator[Record, None, None]:
        with self._summed():
            yield from self._read()

    def _walk(self, walker: Walker) -> Generator[Walked | Record, None, None]:
        seen: list[int] = []
        with open_value(self._path) as value:
            for index in walked(walker, value):
                if not (seen[-1] if seen else -1) < index < len(self._archs):
                    break  # `_read` says so
                seen.append(index)
                yield Walked(index, self._archs[index], partial(self._check, index))
            done = walker.finished and not walker.gave_up and not walker.has_record
            if done:
                value.finish(walker.rest)
                self._end(walker.build(), seen)
        if not done:
            yield from (record for record in self._read() if not seen or record.index > seen[-1])

    def _read(self) -> Generator[Record, None, None]:
        path, meta = str(self._path), Meta(TSS, self._archs)
        seen: list[int] = []
        unpickler = Unpickler(path, FILE_LIMIT, streaming=True, admit=_ADMIT, followed=True)
        with open_value(self._path) as value:
            for piece in value:
                for index, infos in unpickler.feed(piece):
                    meta.check_index(index, path)
                    if seen and index <= seen[-1]:
                        raise ArchiveError(f"{path}: arch2infos has {index} after {seen[-1]}; ascending was expected")
                    seen.append(index)
                    yield Record(index, self._check(index, infos))
                if unpickler.finished:
                    break
            else:
                unpickler.feed(b"", last=True)
            value.finish(unpickler.rest)
            self._end(unpickler.value, seen)

    @contextmanager
    def _summed(self) -> Iterator[None]:
        """Sums the file meanwhile, and checks the digest at the end."""
        with ThreadPoolExecutor(1, "md5") as pool:
            summed = pool.submit(_md5, self._path) if self._digest else None
            yield
            if summed is not None and not summed.result().endswith(self._digest or ""):
                raise ArchiveError(
                    f"{self._path}: its md5 is {summed.result()}; an end in {self._digest}, as its name says, was "
                    "expected (damaged, or renamed)"
                )

    def _check(self, index: int, infos: Any) -> dict[str, dict[str, Any]]:
        return checked_states(infos, index, self._archs[index], f"{self._path}: arch2infos[{index}]")

    def _end(self, value: Any, seen: list[int]) -> None:
        """What the dict holds, all of whose records were ``seen``."""
        if not seen:
            raise ArchiveError(f"{self._path}: arch2infos has no architecture; a NAS-Bench-201 file was expected")
        self.origin = origin_of(value, seen, str(self._path))


class NASBench201Archive(Archive):
    """A NAS-Bench-201 file: one task that streams it; ``read`` searches it from its beginning."""

    benchmark = BENCHMARK
    kind = "NAS-Bench-201 file"
    indexes = None
    space = TSS

    def __init__(self, path: Path, space: SearchSpace | None, check_digest: bool) -> None:
        found = _DIGEST.search(path.name)
        self.path, self.compressed_bytes = path, path.stat().st_size
        self.digest = found[1] if found else None
        self.meta_archs = _peek(path, space)
        self._task = NASBench201Task(path, self.meta_archs, self.digest if check_digest else None)

    def tasks(self, threads: int = 1) -> Generator[NASBench201Task, None, None]:
        yield self._task

    def read(self, index: int) -> dict[str, dict[str, Any]]:
        for record in self._task.read():
            if record.index == index:
                return record.states
        raise ArchiveError(f"{self.path}: no architecture {index}")

    @property
    def store_attributes(self) -> dict[str, str]:
        """What marks the store. It is known after the task was read."""
        return attributes_of(self._task.origin)


def attributes_of(origin: dict[str, Any] | None) -> dict[str, str]:
    """The attributes of a store of NAS-Bench-201, which comes from there."""
    title = f"{BENCHMARK}, {TSS.title} search space"
    return {"title": title, "benchmark": BENCHMARK, "origin": json.dumps(origin)}


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        summed = hashlib.md5(usedforsecurity=False)
        while piece := file.read(1 << 20):
            summed.update(piece)
    return summed.hexdigest()


def _peek(path: Path, space: SearchSpace | None) -> list[str]:
    """The architectures that stand before the records."""
    unpickler = Unpickler(str(path), FILE_LIMIT, streaming=True, admit=_ADMIT, followed=True)
    with open_value(path) as value:
        for piece in value:
            done = unpickler.feed(piece)
            if unpickler.head is not None or unpickler.finished:
                break
        else:
            done = unpickler.feed(b"", last=True)
    head = unpickler.head
    if head is None or "meta_archs" not in head:
        there = head if head is not None else unpickler.value
        keys = ", ".join(map(str, list(there)[:8])) if isinstance(there, Mapping) else type(there).__name__
        if head is not None and done:
            recognise(None, f"{path}: meta_archs after arch2infos", space)
        raise ArchiveError(f"{path}: it has {keys or 'nothing'}; a dict of {', '.join(_FIELDS)} was expected")
    record = {"total_archs": len(head["meta_archs"]) if isinstance(head["meta_archs"], list) else 0, **head}
    return check_meta(record, str(path), space or TSS).archs


def checked_states(infos: Any, index: int, arch: str, where: str) -> dict[str, dict[str, Any]]:
    """The checked states of an architecture, by hp, in the order of the file."""
    if not isinstance(infos, dict):
        raise ArchiveError(f"{where}: a {type(infos).__name__}; a dict of {' and '.join(HPS)} was expected")
    if not infos or not infos.keys() <= HPS.keys():
        raise ArchiveError(f"{where}: it has {list(infos)[:4]}; {' and '.join(HPS)} were expected")
    states = type(infos)((HPS[name], state) for name, state in infos.items())
    check_record({hp: _checkable(state) for hp, state in states.items()}, index, arch, TSS, where)
    return states


def _checkable(state: Any) -> Any:
    """A state with what older files lack, or write otherwise: times that were not measured, seeds as numbers."""
    trials = state.get("all_results") if isinstance(state, dict) else None
    if not isinstance(trials, dict):
        return state
    return {**state, "all_results": {key: _checkable_trial(trial) for key, trial in trials.items()}}


def _checkable_trial(trial: Any) -> Any:
    if not isinstance(trial, dict):
        return trial
    changed = {**trial}
    if type(trial.get("seed")) is int:
        changed["seed"] = str(trial["seed"])
    if "train_times" in trial and trial["train_times"] is None:
        changed["train_times"] = {}
    return changed


def origin_of(value: Any, indexes: list[int], path: str) -> dict[str, Any]:
    """What the dict holds besides its records, as JSON has it."""
    unknown = [name for name in value if name not in _FIELDS + _OPTIONAL]
    lacking = [name for name in _FIELDS if name not in value]
    if unknown or lacking:
        raise ArchiveError(f"{path}: it has {list(value)[:8]}; a dict of {', '.join(_FIELDS)} was expected")
    evaluated = value["evaluated_indexes"]
    if type(evaluated) not in (list, set, tuple) or set(map(type, evaluated)) - {int}:
        raise ArchiveError(f"{path}: evaluated_indexes is a {type(evaluated).__name__}; a list of int was expected")
    listed = sorted(evaluated) if type(evaluated) is set else list(evaluated)
    runs = None if listed == indexes else _runs(listed)
    if runs is not None and len(runs) > _MOST_RUNS:
        raise ArchiveError(
            f"{path}: evaluated_indexes has more than {_MOST_RUNS:,} gaps; an ascending list was expected"
        )
    return {
        "type": type(value).__name__,
        "fields": list(value),
        "arch2infos": type(value["arch2infos"]).__name__,
        "evaluated": type(evaluated).__name__,
        "runs": runs,  # None: the architectures that there are
    }


def evaluated_indexes(origin: str, indexes: list[int], place: str) -> list[int]:
    """The evaluated indexes, ascending, that an origin tells of. ArchiveError where it is no origin."""
    return sorted(restore(origin, [], indexes, place)["evaluated_indexes"])


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as runs [start, stop], in their order."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number:
            runs[-1][1] += 1
        else:
            runs.append([number, number + 1])
    return runs


_TYPES: dict[str, Any] = {"dict": dict, "OrderedDict": OrderedDict, "list": list, "set": set, "tuple": tuple}


def restore(origin: str, meta_archs: list[str], indexes: list[int], place: str) -> dict[str, Any]:
    """The dict that an origin describes, with an empty ``arch2infos``. ArchiveError where it is no origin."""
    with suppress(ValueError, TypeError, KeyError):
        known = json.loads(origin)
        runs = known["runs"]
        evaluated = indexes if runs is None else [one for start, stop in runs for one in range(start, stop)]
        values = {
            "meta_archs": meta_archs,
            "total_archs": len(meta_archs),
            "arch2infos": _TYPES[known["arch2infos"]](),
            "evaluated_indexes": _TYPES[known["evaluated"]](evaluated),
        }
        made: dict[str, Any] = _TYPES[known["type"]]((name, values[name]) for name in known["fields"])
        return made
    raise ArchiveError(f"{place}: its attribute origin does not describe a NAS-Bench-201 file: {origin[:80]!r}")
