"""Arrays as the bytes of a file that the front end reads (``front/data.js``): compact, and every number exact.

A file is compressed with gzip. Inside are: the length of the header (4 bytes, little endian), the header (JSON: name,
kind and shape of each array), and the arrays, one after the other. The bytes of numbers lie in planes, the first
byte of all numbers first, which compresses better. Float64 arrays of few different values are of the kind
``dictionary``: the number of values (4 bytes), the values, and for each entry which one it is (2 bytes).
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]

_MOST_VALUES = 1 << 16


def pack(arrays: Arrays, level: int) -> bytes:
    """Arrays of float64, float32, int32 or uint8, compressed with a level of gzip. Equal arguments, equal bytes."""
    header, payload = [], []
    for name, array in arrays.items():
        kind, content = _encode(np.ascontiguousarray(array))
        header.append({"name": name, "kind": kind, "shape": list(array.shape)})
        payload.append(content)
    text = json.dumps(header, separators=(",", ":")).encode()
    return gzip.compress(len(text).to_bytes(4, "little") + text + b"".join(payload), level, mtime=0)


def _encode(array: npt.NDArray[Any]) -> tuple[str, bytes]:
    if array.dtype != np.float64:
        if array.dtype not in (np.float32, np.int32, np.uint8):
            raise TypeError(f"an array of {array.dtype}: expected float64, float32, int32 or uint8")
        return array.dtype.name, _planes(array)
    values, codes = np.unique(array.reshape(-1).view(np.uint64), return_inverse=True)  # bits: NaN equals itself
    if len(values) <= _MOST_VALUES and 8 * len(values) + 2 * array.size < 8 * array.size:
        return "dictionary", len(values).to_bytes(4, "little") + _planes(values) + _planes(codes.astype(np.uint16))
    return "float64", _planes(array)


def _planes(array: npt.NDArray[Any]) -> bytes:
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return little.reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T.tobytes()
