"""Generated archives and the stores made from them, each made once in a run; a test that changes one copies it.

Tests need irregular records, so their archives have all kinds of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from natsbin.roads.convert import convert
from natsbin.spaces import SPACES, SearchSpace
from natsbin.synthetic import make_archive

SUFFIXES = {"folder": "-simple", "full": "-full", "tar": "-simple.tar", "benchmark": ".pickle.pbz2"}


class Made:
    """What the fixture ``made`` gives."""

    def __init__(self, root: Path) -> None:
        self.root, self.count = root, 0
        self._archive, self.convert = cache(self._make_archive), cache(self._convert)

    def folder(self) -> Path:
        """A new empty folder."""
        self.count += 1
        (folder := self.root / str(self.count)).mkdir()
        return folder

    def archive(self, space: SearchSpace, indexes: Iterable[int], *, seed: int = 0, kind: str = "folder") -> Path:
        """A generated archive, of a kind that ``natsbin.synthetic.KINDS`` names."""
        return self._archive(space.name, tuple(indexes), seed, kind)

    def store(self, space: SearchSpace, indexes: Iterable[int], *, seed: int = 0) -> Path:
        """The store converted from such a folder."""
        return self.convert(self.archive(space, indexes, seed=seed))

    def _make_archive(self, space: str, indexes: tuple[int, ...], seed: int, kind: str) -> Path:
        # the name has no digest, which a benchmark file would be held to
        path = self.folder() / f"NATS-{space}-made{SUFFIXES[kind]}"
        return make_archive(path, SPACES[space], indexes, kind=kind, seed=seed, irregular=True, jobs=1)

    def _convert(self, src: Path) -> Path:
        return convert(src, self.folder() / "store.h5", jobs=1)
