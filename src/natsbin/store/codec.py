"""Averages as the exact numbers behind them, and back.

NATS-Bench averages over N samples by adding batch results (batch 256) in double precision and dividing by N.
So an accuracy is a count of correct samples, a loss is a sum of float32 batch losses with a short mantissa.
``encode`` decides for a whole column: by those numbers or, where one value has none, by the values as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from natsbin import _codec
from natsbin.spaces import BATCH_SIZE
from natsbin.store.format import COUNT as COUNT
from natsbin.store.format import PLAIN as PLAIN
from natsbin.store.format import QUANTITIES
from natsbin.store.format import SUM as SUM
from natsbin.store.layouts import MISSING, Bytes, Extent, Float, Floats, Layout, Unsigned, choose, is_missing


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


@lru_cache
def _excess_order(samples: int) -> npt.NDArray[np.uint8]:
    return np.argsort(excess(samples), kind="stable").astype(np.uint8)


def last_batch(samples: int) -> Floats:
    """The percents of the last batch times its size, by its correct samples 0 .. N mod 256, as float32 makes them."""
    return 100.0 * np.arange(len(excess(samples))) + excess(samples)


@lru_cache
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


class Encoded(NamedTuple):
    """A column's stored numbers, with a byte each for the correct samples of the last batch where ``coding.tail``."""

    coding: Coding
    numbers: Floats
    tail: Bytes | None


def encode(quantity: str, samples: int | None, values: Floats) -> Encoded:
    """A column of ``quantity`` over ``samples``, by the exact numbers behind its values if all have one.

    ``values`` (in the units of ``format.QUANTITIES``) has the shape (epochs, trials) or (trials,), with ``MISSING``
    where there is no value. Where ``samples`` is None their number is not known, and values are stored as they are.
    """
    kind = QUANTITIES[quantity].coding
    flat = values.reshape(-1)
    if samples is not None and kind != PLAIN:
        numbers, tail = np.empty(flat.shape), None
        if kind == COUNT:
            tail = np.empty(flat.shape, np.uint8) if needs_tail(samples) else None
            extra, order = excess(samples), _excess_order(samples)
            if tail is None:  # the count of the last batch does not matter: 0 is as good as any
                extra, order = extra[:1], order[:1]
            fits = _codec.counts(flat, samples, extra, order, numbers, tail)
        else:
            fits = _codec.sums(flat, float(samples), numbers)
        if fits:
            extent, shift = Extent(*_codec.measure(numbers)), 0
            if kind == SUM:
                # HDF5 has no bias below 1, so the sums are scaled down to where the least of them is about 1.
                shift = max(0, extent.low) if extent.low <= extent.high else 0
                extent = replace(extent, whole=False, low=extent.low - shift, high=extent.high - shift)
            layout = choose(extent)
            if kind == COUNT or layout != Float(8):
                if shift:
                    np.ldexp(numbers, -shift, out=numbers, where=~is_missing(numbers))
                coding = Coding(kind, samples, shift, layout, tail is not None)
                return Encoded(
                    coding, numbers.reshape(values.shape), None if tail is None else tail.reshape(values.shape)
                )
    extent = Extent(*_codec.measure(flat))
    return Encoded(Coding(PLAIN, samples or 0, 0, choose(replace(extent, whole=False)), False), values, None)


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
