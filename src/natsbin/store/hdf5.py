"""What h5py is asked of a store: types and filters in HDF5's terms, and the index behind a file.

Only writers need it, and readers of stores of format version 1, so opening a store does not import h5py.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from natsbin.errors import StoreError
from natsbin.store import format as fmt
from natsbin.store.dataset import CHUNK, Chunks, type_name
from natsbin.store.filters import Pipeline
from natsbin.store.index import Header
from natsbin.store.layouts import Float, Kind

READS_VERSION_1 = (2, 0, 0)
"""The HDF5 that wrote stores of format version 1. An older one does not refuse their types, but crashes."""

_OF_DIMENSIONS = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST"}
"""Attributes that HDF5 writes when a scale is made or attached."""


def new_file(raw: io.RawIOBase) -> h5py.File:
    """An empty file, to be written to ``raw`` as HDF5 1.10 does, so that every later HDF5 reads it.

    It has aligned chunks, which can be mapped, and no times, so that equal archives make equal bytes.
    """
    access, create = h5py.h5p.create(h5py.h5p.FILE_ACCESS), h5py.h5p.create(h5py.h5p.FILE_CREATE)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    access.set_alignment(fmt.ALIGNMENT, fmt.ALIGNMENT)
    access.set_meta_block_size(fmt.METADATA_BLOCK)
    access.set_fileobj_driver(h5py.h5fd.fileobj_driver, raw)
    create.set_obj_track_times(False)
    return h5py.File(h5py.h5f.create(b"store", h5py.h5f.ACC_TRUNC, fcpl=create, fapl=access))


def new_group(file: h5py.File, path: str) -> None:
    """Make a group, in one that is there."""
    create = h5py.h5p.create(h5py.h5p.GROUP_CREATE)
    create.set_obj_track_times(False)
    h5py.h5g.create(file.id, path.encode(), gcpl=create)


def to_hdf5(kind: Kind) -> h5py.h5t.TypeID:
    """The type of a dataset's items."""
    if not isinstance(kind, Float):
        return h5py.h5t.py_create(kind)
    found = h5py.h5t.IEEE_F64LE.copy()
    mantissa, exponent = kind.mantissa_bits, kind.exponent_bits
    found.set_fields(mantissa + exponent, mantissa, exponent, 0, mantissa)
    found.set_precision(8 * kind.size)
    found.set_size(kind.size)
    found.set_ebias(kind.bias)
    return found


def from_hdf5(found: h5py.h5t.TypeID) -> Kind:
    """The inverse of ``to_hdf5``. Raises ValueError for a type that no store has."""
    size = found.get_size()
    if isinstance(found, h5py.h5t.TypeFloatID) and 2 <= size <= 7:
        kind: Kind = Float(size, found.get_fields()[2], found.get_ebias())
    else:
        kind = found.dtype
    if found != to_hdf5(kind):
        raise ValueError(f"type {found.dtype} of {size} bytes")
    return kind


def set_filters(create: h5py.h5p.PropDCID, filters: Pipeline) -> None:
    """Give a dataset that will be created its filters."""
    for step in filters.filters:
        create.set_filter(step.id, h5py.h5z.FLAG_OPTIONAL, astuple(step))  # type: ignore[call-overload]


def describe(file: h5py.File, checksums: Mapping[str, npt.NDArray[np.uint64]]) -> tuple[Header, Chunks]:
    """The index of a file, with the checksums of each dataset's chunks by path."""
    axes: dict[str, int] = {}
    datasets: dict[str, Any] = {}
    tables: list[Chunks] = []
    scales: dict[int, str] = {}  # paths by address: to look for the name of an object takes long

    def visit(path: str, node: object) -> None:
        if not isinstance(node, h5py.Dataset) or path.startswith(f"{fmt.CHECKSUMS}/"):
            return
        scale = bool(h5py.h5ds.is_scale(node.id))
        if scale:
            scales[_address(node)] = path
        if node.chunks is None:
            if scale:
                (axes[path],) = node.shape
            return
        datasets[path] = _entry(node, scale) | {"first": sum(map(len, tables))}
        tables.append(_chunks(node, checksums[path]))

    file.visititems(visit)
    for entry in datasets.values():
        entry["dims"] = [scales[address] for address in entry["dims"]]
    header = {"attrs": _attributes(file), "axes": axes, "datasets": datasets}
    return header, np.concatenate([*tables, np.empty(0, CHUNK)])


def read_version_1(path: str, descriptor: int) -> tuple[Header, Chunks]:
    """The index of a store of format version 1. Raises StoreError where libhdf5 cannot read it."""
    try:
        with open(os.dup(descriptor), "rb") as raw, h5py.File(raw, "r") as file:
            attrs = _attributes(file)
            if attrs.get("format") != fmt.FORMAT_NAME or attrs.get("format_version") != 1:
                return {"attrs": attrs, "axes": {}, "datasets": {}}, np.empty(0, CHUNK)
            if h5py.version.hdf5_version_tuple < READS_VERSION_1:
                raise RuntimeError("it may crash on types that a newer HDF5 wrote")
            return describe(file, _Checksums(file[fmt.CHECKSUMS]))
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RuntimeError) as error:
        raise StoreError(
            f"{path}: damaged, or in a format version that HDF5 {h5py.version.hdf5_version} of the installed h5py "
            f"cannot read ({error}). A store of format version 1 needs the HDF5 that wrote it or a later one: run "
            "natsbin unpack on it where that is installed"
        ) from error


class _Checksums(dict[str, npt.NDArray[np.uint64]]):
    """The checksums in a store of format version 1, by the paths of their datasets."""

    def __init__(self, group: h5py.Group) -> None:
        self._group = group

    def __missing__(self, path: str) -> npt.NDArray[np.uint64]:
        found: npt.NDArray[np.uint64] = self._group[path][()]
        return found


def _address(node: h5py.Dataset) -> int:
    return int(h5py.h5o.get_info(node.id).addr)


def _attributes(node: h5py.HLObject) -> dict[str, Any]:
    # By number: old versions of h5py crash where they iterate over what their HDF5 cannot read.
    count = h5py.h5a.get_num_attrs(node.id)
    names = [h5py.h5a.open(node.id, index=number).name.decode() for number in range(count)]
    found = {name: node.attrs[name] for name in names if name not in _OF_DIMENSIONS}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in found.items()}


def _entry(node: h5py.Dataset, scale: bool) -> dict[str, Any]:
    create = node.id.get_create_plist()
    filters = [create.get_filter(number) for number in range(create.get_nfilters())]
    return {
        "shape": list(node.shape),
        "chunk": list(node.chunks),
        "type": type_name(from_hdf5(node.id.get_type())),
        "filters": [[number, *parameters] for number, _, parameters, _ in filters],
        "attrs": _attributes(node),
        "dims": [_address(axis) for dimension in node.dims for axis in dimension.values()],
    } | ({"scale": True} if scale else {})


def _chunks(node: h5py.Dataset, checksums: npt.NDArray[np.uint64]) -> Chunks:
    steps = node.chunks
    counts = tuple(-(-length // step) for length, step in zip(node.shape, steps, strict=True))
    if checksums.shape != counts or checksums.dtype != np.uint64:
        raise ValueError(f"{node.name}: {checksums.shape} checksums for {counts} chunks")
    places: list[int] = []
    infos: list[tuple[int, int, int]] = []

    def visit(info: Any) -> None:
        number = 0
        for start, step, count in zip(info.chunk_offset, steps, counts, strict=True):
            number = number * count + start // step
        places.append(number)
        infos.append((info.byte_offset, info.size, info.filter_mask))

    node.id.chunk_iter(visit)
    found = np.zeros(math.prod(counts), CHUNK)
    found["checksum"] = checksums.reshape(-1)
    if infos:
        at = np.array(places)
        found["address"][at], found["stored"][at], found["mask"][at] = np.array(infos, np.uint64).T
    return found
