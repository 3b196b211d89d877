"""Doubles as their bits. A value that is missing has all bits set, as in natsbin.store.layouts."""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy

cdef extern from *:
    """
    #define NATSBIN_MISSING 0xFFFFFFFFFFFFFFFFull
    """
    const uint64_t MISSING "NATSBIN_MISSING"


cdef inline uint64_t bits_of(double value) noexcept nogil:
    cdef uint64_t bits
    memcpy(&bits, &value, 8)
    return bits


cdef inline double from_bits(uint64_t bits) noexcept nogil:
    cdef double value
    memcpy(&value, &bits, 8)
    return value


cdef inline bint is_missing(double value) noexcept nogil:
    return bits_of(value) == MISSING
