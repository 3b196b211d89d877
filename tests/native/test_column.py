"""The kernel's sums and columns against plain Python and the numpy references."""

from __future__ import annotations

import math
import struct
import sys

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsbin import _column
from natsbin.store import codec
from natsbin.store.layouts import MISSING, Float, Layout, Unsigned, is_missing

COUNTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 31, 33, 90, 127, 128, 129, 199, 200, 255, 257, 400]
TIES = [
    *(0.1, 0.3, 1.0, 2.0, 0.5 + 2**-52, 1 + 2**-52, 2 - 2**-52, 1.5, -0.1, -3.0, 0.0, -0.0),
    *(3 * 2.0**-k for k in (1, 20, 51, 60, 1070)),
    *(5e-324, 3 * 5e-324, 2.0**-1022, 1e-300, 1e300, 2.0**1015, 1.7e308, -1.7e308),
    *(math.inf, -math.inf, math.nan, 17.123456789, 1e16 + 2, 2**53 - 1.0),
]


def bits(value: float) -> bytes:
    return b"nan" if value != value else struct.pack("<d", value)


def added(term: float, n: int, compensated: bool) -> float:
    """``sum([term] * n)``, as interpreters before 3.12 add and as later ones do."""
    total = error = 0.0
    for _ in range(n):
        after = total + term
        error += (total - after) + term if abs(total) >= abs(term) else (term - after) + total
        total = after
    return total + error if compensated and error and math.isfinite(error) else total


@pytest.mark.parametrize("compensated", [False, True])
@pytest.mark.parametrize("term", TIES)
def test_repeated_sum_of_values_that_tie(term: float, compensated: bool) -> None:
    for n in COUNTS:
        assert bits(_column.repeated_sum(term, n, compensated)) == bits(added(term, n, compensated)), n


@pytest.mark.parametrize("compensated", [False, True])
def test_repeated_sum_of_random_values(compensated: bool) -> None:
    rng = np.random.default_rng(0)
    wide = np.ldexp(rng.uniform(0.5, 1.0, 2000), rng.integers(-40, 40, 2000))
    short = np.ldexp(rng.integers(1, 1 << 12, 2000).astype(float), rng.integers(-30, 0, 2000))
    for term, n in zip(np.concatenate([wide, short]).tolist(), rng.integers(0, 401, 4000).tolist(), strict=True):
        assert bits(_column.repeated_sum(term, n, compensated)) == bits(added(term, n, compensated)), (term, n)


@given(st.floats(), st.integers(0, 400), st.booleans())
def test_repeated_sum_of_any_float(term: float, n: int, compensated: bool) -> None:
    assert bits(_column.repeated_sum(term, n, compensated)) == bits(added(term, n, compensated))


@given(st.floats(1e-3, 1e5), st.integers(1, 400))
def test_repeated_sum_is_that_of_this_interpreter(term: float, n: int) -> None:
    assert bits(_column.repeated_sum(term, n, sys.version_info >= (3, 12))) == bits(sum([term] * n))


def column(
    numbers: npt.NDArray[np.float64],
    coding: codec.Coding,
    chunk: tuple[int, ...],
    tail: npt.NDArray[np.float64] | None = None,
) -> _column.Column:
    """A kernel column over chunks of packed numbers in memory."""

    def load(number: int) -> npt.NDArray[np.uint8]:
        counts = [-(-length // step) for length, step in zip(numbers.shape, chunk, strict=True)]
        place = np.unravel_index(number, counts)
        part = numbers[tuple(slice(p * step, (p + 1) * step) for p, step in zip(place, chunk, strict=True))]
        whole = np.full(chunk, MISSING)
        whole[tuple(slice(length) for length in part.shape)] = part
        return np.concatenate([codec.pack(coding.layout, whole).reshape(-1), np.zeros(8, np.uint8)])

    counts = None
    if tail is not None:
        plain = codec.Coding(codec.PLAIN, 1, 0, codec.TAIL_LAYOUT, False)
        counts = column(tail, plain, chunk)
    layout = coding.layout
    shape = (layout.size, layout.exponent_bits, layout.bias) if isinstance(layout, Float) else (layout.size,)
    last = codec.last_batch(coding.samples).tolist() if coding.kind == codec.COUNT else []
    return _column.Column(numbers.shape, chunk, shape, coding.kind, coding.samples, coding.shift, last, counts, load)


def read(column: _column.Column, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """All values, by ``points`` in a shuffled order; ``curve`` must say the same."""
    epochs, trials = (1, *shape)[-2:]
    places = np.random.default_rng(1).permutation(epochs * trials)
    out = np.empty(len(places))
    column.points((places // trials).astype(np.int32), (places % trials).astype(np.int32), out)
    values = np.empty(len(places))
    values[places] = out
    values = values.reshape(epochs, trials)
    curves = np.array([column.curve(trial) for trial in range(trials)]).T
    assert curves.tobytes() == values.tobytes()
    return values.reshape(shape)


SHAPES = [((5,), (5,)), ((7,), (3,)), ((4, 6), (4, 6)), ((4, 6), (1, 6)), ((5, 7), (2, 3)), ((9, 5), (1, 2))]
CODINGS = [
    codec.Coding(codec.PLAIN, 0, 0, Float(8), False),
    codec.Coding(codec.PLAIN, 0, 0, Float(4, 8, 127), False),
    codec.Coding(codec.PLAIN, 0, 0, Unsigned(1), False),
    codec.Coding(codec.SUM, 10_000, 12, Float(5, 6, 20), False),
    codec.Coding(codec.SUM, 151_700, 0, Float(2, 4, 7), False),
    codec.Coding(codec.COUNT, 10_000, 0, Unsigned(2), False),
    codec.Coding(codec.COUNT, 3_000, 0, Unsigned(2), True),
    codec.Coding(codec.COUNT, 151_700, 0, Float(3, 5, 1), True),
]


@pytest.mark.parametrize(("shape", "chunk"), SHAPES)
@pytest.mark.parametrize("coding", CODINGS, ids=str)
def test_column_is_the_reference_decoder(coding: codec.Coding, shape: tuple[int, ...], chunk: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    numbers, tail = _numbers(coding.layout, shape, rng), None
    if coding.kind == codec.COUNT:
        numbers = np.where(np.isnan(numbers), MISSING, np.abs(numbers))
        if coding.tail:
            last = rng.integers(0, coding.samples % 256, shape).astype(float)
            tail = np.where(np.isnan(numbers), MISSING, last)
    expected = coding.decode(numbers, tail)
    found = read(column(numbers, coding, chunk, tail), shape)
    assert found.tobytes() == expected.tobytes()


def _numbers(layout: Layout, shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Numbers that the layout holds: any of its codes, decoded by the reference."""
    raw = rng.integers(0, 256, (*shape, layout.size), np.uint8)
    raw.reshape(-1, layout.size)[0] = 0xFF  # missing
    raw.reshape(-1, layout.size)[1] = 0
    numbers = layout.decode(raw)
    if isinstance(layout, Float):
        # Codes that are never written: a zero with a mantissa, and a NaN with more than its quiet bit.
        numbers[np.abs(numbers) < np.finfo(float).tiny] = 0.0
        numbers[np.isnan(numbers) & ~is_missing(numbers)] = np.nan
        numbers.reshape(-1)[2] = -0.0
        if layout.size == 8:  # a float64 may be any, but here none with the bits of missing
            numbers.reshape(-1)[3] = np.inf
    return numbers


def test_column_refuses_places_outside() -> None:
    some = column(np.zeros((2, 3)), CODINGS[0], (2, 3))
    for epoch, trial in [(2, 0), (-1, 0), (0, 3), (0, -2)]:
        with pytest.raises(IndexError, match="outside of 2 epochs, 3 trials"):
            some.points(np.array([epoch], np.int32), np.array([trial], np.int32), np.empty(1))
    with pytest.raises(ValueError, match="lengths differ"):
        some.points(np.zeros(1, np.int32), np.zeros(2, np.int32), np.empty(2))
    with pytest.raises(IndexError, match="trial 3 of 3"):
        some.curve(3)
    out = np.zeros(1)
    some.points(np.zeros(1, np.int32), np.full(1, -1, np.int32), out)
    assert out.tobytes() == np.array([MISSING]).tobytes()


@pytest.mark.parametrize(
    "change",
    [
        {"shape": (2, 3, 4), "chunk": (2, 3, 4)},
        {"shape": (0, 0), "chunk": (1, 1)},
        {"chunk": (2,)},
        {"chunk": (0, 3)},
        {"layout": (3,)},
        {"layout": (9, 8, 127)},
        {"layout": (4, 30, 127)},
        {"shape": (1 << 30, 3), "chunk": (1, 1)},
        {"kind": "sum", "layout": (8, 11, 1023)},
    ],
    ids=str,
)
def test_column_refuses_what_no_store_has(change: dict[str, object]) -> None:
    usual: dict[str, object] = {
        "shape": (2, 3), "chunk": (2, 3), "layout": (4, 8, 127), "kind": "plain", "samples": 1, "shift": 0,
        "last_batch": [], "tail": None, "load": None,
    }  # fmt: skip
    _column.Column(**usual)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"no column|no layout"):
        _column.Column(**usual | change)  # type: ignore[arg-type]


def test_column_refuses_a_short_chunk() -> None:
    short = _column.Column((2, 3), (2, 3), (8, 11, 1023), "plain", 1, 0, [], None, lambda _: np.zeros(55, np.uint8))
    with pytest.raises(ValueError, match="chunk 0 holds 55 bytes"):
        short.curve(0)
