"""What counts as an integer: Python's, and numpy's, which need not be imported to be known."""

from __future__ import annotations

from numbers import Integral
from typing import Any, TypeGuard


def is_integer(value: Any) -> TypeGuard[int]:
    """Whether a value is an int or a numpy integer, or of any other type that is registered as integral."""
    return isinstance(value, (int, Integral))
