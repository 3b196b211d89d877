"""A store to its other state: packed for moving and keeping, mapped for use. Both hold the same tree."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from natsbin.store import format as fmt
from natsbin.store.data import Data, reading
from natsbin.store.reader import Store, open_store
from natsbin.store.tree import Chunk, TreeWriter, new_store

Progress = Callable[[int, int], None]
"""Called with the number of datasets done, and of all."""

_OF_DIMENSIONS = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST"}
"""Attributes that HDF5 writes again when a scale is attached."""


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
    return _copy(Path(src), Path(dst), fmt.PACKED, force, progress)


def unpack(
    src: str | os.PathLike[str],
    dst: str | os.PathLike[str],
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the store ``src`` to ``dst`` uncompressed, as it is mapped, and return ``dst``; otherwise as ``pack``."""
    return _copy(Path(src), Path(dst), fmt.MAPPED, force, progress)


def _copy(src: Path, dst: Path, state: str, force: bool, progress: Progress | None) -> Path:
    store = open_store(src)
    paths = store.file.paths()
    paths.sort(key=lambda path: (not is_scale(store, path), path))
    with new_store(dst, state, force=force) as tree:
        tree.file.attrs.update({**store.attrs, "state": state})
        for done, path in enumerate(paths):
            if progress:
                progress(done, len(paths))
            copy_dataset(store, tree, path)
    if progress:
        progress(len(paths), len(paths))
    return dst


def is_scale(store: Store, path: str) -> bool:
    """Whether a dataset is an axis of others, which must be there before they are."""
    with reading(f"{store.path}: {path}"):
        return bool(h5py.h5ds.is_scale(store.file.hdf5[path].id))


def copy_dataset(store: Store, tree: TreeWriter, path: str) -> None:
    """Write a dataset of ``store`` into ``tree``, in the state of that."""
    scale = is_scale(store, path)
    with reading(f"{store.path}: {path}"):
        node = store.file.hdf5[path]
        if scale and node.chunks is None:
            tree.scale(path, node.shape[0])
            return
        data = store.file.data(path)
        attrs = {name: value for name, value in data.attrs.items() if name not in _OF_DIMENSIONS}
        dims = tuple(axis.name for dimension in node.dims for axis in dimension.values())
        fill = _fill_value(node)
    tree.dataset(path, data.kind, data.shape, data.chunk, stored_chunks(data), dims=dims, attrs=attrs, fill=fill)
    if scale:
        tree.file[path].make_scale(path.rsplit("/", 1)[-1])


def _fill_value(node: h5py.Dataset) -> float | None:
    create = node.id.get_create_plist()
    if create.fill_value_defined() != h5py.h5d.FILL_VALUE_USER_DEFINED:
        return None
    value = np.zeros(())
    create.get_fill_value(value)
    return float(value)


def stored_chunks(data: Data) -> Iterator[Chunk]:
    """The chunks of a dataset that are there, each compared with its checksum."""
    for number in data.numbers:
        place = np.unravel_index(number, data.counts)
        start: tuple[Any, ...] = tuple(int(p) * step for p, step in zip(place, data.chunk, strict=True))
        yield start, data.load(number)[: data.chunk_bytes].reshape(*data.chunk, data.size)
