"""Arrays in, arrays out: what a caller may give, missing values, and torch tensors."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from natsbin.errors import QuestionError
from natsbin.store.layouts import MISSING, is_missing

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MISSING_POLICIES = ("nan", "mask", "raise")

Method = TypeVar("Method", bound=Callable[..., Any])


def longs(name: str, values: Any) -> Longs:
    """Whole numbers as int64. QuestionError for floats, booleans, NaN, and what does not fit."""
    try:
        found = np.asarray(values)
    except ValueError as error:  # rows of different lengths; numpy before 1.24 warns, and makes objects of them
        raise QuestionError(f"{name} is no array: {error}") from None
    if found.size == 0 and found.dtype == np.float64:  # what numpy makes of []
        return found.astype(np.int64)
    if found.dtype.kind not in "iu" or (found.dtype == np.uint64 and (found >> np.uint64(63)).any()):
        raise QuestionError(f"{name} is of {found.dtype}, e.g. {found.ravel()[:1].tolist()}: expected integers")
    return found.astype(np.int64, copy=False)


def within(name: str, values: Longs, limit: int, low: int = 0) -> Longs:
    """The same values, if ``low <= value < limit`` holds for all. QuestionError names the first that does not."""
    from natsbin import _questions

    flat = np.ascontiguousarray(values).reshape(-1)
    at = _questions.first_outside(flat, low, limit)
    if at >= 0:
        raise QuestionError(f"{name} {flat[at]} at place {at}: expected {low} <= {name} < {limit}")
    return values


def common_shape(**arrays: npt.NDArray[Any] | None) -> tuple[int, ...]:
    """The shape that all arrays broadcast to. QuestionError where they do not."""
    shapes = {name: array.shape for name, array in arrays.items() if array is not None}
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        shown = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise QuestionError(f"shapes do not broadcast: {shown}") from None


def flat(values: Longs, shape: tuple[int, ...]) -> Longs:
    """The values of a broadcast array in order, or one value that stands for all of them."""
    if values.size == 1:
        return np.ascontiguousarray(values).reshape(-1)
    return np.ascontiguousarray(np.broadcast_to(values, shape)).reshape(-1)


def at_each(values: npt.NDArray[Any], places: Longs) -> npt.NDArray[Any]:
    """The values at some places, of an array with a value for each question or with one for all."""
    return np.broadcast_to(values, places.shape) if len(values) == 1 else values[places]


def finish(values: Floats, shape: tuple[int, ...], missing: str, what: str) -> Any:
    """An answer as the caller wants its missing values: NaN, masked, or an error."""
    shaped = values.reshape(shape)
    if missing == "mask":
        gone = is_missing(shaped)
        return np.ma.MaskedArray(np.where(gone, np.nan, shaped), gone)
    if missing == "raise" and (gone := is_missing(values)).any():
        raise QuestionError(f"no {what} at place {int(np.argmax(gone))} ({int(gone.sum())} of {len(values)} missing)")
    return shaped


def lacking(n: int) -> Floats:
    """n missing values."""
    return np.full(n, MISSING)


def or_missing(value: Any) -> Any:
    """A number of the scalar API, which says None where there is none."""
    return MISSING if value is None else value


def array_method(method: Method) -> Method:
    """Checks how a method is to give missing values, and lets it take torch tensors.

    Given a tensor it gives tensors, which share memory with its arrays.
    """

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        missing = kwargs.get("missing", "nan")
        if missing not in MISSING_POLICIES:
            raise QuestionError(f"missing={missing!r}: expected one of {', '.join(MISSING_POLICIES)}")
        torch = sys.modules.get("torch")
        if torch is None or not any(isinstance(one, torch.Tensor) for one in (*args, *kwargs.values())):
            return method(self, *args, **kwargs)
        given = [_to_numpy(torch, one) for one in args]
        named = {name: _to_numpy(torch, one) for name, one in kwargs.items()}
        return _to_torch(torch, method(self, *given, **named))

    return cast(Method, call)


def _to_numpy(torch: Any, value: Any) -> Any:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


def _to_torch(torch: Any, value: Any) -> Any:
    if isinstance(value, np.ma.MaskedArray):
        raise QuestionError("missing='mask' gives masked arrays, which torch does not have: use 'nan'")
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value if value.flags.writeable else value.copy())
    if isinstance(value, dict):
        return {name: _to_torch(torch, one) for name, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_to_torch(torch, one) for one in value)
    return value
