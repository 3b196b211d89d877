"""The simple archive inside a full one, kept while the weights are read, so that one pass makes the store too."""

from __future__ import annotations

import bz2
import os
import pickle
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from natsbin.archive import Archive
from natsbin.archive.simplify import simplify
from natsbin.errors import OutputError
from natsbin.roads.convert import convert
from natsbin.roads.export import FILE_NAME, META_NAME, PROTOCOL


class SimpleCopy:
    """Simple records in a hidden folder beside the store to be. Raises OutputError where the disk refuses."""

    def __init__(self, store: Path, archive: Archive) -> None:
        self._store = store
        self._folder = store.with_name(f".{store.name}.records")
        self._archive = self._folder / archive.path.name  # the name that the store will say it is from
        self._meta = {
            "meta_archs": archive.meta_archs,
            "total_archs": archive.total_archs,
            "arch2infos": None,
            "evaluated_indexes": set(),
        }

    def leading(self, indexes: Collection[int]) -> list[int]:
        """The first of these architectures, up to one that has no record here yet."""
        found = []
        for index in indexes:
            if not (self._archive / FILE_NAME.format(index)).exists():
                break
            found.append(index)
        return found

    def begin(self) -> None:
        """Make the folder, or find it."""
        try:
            self._archive.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self._folder}: cannot be written: {error}") from error
        self._dump(self._meta, META_NAME)

    def write(self, index: int, states: dict[str, dict[str, Any]]) -> None:
        """Write a record without its weights, which it loses."""
        simplify(states)
        self._dump(states, FILE_NAME.format(index))

    def make_store(self, indexes: Collection[int], jobs: int | None) -> None:
        """Convert the records of these architectures, and remove the folder."""
        names = {META_NAME, *map(FILE_NAME.format, indexes)}
        for path in self._archive.iterdir():
            if path.name not in names:  # of a run that was to take others
                path.unlink()
        convert(self._archive, self._store, jobs=jobs)
        remove_simple_copy(self._store)

    def _dump(self, value: Any, name: str) -> None:
        path = self._archive / name
        part = path.with_name(f"{name}.{os.getpid()}.part")  # a killed run's worker may still be at it
        try:
            with part.open("wb") as file:
                file.write(bz2.compress(pickle.dumps(value, PROTOCOL)))
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error}") from error


def remove_simple_copy(store: Path) -> None:
    """Remove the hidden folder, if there is one."""
    shutil.rmtree(store.with_name(f".{store.name}.records"), ignore_errors=True)
