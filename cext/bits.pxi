# Doubles as their bits; all bits set is "missing", as in natsbin.store.layouts.

cdef uint64_t MISSING = 0xFFFFFFFFFFFFFFFF


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
