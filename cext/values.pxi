# How the bytes of one number become a value.


cdef struct Lens:
    int layout, kind
    Py_ssize_t size  # bytes of a number
    int mantissa_bits  # of a SMALL_FLOAT, as are the masks
    uint64_t code_mask, exponent_mask, rebias
    double samples
    const double* last_batch  # of a COUNT: what the correct samples of the last batch add


cdef inline double value_at(
    const Lens* lens, int layout, int kind, const uint8_t* at, const uint8_t* last
) noexcept nogil:
    """The value of the number at ``at``; missing where all bits are set.

    ``layout`` and ``kind`` are the lens's: loops pass them as constants, so that the compiler makes a loop of each.
    ``last`` counts the last batch's correct samples, NULL where they do not matter. Eight bytes at ``at`` are read.
    """
    cdef uint64_t code = 0, exponent
    cdef uint16_t code2
    cdef double value
    if layout == UNSIGNED2:
        memcpy(&code2, at, 2)
        if code2 == 0xFFFF:
            return from_bits(MISSING)
        value = code2
    elif layout == SMALL_FLOAT:
        memcpy(&code, at, 8)
        code &= lens.code_mask
        exponent = (code >> lens.mantissa_bits) & lens.exponent_mask
        if exponent == 0:
            value = -0.0 if code >> (8 * lens.size - 1) else 0.0
        else:
            if code == lens.code_mask:
                return from_bits(MISSING)
            value = from_bits(
                (code >> (8 * lens.size - 1)) << 63
                | (
                    ((code & (lens.code_mask >> 1)) << (52 - lens.mantissa_bits)) + lens.rebias
                    if exponent != lens.exponent_mask
                    else <uint64_t> 0x7FF << 52
                    | (code & ((<uint64_t> 1 << lens.mantissa_bits) - 1)) << (52 - lens.mantissa_bits)
                )
            )
    elif layout == FLOAT8:
        memcpy(&value, at, 8)
    else:
        if at[0] == 0xFF:
            return from_bits(MISSING)
        value = at[0]
    if kind == COUNT:
        if last == NULL:
            return 100.0 * value / lens.samples
        return (100.0 * (value - last[0]) + lens.last_batch[last[0]]) / lens.samples
    if kind == SUM:
        return value / lens.samples
    return value
