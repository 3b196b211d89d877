"""A store back to the archive that it was made from: a folder of pickles."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from natsbin._util import files
from natsbin._util.signals import stoppable
from natsbin._util.system import cores
from natsbin._util.workers import few, ordered
from natsbin.archive import is_full
from natsbin.archive.meta import META_NAME, file_name, is_file_name
from natsbin.archive.nas_bench_201 import BENCHMARK
from natsbin.archive.write import file_bytes, meta_record
from natsbin.errors import NatsbinError, OutputError
from natsbin.roads.export_nas_bench_201 import export_file
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

    Of a NAS-Bench-201 store it is one file, as ``torch.save`` writes it; then ``folder`` is its path.

    Unpickled, each is deep-equal to what the store was made from: types, orders, and the bits of every float.
    ``jobs`` processes write (all cores if None). Raises StoreError where the store is damaged, OutputError where
    ``folder`` exists (``force`` replaces one that holds an archive and nothing else) or cannot be written; then
    nothing of it is left.
    """
    path = Path(folder)
    if not isinstance(store, Store):
        store = open_store(Path(store))
    if store.benchmark == BENCHMARK:
        return export_file(store, path, force, progress)
    if not path.name:
        raise OutputError(f"{path}: no name of a folder that can be made or replaced")
    part = files.new_part(path)
    try:
        with stoppable(), _removed(part):
            _refuse_existing(path, force)
            part.mkdir()
            (part / META_NAME).write_bytes(file_bytes(meta_record(store.meta_archs)))
            indexes = store.indexes.tolist()
            jobs = 1 if few(len(indexes)) else jobs or cores()
            with closing(ordered(_write, (store, part), indexes, jobs)) as written:
                for done, _ in enumerate(written, 1):
                    if progress:
                        progress(done, len(indexes))
            _refuse_existing(path, force)
            _replace(part, path)
    except (OSError, ValueError) as error:
        if isinstance(error, NatsbinError):
            raise
        raise OutputError(f"{path}: cannot be written: {error}") from error
    return path


@contextmanager
def _removed(folder: Path) -> Iterator[None]:
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replace(part: Path, path: Path) -> None:
    """Give the finished folder its name. One that it replaces leaves it its mode, and is there until then."""
    old = files.new_part(path)
    if path.exists():
        part.chmod(stat.S_IMODE(path.stat().st_mode))
        path.rename(old)
    try:
        part.rename(path)
    except BaseException:
        with suppress(OSError):
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


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
    if is_full(folder):
        raise OutputError(f"{folder}: has trained weights, which a store does not have; it is not replaced")
