"""What an archive says about itself: its ``meta`` record, and the names of its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from natsbin.errors import ArchiveError
from natsbin.spaces import SPACES, SearchSpace

META_NAME = "meta.pickle.pbz2"
_SUFFIX = ".pickle.pbz2"
_DIGEST = re.compile(r"-([0-9a-f]{5})(?=[-.]|$)")
_TITLES = {key: space for space in SPACES.values() for key in (space.name, space.title)}


@dataclass(frozen=True)
class Meta:
    """The architectures of an archive, in its order."""

    space: SearchSpace
    archs: list[str]

    def check_index(self, index: int, source: str) -> None:
        if not 0 <= index < len(self.archs):
            raise ArchiveError(
                f"{source}: architecture {index}; meta lists {len(self.archs)} architectures, so 0 to "
                f"{len(self.archs) - 1} were expected"
            )


def file_name(index: int) -> str:
    """The name of an architecture's file."""
    return f"{index:06d}.pickle.pbz2"


def is_file_name(name: str) -> bool:
    """Whether an archive has files of this name: ``meta``, or one architecture."""
    number = name[:-12]
    return name == META_NAME or (name[-12:] == _SUFFIX and len(number) == 6 and number.isdecimal() and number.isascii())


def digest_of(path: Path) -> str | None:
    """The five hex digits in an archive's name, if there are any."""
    found = _DIGEST.findall(path.name)
    return found[-1] if found else None


def space_named(name: str | None) -> SearchSpace | None:
    """The space of a name, ``tss`` or ``topology``, ``sss`` or ``size``; None for None."""
    if name is None:
        return None
    if name not in _TITLES:
        raise ArchiveError(f"space {name!r}: one of {', '.join(_TITLES)} was expected")
    return _TITLES[name]


@cache
def _official(space_name: str) -> frozenset[str]:
    return frozenset(SPACES[space_name].architectures)


def check_meta(record: object, source: str, space: SearchSpace | None) -> Meta:
    """The meta of an unpickled ``meta`` record, or of what stands beside ``arch2infos`` in a benchmark file.

    ``space`` is the one that the caller expects, None to recognise it. Raises ArchiveError naming ``source``.
    """
    if not isinstance(record, Mapping):
        raise ArchiveError(f"{source}: a {type(record).__name__}; a dict of meta_archs and total_archs was expected")
    archs, total = (_field(record, name, source) for name in ("meta_archs", "total_archs"))
    if type(archs) is not list or not archs:
        raise ArchiveError(f"{source}: meta_archs is {_brief(archs)}; a list of architecture strings was expected")
    if type(total) is not int or total != len(archs):
        raise ArchiveError(
            f"{source}: total_archs is {_brief(total)}; {len(archs)}, the length of meta_archs, was expected"
        )
    evaluated = record.get("evaluated_indexes")
    if not isinstance(evaluated, (set, list, tuple, type(None))):
        raise ArchiveError(f"{source}: evaluated_indexes is {_brief(evaluated)}; a set was expected")
    return Meta(_check_archs(archs, source, space), archs)


def recognise(arch: object, source: str, expected_space: SearchSpace | None) -> SearchSpace:
    """The space that an architecture string belongs to; ArchiveError where the caller expects another."""
    kinds = {"|": SPACES["tss"], ":": SPACES["sss"]}
    found = next((space for mark, space in kinds.items() if isinstance(arch, str) and mark in arch), None)
    if found is None:
        raise ArchiveError(f"{source}: {_brief(arch)} is no architecture of the topology or the size space")
    if expected_space is not None and found is not expected_space:
        raise ArchiveError(
            f"{source}: an archive of the {found.title} space ({found.name}); "
            f"the {expected_space.title} space ({expected_space.name}) was expected"
        )
    return found


def _check_archs(archs: list[Any], source: str, expected_space: SearchSpace | None) -> SearchSpace:
    space = recognise(archs[0], f"{source}: meta_archs[0]", expected_space)
    if space.is_official(archs):
        return space
    known = _official(space.name)
    seen: dict[str, int] = {}
    for position, arch in enumerate(archs):
        if type(arch) is not str or arch not in known:
            raise ArchiveError(
                f"{source}: meta_archs[{position}] is {_brief(arch)}; an architecture of the "
                f"{space.title} space, as {space.architectures[0]!r}, was expected"
            )
        if seen.setdefault(arch, position) != position:
            raise ArchiveError(
                f"{source}: meta_archs[{position}] is {arch!r} again, as meta_archs[{seen[arch]}]; "
                "each architecture once was expected"
            )
    return space


def _field(record: Mapping[Any, Any], name: str, source: str) -> Any:
    if name not in record:
        there = ", ".join(map(str, list(record)[:8])) or "nothing"
        raise ArchiveError(f"{source}: no field {name}; it was expected beside {there}")
    return record[name]


def _brief(value: object) -> str:
    text = repr(value) if isinstance(value, (str, int, float, type(None))) else f"a {type(value).__name__}"
    return text if len(text) <= 100 else text[:97] + "..."
