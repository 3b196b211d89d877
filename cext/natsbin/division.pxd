"""Division of places by a number that is known only at run time, as one multiplication and a shift.

With 2**bits >= by, m = ceil(2**(31 + bits) / by) is at most 2**32, and m * by exceeds 2**(31 + bits) by less than by.
So n * m >> (31 + bits) is n // by for each n below 2**31, and no product exceeds 64 bits.
"""

from libc.stdint cimport uint32_t, uint64_t


cdef struct Divisor:
    uint64_t multiplier
    int shift
    uint32_t by


cdef inline Divisor divisor(Py_ssize_t by) noexcept nogil:
    """For numbers below 2**31, which a greater ``by`` does not reach either."""
    cdef Divisor found
    cdef uint32_t bits = 0
    found.by = <uint32_t> min(by, <Py_ssize_t> 0x80000000)
    while (<uint64_t> 1 << bits) < found.by:
        bits += 1
    found.shift = 31 + bits
    found.multiplier = ((<uint64_t> 1 << found.shift) + found.by - 1) // found.by
    return found


cdef inline uint32_t divide(uint32_t number, const Divisor* divisor) noexcept nogil:
    return <uint32_t> (number * divisor.multiplier >> divisor.shift)
