"""Whether two records are the same: types, values, orders, and the bits of floats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def difference(left: Any, right: Any, place: str = "") -> str | None:
    """Where two records first differ, and how; None if they are deep-equal.

    Values are deep-equal if they have the same types and orders and their floats have the same bits (so that NaN equals
    itself, and 0.0 is not -0.0); sets have no order. The returned text calls the records ``place``.
    """
    if type(left) is not type(right):
        return f"{place}: {_brief(left)} of type {type(left).__name__}, not {_brief(right)} of {type(right).__name__}"
    if isinstance(left, Mapping):
        return _keys_difference(left, right, place) or _values_difference(left, right, place)
    if isinstance(left, (list, tuple)):
        if len(left) != len(right):
            return f"{place}: {len(left)} items, not {len(right)}"
        found = (difference(a, b, f"{place}[{i}]") for i, (a, b) in enumerate(zip(left, right, strict=True)))
        return next(filter(None, found), None)
    if _bits(left) != _bits(right):
        return f"{place}: {_brief(left)}, not {_brief(right)}"
    return None


def _bits(value: Any) -> Any:
    if isinstance(value, (float, complex, np.generic)):
        array = np.asarray(value)
        return array.dtype.str, array.tobytes()
    if isinstance(value, (set, frozenset)):
        return {(type(item), item) for item in value}
    return value


def _keys_difference(left: Mapping[Any, Any], right: Mapping[Any, Any], place: str) -> str | None:
    ours, theirs = list(left), list(right)
    if ours == theirs and set(map(type, ours)) | set(map(type, theirs)) <= {str}:
        return None
    if set(left) != set(right):
        only, missing = [key for key in ours if key not in right], [key for key in theirs if key not in left]
        return f"{place}: has {_brief(only)}, lacks {_brief(missing)}"
    return difference(ours, theirs, f"{place}, order of keys")


def _values_difference(left: Mapping[Any, Any], right: Mapping[Any, Any], place: str) -> str | None:
    ours, theirs = list(left.values()), list(right.values())
    if (
        set(map(type, ours)) == set(map(type, theirs)) == {float}
        and np.array(ours).tobytes() == np.array(theirs).tobytes()
    ):
        return None  # most of a record: thousands of floats
    found = (difference(left[key], right[key], f"{place}[{key!r}]") for key in left)
    return next(filter(None, found), None)


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
