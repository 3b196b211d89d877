# How the bytes of one number become a value.


cdef struct Decoding:
    int layout, kind
    Py_ssize_t size  # bytes of a number
    int mantissa_bits  # of a SMALL_FLOAT, as are the masks
    uint64_t code_mask, exponent_mask, rebias
    double samples
    const double* last_batch  # of a COUNT: what the correct samples of the last batch add


cdef inline double number_at(const Decoding* lens, int layout, const uint8_t* at) noexcept nogil:
    """The number at ``at``; missing where all bits are set. Eight bytes are read.

    ``layout`` is the lens's: loops pass it as a constant, so that the compiler makes a loop of each.
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
    code &= lens.code_mask
    exponent = (code >> lens.mantissa_bits) & lens.exponent_mask
    if exponent == 0:
        return -0.0 if code >> (8 * lens.size - 1) else 0.0
    if code == lens.code_mask:
        return from_bits(MISSING)
    return from_bits(
        (code >> (8 * lens.size - 1)) << 63
        | (
            ((code & (lens.code_mask >> 1)) << (52 - lens.mantissa_bits)) + lens.rebias
            if exponent != lens.exponent_mask
            else <uint64_t> 0x7FF << 52
            | (code & ((<uint64_t> 1 << lens.mantissa_bits) - 1)) << (52 - lens.mantissa_bits)
        )
    )


cdef inline double whole_of(const Decoding* lens, int kind, double number, const uint8_t* last) noexcept nogil:
    """What of a number is divided by the samples; missing where it is.

    ``last`` counts the last batch's correct samples, NULL where they do not matter. ``kind`` as ``layout`` above.
    """
    if kind != COUNT:
        return number
    if last == NULL:
        return number if number != number else 100.0 * number
    return number if number != number else 100.0 * (number - last[0]) + lens.last_batch[last[0]]


cdef inline double share_of(const Decoding* lens, int kind, double whole) noexcept nogil:
    """The value; missing and NaN stay as they are."""
    return whole if kind == PLAIN or whole != whole else whole / lens.samples


cdef inline double value_of(const Decoding* lens, int kind, double number, const uint8_t* last) noexcept nogil:
    return share_of(lens, kind, whole_of(lens, kind, number, last))
