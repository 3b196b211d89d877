"""Settings of algorithms, checked: an error names the setting, its value, and what was expected."""

from __future__ import annotations

import math

from natsbin.errors import QuestionError


def whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """A whole number of at least ``low`` (and at most ``high``)."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
        limit = "" if high is None else f" and at most {high}"
        raise QuestionError(f"{name}={value!r}: expected a whole number of at least {low}{limit}")
    return value


def number(name: str, value: object, low: float, high: float = math.inf, *, above: bool = False) -> float:
    """A finite number of at least (or, if ``above``, more than) ``low`` and at most ``high``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise QuestionError(f"{name}={value!r}: expected a number")
    if value < low or value > high or (above and value == low):
        limit = "" if high == math.inf else f" and at most {high}"
        raise QuestionError(f"{name}={value!r}: expected {'more than' if above else 'at least'} {low}{limit}")
    return float(value)
