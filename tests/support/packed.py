"""Reads the files of the explorer, from the description of their format alone."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import numpy as np


def unpack(content: bytes) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a file by name."""
    raw = gzip.decompress(content)
    at = 4 + int.from_bytes(raw[:4], "little")
    found = {}

    def planes(kind: str, count: int) -> np.ndarray[Any, Any]:
        nonlocal at
        width = np.dtype(kind).itemsize
        part = np.frombuffer(raw[at : at + count * width], np.uint8).reshape(width, count)
        at += count * width
        return np.ascontiguousarray(part.T).reshape(-1).view(kind)

    for one in json.loads(raw[4:at]):
        count = math.prod(one["shape"])
        if one["kind"] == "dictionary":
            different = int.from_bytes(raw[at : at + 4], "little")
            at += 4
            values = planes("<f8", different)
            array = values[planes("<u2", count)]
        else:
            array = planes(np.dtype(one["kind"]).newbyteorder("<").str, count)
        found[one["name"]] = array.reshape(one["shape"])
    assert at == len(raw)
    return found
