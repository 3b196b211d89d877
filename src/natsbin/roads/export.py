"""A store back to the archive that it was made from: a folder of pickles."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from natsbin._util.workers import cores, ordered
from natsbin.archive.meta import META_NAME, file_name, is_file_name
from natsbin.archive.write import file_bytes, meta_record
from natsbin.errors import NatsbinError, OutputError
from natsbin.store import Store, open_store

Progress = Callable[[int, int], None]
"""Called with the number of architectures written, and of all."""


def export(
    store: Store | str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    force: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the original archive of ``store`` to ``folder`` and return it: a pickle an architecture, and ``meta``.

    Unpickled, each is deep-equal to what the store was made from: types, orders, and the bits of every float.
    ``jobs`` processes write (all cores if None). Raises StoreError where the store is damaged, OutputError where
    ``folder`` exists (``force`` replaces one that holds an archive and nothing else) or cannot be written; then
    nothing of it is left.
    """
    path = Path(folder)
    if not isinstance(store, Store):
        store = open_store(Path(store))
    _refuse_existing(path, force)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.mkdir()
        (part / META_NAME).write_bytes(file_bytes(meta_record(store.meta_archs)))
        indexes = store.indexes.tolist()
        for done, _ in enumerate(ordered(_write, (store, part), indexes, jobs or cores()), 1):
            if progress:
                progress(done, len(indexes))
        _refuse_existing(path, force)
        if path.exists():
            shutil.rmtree(path)
        part.rename(path)
    except OSError as error:
        if isinstance(error, NatsbinError):
            raise
        raise OutputError(f"{path}: cannot be written: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return path


def _write(shared: tuple[Store, Path], index: int) -> None:
    store, folder = shared
    (folder / file_name(index)).write_bytes(file_bytes(store.load(index)))


def _refuse_existing(folder: Path, force: bool) -> None:
    if not folder.parent.is_dir():
        raise OutputError(f"{folder}: there is no folder {folder.parent}")
    if not os.path.lexists(folder):
        return
    if not force:
        raise OutputError(f"{folder}: exists already; say force (--force) to replace it")
    if folder.is_symlink() or not folder.is_dir():
        raise OutputError(f"{folder}: is no folder, expected a new one or an exported archive")
    for name in os.listdir(folder):
        if not is_file_name(name):
            raise OutputError(f"{folder}: holds {name}, which no archive has; it is not replaced")
