"""The simple archive inside a full one, written while the weights are read, so that one pass makes the store too."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from natsbin._util.system import sync
from natsbin.archive import Archive
from natsbin.archive.meta import META_NAME, file_name
from natsbin.archive.simplify import simplify
from natsbin.archive.write import file_bytes, meta_record
from natsbin.errors import OutputError
from natsbin.roads.convert import convert


class SimpleCopy:
    """Records without weights, in a hidden folder beside the future store. OutputError where the disk refuses."""

    def __init__(self, store: Path, archive: Archive) -> None:
        self._store = store
        self._folder = store.with_name(f".{store.name}.records")
        self._archive = self._folder / archive.path.name  # the store will name it as its source
        self._meta = meta_record(archive.meta_archs)

    def leading(self, indexes: Collection[int]) -> list[int]:
        """The first of these architectures, up to the first one whose record is not here yet."""
        found = []
        for index in indexes:
            if not (self._archive / file_name(index)).exists():
                break
            found.append(index)
        return found

    def begin(self) -> None:
        """Make the folder unless it is there."""
        try:
            self._archive.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self._folder}: cannot be written: {error}") from error
        self._dump(self._meta, META_NAME)

    def write(self, index: int, states: dict[str, dict[str, Any]]) -> None:
        """Write a record without its weights, which are removed from ``states``."""
        simplify(states)
        self._dump(states, file_name(index))

    def make_store(self, indexes: Collection[int], jobs: int | None, fingerprint: str) -> None:
        """Convert the records of these architectures, and remove the folder."""
        names = {META_NAME, *map(file_name, indexes)}
        for path in self._archive.iterdir():
            if path.name not in names:  # from a run for other architectures
                path.unlink()
        convert(self._archive, self._store, jobs=jobs, fingerprint=fingerprint)
        remove_simple_copy(self._store)

    def _dump(self, value: Any, name: str) -> None:
        path = self._archive / name
        part = path.with_name(f"{name}.{os.getpid()}.part")  # a killed run's worker may still be at it
        try:
            with part.open("wb") as file:
                file.write(file_bytes(value))
                file.flush()
                sync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error}") from error


def remove_simple_copy(store: Path) -> None:
    """Remove the hidden folder, if there is one."""
    shutil.rmtree(store.with_name(f".{store.name}.records"), ignore_errors=True)
