"""How one number is laid out in bytes: a small unsigned integer, or a float cut to the bits that are used.

Both are types of HDF5, so any HDF5 reader shows the numbers. All bits set means "missing" in either.
This is the plain reference; the native twins are ``pack`` in ``cext/natsbin/_codec.pyx`` and the kernel's decoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

MISSING_BITS = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
MISSING = float(np.array([MISSING_BITS]).view(np.float64)[0])
"""The NaN that stands for "no such value" in float64 arrays; genuine NaNs have other bits."""


def is_missing(values: Floats) -> npt.NDArray[np.bool_]:
    """Where an array of float64 holds the missing value rather than a number or a genuine NaN."""
    missing: npt.NDArray[np.bool_] = np.ascontiguousarray(values).view(np.uint64) == MISSING_BITS
    return missing


@dataclass(frozen=True)
class Unsigned:
    """Whole numbers from 0 to ``2**(8 * size) - 2``."""

    size: int

    @property
    def missing(self) -> int:
        return int(2 ** (8 * self.size) - 1)

    @property
    def kind(self) -> Kind:
        return np.dtype(f"<u{self.size}")

    def encode(self, values: Floats) -> Bytes:
        whole = np.where(is_missing(values), self.missing, values).astype(f"<u{self.size}")
        return whole.view(np.uint8).reshape(*values.shape, self.size)

    def decode(self, raw: Bytes) -> Floats:
        whole = np.ascontiguousarray(raw).view(f"<u{self.size}")[..., 0]
        return np.where(whole == self.missing, MISSING, whole.astype(np.float64))


@dataclass(frozen=True)
class Float:
    """A sign, ``exponent_bits``, and a mantissa with an implied leading one that fills the rest of ``size`` bytes."""

    size: int
    exponent_bits: int = 11
    bias: int = 1023

    @property
    def mantissa_bits(self) -> int:
        return 8 * self.size - 1 - self.exponent_bits

    @property
    def kind(self) -> Kind:
        return self if self.size < 8 else np.dtype("<f8")

    def encode(self, values: Floats) -> Bytes:
        bits = np.ascontiguousarray(values).view(np.uint64)
        if self.size == 8:
            return bits.view(np.uint8).reshape(*values.shape, 8)
        mantissa, top = self.mantissa_bits, (1 << self.exponent_bits) - 1
        exponent = (bits >> np.uint64(52)).astype(np.int64) & 0x7FF
        exponent = np.where(exponent == 0x7FF, top, np.where(exponent == 0, 0, exponent - 1023 + self.bias))
        small = ((bits >> np.uint64(63)) << np.uint64(8 * self.size - 1)) | (
            exponent.astype(np.uint64) << np.uint64(mantissa)
        )
        small |= (bits & np.uint64(2**52 - 1)) >> np.uint64(52 - mantissa)
        return small.view(np.uint8).reshape(*values.shape, 8)[..., : self.size]

    def decode(self, raw: Bytes) -> Floats:
        wide = np.zeros((*raw.shape[:-1], 8), np.uint8)
        wide[..., : self.size] = raw
        small = wide.view(np.uint64)[..., 0]
        if self.size == 8:
            return small.view(np.float64)
        mantissa, top = np.uint64(self.mantissa_bits), (1 << self.exponent_bits) - 1
        exponent = ((small >> mantissa) & np.uint64(top)).astype(np.int64)
        wide_exponent = np.where(exponent == top, 0x7FF, np.where(exponent == 0, 0, exponent + 1023 - self.bias))
        bits = (small & ((np.uint64(1) << mantissa) - np.uint64(1))) << (np.uint64(52) - mantissa)
        bits |= wide_exponent.astype(np.uint64) << np.uint64(52)
        bits |= (small >> np.uint64(8 * self.size - 1)) << np.uint64(63)
        bits[small == np.uint64(2 ** (8 * self.size) - 1)] = MISSING_BITS
        return bits.view(np.float64)


Layout = Unsigned | Float

Kind = np.dtype[Any] | Float
"""The type of a dataset's items: numpy's, or a float of less than eight bytes."""


@dataclass(frozen=True)
class Extent:
    """What a set of numbers needs of a layout, missing ones apart; by default what none need.

    In the order in which ``natsbin._codec.measure`` gives it.
    """

    whole: bool = True  # all are whole numbers, none below zero, no NaN, no infinity, no -0.0
    largest: float = 0.0  # of the whole numbers
    mantissa_bits: int = 0  # after the leading one
    low: int = 4096  # least exponent of base 2 of a nonzero number
    high: int = -4096  # greatest

    def join(self, other: Extent) -> Extent:
        """What both sets of numbers need."""
        return Extent(
            self.whole and other.whole,
            max(self.largest, other.largest),
            max(self.mantissa_bits, other.mantissa_bits),
            min(self.low, other.low),
            max(self.high, other.high),
        )


def choose(extent: Extent) -> Layout:
    """The smallest layout that holds every number exactly."""
    if extent.whole:
        for size in (1, 2):
            if extent.largest < 2 ** (8 * size) - 1:
                return Unsigned(size)
    low, high = (extent.low, extent.high) if extent.low <= extent.high else (0, 0)
    # HDF5 knows no bias below 1. Code 0 is for zero, the highest for NaN and infinity; two mantissa bits tell
    # NaN from missing.
    bias = max(1, 1 - low)
    exponent_bits = max(2, (high + bias + 1).bit_length())
    size = max(2, -(-(1 + exponent_bits + max(2, extent.mantissa_bits)) // 8))
    exponent_bits = max(exponent_bits, 8 * size - 1 - 52)  # no more mantissa than a double has
    return Float(size, exponent_bits, bias) if size < 8 and exponent_bits < 11 else Float(8)


def from_kind(kind: Kind) -> Layout:
    """The layout of numbers of a type; ValueError for a type that no column has."""
    if isinstance(kind, Float):
        return kind
    if kind == np.dtype("<f8"):
        return Float(8)
    if kind.str in ("|u1", "<u2"):
        return Unsigned(kind.itemsize)
    raise ValueError(f"type {kind} for a column")
