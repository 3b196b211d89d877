"""Trained weights in the pickles of full archives: numpy arrays out of what torch writes, without torch.

A tensor is pickled as a call of ``_rebuild_tensor_v2`` on a storage, and a storage as bytes in torch's first file
format, which has pickles inside. These are matched byte by byte, so nothing in them can run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from natsbin.errors import ArchiveError, UnsafePickleError

MOST_TENSORS = 50_000
"""Of one architecture. The largest networks have about 600 tensors, and each architecture up to 20 networks."""

MOST_TENSOR_BYTES = 1 << 28
"""Of all tensors of one architecture together, as they are when each has its own memory: tensors may share storages."""

Admitted = dict[tuple[str, str], Callable[..., object]]
"""What an unpickler admits besides: what is called in place of each global."""

DTYPES = {
    b"Bool": np.dtype("b1"),
    b"Byte": np.dtype("u1"),
    b"Char": np.dtype("i1"),
    b"Short": np.dtype("i2"),
    b"Int": np.dtype("i4"),
    b"Long": np.dtype("i8"),
    b"Half": np.dtype("f2"),
    b"Float": np.dtype("f4"),
    b"Double": np.dtype("f8"),
}
"""By the first part of a storage's class, as in ``torch.FloatStorage``."""

_STORAGE = re.compile(
    # A magic number and the version of the format, each a pickle.
    rb"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19\.\x80\x02M\xe9\x03\."
    # The writing machine: {protocol_version, little_endian: True, type_sizes: {short, int, long}}.
    rb"\x80\x02}q\0\(X\x10\0\0\0protocol_versionq\x01M\xe9\x03X\r\0\0\0little_endianq\x02\x88X\n\0\0\0type_sizesq\x03"
    rb"}q\x04\(X\x05\0\0\0shortq\x05K\x02X\x03\0\0\0intq\x06K\x04X\x04\0\0\0longq\x07K[\x04\x08]uu\."
    # A persistent id: ("storage", torch.…Storage, key, device, number of items, None).
    rb"\x80\x02\(X\x07\0\0\0storageq\0ctorch\n([A-Z][a-z]+)Storage\nq\x01X.\0\0\0(\d{1,20})q\x02"
    rb"X.\0\0\0[a-z]+(?::\d+)?q\x03(?:K.|M..|J....)Ntq\x04Q\."
    # The list of that one key, and before the items themselves their number.
    rb"\x80\x02\]q\0X.\0\0\0\2q\x01a\.(.{8})",
    re.DOTALL,
)


@dataclass(frozen=True)
class Storage:
    """``count`` items in ``data`` from ``offset`` on; ``data`` is None where their values are not wanted."""

    data: bytes | bytearray | None
    offset: int
    dtype: np.dtype[Any]
    count: int


def load_storage(data: object) -> Storage:
    """The storage that torch saved as these bytes; raises UnsafePickleError for bytes of another form."""
    found = _STORAGE.match(data) if isinstance(data, bytes) else None
    if found is None or found[1] not in DTYPES:
        raise UnsafePickleError("it has a tensor's storage in another form than torch writes for plain numbers")
    assert isinstance(data, bytes)
    storage = Storage(data, found.end(), DTYPES[found[1]], int.from_bytes(found[3], "little"))
    if len(data) - found.end() != storage.count * storage.dtype.itemsize:
        raise ValueError(f"{len(data) - found.end()} bytes; {storage.count} items of {storage.dtype} were expected")
    return storage


def load_tensor(
    storage: object, first: object, shape: object, strides: object, _needs_gradient: object, _hooks: object
) -> np.ndarray[Any, Any]:
    """An array on a storage's own bytes, read-only where these are; raises ValueError where it would reach outside.

    On a storage without values it has no items.
    """
    if not isinstance(storage, Storage) or type(first) is not int:
        raise ValueError("a storage and an offset were expected")
    if type(shape) is not tuple or type(strides) is not tuple or len(shape) != len(strides):
        raise ValueError("a shape and as many strides were expected")
    numbers = (first, *shape, *strides)
    if len(shape) > 8 or not all(type(number) is int and 0 <= number <= storage.count for number in numbers):
        raise ValueError(f"shape {shape!r:.80} in a storage of {storage.count} items")
    size, last = 1, first
    for length, stride in zip(shape, strides, strict=True):
        size *= length
        last += (length - 1) * stride
    if size and (size > storage.count or last >= storage.count):
        raise ValueError(f"shape {shape}, strides {strides} from item {first} on in a storage of {storage.count} items")
    if storage.data is None:
        return np.empty(0, storage.dtype)
    step = storage.dtype.itemsize
    return np.ndarray(
        shape, storage.dtype, storage.data, storage.offset + first * step, [stride * step for stride in strides]
    )


def counted_tensors() -> Callable[..., np.ndarray[Any, Any]]:
    """``load_tensor`` for the tensors of one architecture; a pickle of a few bytes can ask for many views.

    It raises ArchiveError above ``MOST_TENSORS`` and ``MOST_TENSOR_BYTES``.
    """
    count = size = 0

    def load(*arguments: Any) -> np.ndarray[Any, Any]:
        nonlocal count, size
        tensor = load_tensor(*arguments)
        count += 1
        size += tensor.nbytes
        if count > MOST_TENSORS:
            raise ArchiveError(f"more than {MOST_TENSORS:,} tensors, far above what archives hold")
        if size > MOST_TENSOR_BYTES:
            raise ArchiveError(f"tensors of more than {MOST_TENSOR_BYTES:,} bytes, far above what archives hold")
        return tensor

    return load


def admit() -> Admitted:
    """What an unpickler of one architecture of a full archive admits."""
    return {
        ("torch.storage", "_load_from_bytes"): load_storage,
        ("torch._utils", "_rebuild_tensor_v2"): counted_tensors(),
    }


def _refuse(*_: object) -> object:
    raise UnsafePickleError("trained weights, as full archives have them; this one was opened without weights")


REFUSE: Admitted = dict.fromkeys(admit(), _refuse)
"""The same, to say in words why a full archive is not read."""
