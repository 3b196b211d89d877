"""Writing the HDF5 tree of a store: chunk by chunk, checksummed, whole or not at all."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import xxhash

from natsbin._util import files
from natsbin.store import format as fmt
from natsbin.store import hdf5
from natsbin.store.dataset import size_of
from natsbin.store.filters import Pipeline
from natsbin.store.index import dumps
from natsbin.store.layouts import Kind
from natsbin.store.seal import seal

Chunk = tuple[tuple[int, ...], npt.NDArray[np.uint8]]
"""Where a chunk starts, and its bytes: shape (*chunk shape, item size)."""


class TreeWriter:
    """Datasets of a store in the making. Every dataset is chunked; the checksums of chunks go into the index."""

    def __init__(self, file: h5py.File, state: str) -> None:
        self.file = file
        self.chunks: list[tuple[int, int]] = []  # where each starts and ends in the file
        self._checksums: dict[str, npt.NDArray[np.uint64]] = {}
        self._groups: set[str] = set()
        self._packed = state == fmt.PACKED

    def dataset(
        self,
        path: str,
        kind: Kind,
        shape: tuple[int, ...],
        chunk: tuple[int, ...],
        chunks: Iterable[Chunk],
        *,
        dims: tuple[str, ...] = (),
        attrs: Mapping[str, Any] | None = None,
        fill: float | None = None,
    ) -> None:
        """Write one dataset; chunks that are not given read as ``fill``. ``dims`` are paths of its scales."""
        compressed = self._packed or path in fmt.TEXTS
        filters = Pipeline.compressing(size_of(kind)) if compressed else Pipeline()
        create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        create.set_chunk(chunk)
        create.set_obj_track_times(False)
        hdf5.set_filters(create, filters)
        if fill is not None:
            create.set_fill_value(np.array(fill))
        self._make_groups(path)
        dataset = h5py.h5d.create(
            self.file.id, path.encode(), hdf5.to_hdf5(kind), h5py.h5s.create_simple(shape), dcpl=create
        )
        counts = [-(-length // step) for length, step in zip(shape, chunk, strict=True)]
        digests = np.zeros(counts, np.uint64)
        for start, raw in chunks:
            digests[tuple(s // c for s, c in zip(start, chunk, strict=True))] = xxhash.xxh3_64_intdigest(raw.data)
            dataset.write_direct_chunk(start, *filters.encode(raw))
        dataset.chunk_iter(lambda chunk: self.chunks.append((chunk.byte_offset, chunk.byte_offset + chunk.size)))
        node = h5py.Dataset(dataset)
        for name, value in (attrs or {}).items():
            node.attrs[name] = value
        for axis, scale in enumerate(dims):
            node.dims[axis].attach_scale(self.file[scale])
        self._checksums[path] = digests

    def _make_groups(self, path: str) -> None:
        """Make the groups that a dataset stands in."""
        *folders, _ = path.strip("/").split("/")
        for group in itertools.accumulate(folders, "{}/{}".format):
            if group not in self._groups:
                hdf5.new_group(self.file, group)
                self._groups.add(group)

    def index(self) -> bytes:
        """The index of everything that was written."""
        header, chunks = hdf5.describe(self.file, self._checksums)
        return dumps(header, chunks.tobytes())

    def array(
        self,
        path: str,
        values: npt.NDArray[Any],
        *,
        dims: tuple[str, ...] = (),
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a small array as one chunk."""
        values = np.ascontiguousarray(values)
        raw = values.view(np.uint8).reshape(*values.shape, values.dtype.itemsize)
        chunks = [((0,) * values.ndim, raw)] if values.size else []
        chunk = tuple(max(1, length) for length in values.shape)
        self.dataset(path, values.dtype, values.shape, chunk, chunks, dims=dims, attrs=attrs)

    def scale(
        self,
        path: str,
        length: int,
        values: npt.NDArray[Any] | None = None,
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        """A named axis; without values it is, in netCDF's terms, a dimension but not a variable, and takes no space."""
        if values is not None:
            self.array(path, values, attrs=attrs)
            self.file[path].make_scale(path.rsplit("/", 1)[-1])
        else:
            self._make_groups(path)
            node = self.file.create_dataset(path, (length,), ">f4")
            node.make_scale(f"This is a netCDF dimension but not a netCDF variable.{length:10d}")


class _Disk(io.FileIO):
    """A file that raises for the first write that the disk refuses, and forgets all later ones.

    HDF5 writes while it closes a file, and a file that it cannot close stays open until the process ends.
    """

    refuses = False
    refusal: OSError | None = None

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view) and not self.refuses:
            try:
                done += super().write(view[done:])
            except OSError as error:
                self.refuses, self.refusal = True, error
                raise
        return len(view)


def _close(file: h5py.File, disk: _Disk) -> None:
    try:
        file.close()
    except (OSError, RuntimeError, AttributeError) as error:  # h5py may look up methods while it handles an error
        if not disk.refuses:
            raise
        file.close()
        raise OSError(str(disk.refusal or error)) from error


@contextmanager
def new_store(path: Path, state: str, *, force: bool) -> Iterator[TreeWriter]:
    """A store in the making, which takes the place of ``path`` when the block ends, and leaves nothing if it fails.

    Raises OutputError where ``path`` exists (unless ``force``), or where the disk refuses.
    """
    with files.new_file(path, force) as (part, descriptor), _Disk(descriptor, "r+b", closefd=False) as disk:
        file = hdf5.new_file(disk)
        try:
            tree = TreeWriter(file, state)
            yield tree
            index = tree.index()
        except BaseException:
            disk.refuses = True
            with suppress(OSError):  # the first error says more
                _close(file, disk)
            raise
        _close(file, disk)
        seal(part, tree.chunks, index)


def refuse_existing(path: Path, force: bool) -> Path:
    """Raise OutputError where ``path`` cannot become a new file; return what it leads to, through links."""
    return files.target(path, force)
