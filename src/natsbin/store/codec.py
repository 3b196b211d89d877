"""Averages as the exact numbers behind them, and back.

NATS-Bench averages over N samples by adding batch results (batch 256) in double precision and dividing by N.
So an accuracy is a count of correct samples, a loss is a sum of float32 batch losses with a short mantissa.
``encode`` finds those numbers for a whole column or, where one value has none, keeps the values as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from natsbin import _codec
from natsbin.spaces import BATCH_SIZE
from natsbin.store.layouts import MISSING, Extent, Float, Floats, Layout, Unsigned, choose, is_missing

PLAIN = "plain"  # the value itself
SUM = "sum"  # value = number * 2**shift / samples
COUNT = "count"  # value = correct samples in percent of samples, added up as NATS-Bench does


@lru_cache
def excess(samples: int) -> Floats:
    """What float32 adds to ``100 * k`` where k samples of the last batch are correct, for k = 0 .. N mod 256.

    The last batch's accuracy is ``float32(k) * float32(100 / b)``, and weighs b in the sum.
    """
    last = samples % BATCH_SIZE
    if not last:
        return np.zeros(1)
    percent = np.arange(last + 1, dtype=np.float32) * np.float32(100.0 / last)
    return percent.astype(np.float64) * last - 100.0 * np.arange(last + 1)


def last_batch(samples: int) -> Floats:
    """The percents of the last batch times its size, by its correct samples 0 .. N mod 256, as float32 makes them."""
    return 100.0 * np.arange(len(excess(samples))) + excess(samples)


def needs_tail(samples: int) -> bool:
    """Whether an accuracy depends on how many of the last batch's samples are correct."""
    return bool(excess(samples).any())


@dataclass(frozen=True)
class Coding:
    """How a column's values come from stored numbers: ``kind`` PLAIN, SUM or COUNT over ``samples``."""

    kind: str
    samples: int
    shift: int
    layout: Layout
    tail: bool  # a second column counts the correct samples of the last batch

    @property
    def scale_factor(self) -> float:
        """CF's: the nearest that one multiplication comes to the value; ``decode`` is exact."""
        if self.kind == COUNT:
            return 100.0 / self.samples
        return float(2.0**self.shift / self.samples) if self.kind == SUM else 1.0

    def decode(self, numbers: Floats, tail: Floats | None = None) -> Floats:
        """Values behind stored numbers; the reference of the kernel's decoder."""
        if self.kind == PLAIN:
            return numbers
        with np.errstate(invalid="ignore"):
            if self.kind == SUM:
                values = np.ldexp(numbers, self.shift) / self.samples
            else:
                last = np.zeros_like(numbers) if tail is None else np.where(is_missing(tail), 0.0, tail)
                values = (100.0 * (numbers - last) + last_batch(self.samples)[last.astype(np.intp)]) / self.samples
        return np.where(is_missing(numbers), MISSING, values)


@dataclass(frozen=True)
class Encoded:
    """A column ready to be written: stored numbers of the shape of its values, and the counts of the last batch."""

    coding: Coding
    numbers: Floats
    tail: npt.NDArray[np.float64] | None


def measure(numbers: Floats) -> Extent:
    """What numbers of any shape need of a layout."""
    some, whole, largest, mantissa, low, high, odd_nan = _codec.measure(numbers.reshape(-1))
    if not some or low > high:  # nothing there, or nothing but zeros and NaNs
        low = high = 0
    return Extent(whole and not odd_nan, largest, 52 if odd_nan else mantissa, low, high)


def encode(quantity: str, samples: int | None, values: Floats) -> Encoded:
    """Find the exact numbers behind a column of ``quantity`` (percent for accuracies) over ``samples``.

    ``values`` is contiguous, of any shape, with ``MISSING`` where there is no value. ``samples`` is None where the
    number is not known; then, and for times, values are kept as they are.
    """
    flat = values.reshape(-1)
    numbers = np.empty_like(flat)
    if samples is not None and quantity in ("accuracy", "top5"):
        extra = excess(samples)
        tail = np.empty_like(flat)
        if _codec.counts(flat, samples, extra, np.argsort(extra, kind="stable").astype(np.uint8), numbers, tail):
            layout = choose(measure(numbers))
            with_tail = needs_tail(samples)
            coding = Coding(COUNT, samples, 0, layout, with_tail)
            return Encoded(coding, numbers.reshape(values.shape), tail.reshape(values.shape) if with_tail else None)
    if samples is not None and quantity == "loss" and _codec.sums(flat, float(samples), numbers):
        extent = measure(numbers)
        # HDF5 has no bias below 1, so the sums are scaled down to where the least of them is about 1.
        shift = max(0, extent.low)
        if shift:
            numbers = np.where(is_missing(numbers), MISSING, np.ldexp(numbers, -shift))
        layout = choose(replace(extent, whole=False, low=extent.low - shift, high=extent.high - shift))
        if layout != Float(8):
            return Encoded(Coding(SUM, samples, shift, layout, False), numbers.reshape(values.shape), None)
    return Encoded(Coding(PLAIN, samples or 0, 0, choose(replace(measure(flat), whole=False)), False), values, None)


TAIL_LAYOUT = Unsigned(1)


def pack(layout: Layout, numbers: Floats) -> npt.NDArray[np.uint8]:
    """The bytes of numbers that ``layout`` holds exactly; shape (..., size)."""
    flat = np.ascontiguousarray(numbers).reshape(-1)
    out = np.empty(flat.size * layout.size, np.uint8)
    if isinstance(layout, Unsigned):
        _codec.pack_unsigned(flat, layout.size, out)
    else:
        _codec.pack_float(flat, layout.size, layout.exponent_bits, layout.bias, out)
    return out.reshape(*numbers.shape, layout.size)
