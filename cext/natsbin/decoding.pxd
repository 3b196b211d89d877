"""How the bytes of one number become a value. natsbin.store.codec and natsbin.store.layouts are the reference."""

from libc.stdint cimport uint8_t, uint16_t, uint64_t
from libc.string cimport memcpy

from natsbin.bits cimport MISSING, from_bits

cdef enum:  # layouts: how bytes become a number
    UNSIGNED1
    UNSIGNED2
    SMALL_FLOAT
    FLOAT8

cdef enum:  # kinds: how numbers become a value
    PLAIN
    SUM
    COUNT


cdef struct Decoding:
    int layout, kind
    Py_ssize_t size  # bytes of a number
    int mantissa_bits  # of a SMALL_FLOAT, as are the masks
    uint64_t code_mask, exponent_mask, rebias
    double samples
    const double* last_batch  # of a COUNT: what the correct samples of the last batch add


cdef inline double number_at(const Decoding* decoding, int layout, const uint8_t* at) noexcept nogil:
    """The number at ``at``; missing where all bits are set. Eight bytes are read.

    ``layout`` is that of the decoding: loops pass it as a constant, so that the compiler makes a loop of each.
    """
    cdef uint64_t code = 0, exponent
    cdef uint16_t code2
    cdef double number
    if layout == UNSIGNED2:
        memcpy(&code2, at, 2)
        return from_bits(MISSING) if code2 == 0xFFFF else <double> code2
    if layout == UNSIGNED1:
        return from_bits(MISSING) if at[0] == 0xFF else <double> at[0]
    if layout == FLOAT8:
        memcpy(&number, at, 8)
        return number
    memcpy(&code, at, 8)
    code &= decoding.code_mask
    exponent = (code >> decoding.mantissa_bits) & decoding.exponent_mask
    if exponent == 0:
        return -0.0 if code >> (8 * decoding.size - 1) else 0.0
    if code == decoding.code_mask:
        return from_bits(MISSING)
    return from_bits(
        (code >> (8 * decoding.size - 1)) << 63
        | (
            ((code & (decoding.code_mask >> 1)) << (52 - decoding.mantissa_bits)) + decoding.rebias
            if exponent != decoding.exponent_mask
            else <uint64_t> 0x7FF << 52
            | (code & ((<uint64_t> 1 << decoding.mantissa_bits) - 1)) << (52 - decoding.mantissa_bits)
        )
    )


cdef inline double dividend_of(const Decoding* decoding, int kind, double number, const uint8_t* last) noexcept nogil:
    """What is divided by the samples to give the value; missing where the number is.

    ``last`` counts the last batch's correct samples, NULL where they do not matter. ``kind`` is passed as ``layout``
    is above.
    """
    if kind != COUNT:
        return number
    if last == NULL:
        return number if number != number else 100.0 * number
    return number if number != number else 100.0 * (number - last[0]) + decoding.last_batch[last[0]]


cdef inline double quotient_of(const Decoding* decoding, int kind, double dividend) noexcept nogil:
    """The value; missing and NaN stay as they are."""
    return dividend if kind == PLAIN or dividend != dividend else dividend / decoding.samples


cdef inline double value_of(const Decoding* decoding, int kind, double number, const uint8_t* last) noexcept nogil:
    return quotient_of(decoding, kind, dividend_of(decoding, kind, number, last))
