"""A store to its other state: packed for moving and keeping, mapped for use. Both hold the same tree."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from natsbin.errors import NatsbinError, StoreError
from natsbin.store import format as fmt
from natsbin.store.data import Data
from natsbin.store.file import reading
from natsbin.store.reader import Store, open_store
from natsbin.store.tree import Chunk, TreeWriter, new_store

Progress = Callable[[int, int], None]
"""Called with the number of datasets done, and of all."""

FILL = "_FillValue"


def pack(
    src: str | os.PathLike[str],
    dst: str | os.PathLike[str],
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the store ``src`` to ``dst`` with every dataset compressed, and return ``dst``.

    Every chunk is compared with its checksum on the way. Raises StoreError where ``src`` is damaged, OutputError
    where ``dst`` exists (unless ``force``) or cannot be written; then no part of ``dst`` is left.
    """
    return copy_store(Path(src), Path(dst), fmt.PACKED, force=force, progress=progress)


def unpack(
    src: str | os.PathLike[str],
    dst: str | os.PathLike[str],
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the store ``src`` to ``dst`` uncompressed, as it is mapped, and return ``dst``; otherwise as ``pack``."""
    return copy_store(Path(src), Path(dst), fmt.MAPPED, force=force, progress=progress)


def copy_store(
    src: Path,
    dst: Path,
    state: str,
    *,
    force: bool,
    progress: Progress | None = None,
    without: Collection[str] = (),
    add: Callable[[TreeWriter], None] | None = None,
) -> Path:
    """Write ``src`` to ``dst`` in a state, but for the datasets ``without``, and with what ``add`` writes."""
    store = open_store(src)
    index = store.file.index
    kept = [path for path in index.paths if path not in without]
    paths = sorted(kept, key=lambda path: (not index.is_scale(path), path))  # axes before their users
    with new_store(dst, state, force=force) as tree:
        with _written(str(src)):
            tree.file.attrs.update({**store.attrs, "format_version": fmt.FORMAT_VERSION, "state": state})
            for path, length in index.axes.items():
                tree.scale(path, length)
        for done, path in enumerate(paths):
            if progress:
                progress(done, len(paths))
            with _written(f"{src}: {path}"):
                _copy_dataset(store, tree, path)
        if add:
            add(tree)
    if progress:
        progress(len(paths), len(paths))
    return dst


@contextmanager
def _written(place: str) -> Iterator[None]:
    """What HDF5 refuses to write was nothing that a store has."""
    try:
        yield
    except NatsbinError:
        raise
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise StoreError(f"{place}: damaged: {error}") from error


def _copy_dataset(store: Store, tree: TreeWriter, path: str) -> None:
    """Write a dataset of ``store`` into ``tree``, in the state of that."""
    data = store.data(path)
    known, attrs = data.known, dict(data.attrs)
    fill: float | None = None
    with reading(data.place):
        if FILL in attrs:
            fill = attrs[FILL]
            attrs[FILL] = np.array(fill, f"<u{data.size}")  # of the type of the numbers, as CF has it
        elif "coding" in attrs:
            fill = np.nan
    tree.dataset(
        path, known.kind, known.shape, known.chunk, stored_chunks(data), dims=known.dims, attrs=attrs, fill=fill
    )
    if known.is_scale:
        tree.file[path].make_scale(path.rsplit("/", 1)[-1])


def stored_chunks(data: Data) -> Iterator[Chunk]:
    """The chunks of a dataset that are there, each compared with its checksum."""
    for number in data.numbers:
        place = np.unravel_index(number, data.known.counts)
        start: tuple[Any, ...] = tuple(int(p) * step for p, step in zip(place, data.chunk, strict=True))
        yield start, data.load(number)[: data.chunk_bytes].reshape(*data.chunk, data.size)
