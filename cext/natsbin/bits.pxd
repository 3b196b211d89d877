"""Doubles as their bits, and numbers as a pickle has their bytes.

A value that is missing has all bits set, as in natsbin.store.layouts.
"""

from libc.stdint cimport uint8_t, uint64_t
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


cdef inline uint64_t little_endian(const uint8_t *p, Py_ssize_t size) noexcept nogil:
    cdef uint64_t value = 0
    cdef Py_ssize_t i
    for i in range(size):
        value |= <uint64_t>p[i] << (8 * i)
    return value


cdef inline double big_endian_double(const uint8_t *p) noexcept nogil:
    cdef uint64_t bits = 0
    cdef int i
    for i in range(8):
        bits = bits << 8 | p[i]
    return from_bits(bits)
