"""Architecture strings and digits, as numbers in the base of their search space."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

ctypedef fused Character:
    uint8_t
    uint32_t

ctypedef const char* Word

cdef Word[5] OPERATION_NAMES
OPERATION_NAMES[0], OPERATION_NAMES[1] = b"none", b"skip_connect"
OPERATION_NAMES[2], OPERATION_NAMES[3], OPERATION_NAMES[4] = b"nor_conv_1x1", b"nor_conv_3x3", b"avg_pool_3x3"
cdef Word[6] BEFORE  # each operation of a cell's string
cdef Word[6] AFTER
BEFORE[0], BEFORE[1], BEFORE[2], BEFORE[3], BEFORE[4], BEFORE[5] = b"|", b"|+|", b"|", b"|+|", b"|", b"|"
AFTER[0], AFTER[1], AFTER[2], AFTER[3], AFTER[4], AFTER[5] = b"~0", b"~0", b"~1", b"~0", b"~1", b"~2"


cdef inline Py_ssize_t passed(const Character* text, Py_ssize_t at, Py_ssize_t n, const char* word) noexcept nogil:
    """Where ``word`` ends if it stands at ``at``, else -1."""
    cdef Py_ssize_t k = 0
    while word[k]:
        if at + k >= n or text[at + k] != <uint8_t> word[k]:
            return -1
        k += 1
    return at + k


cdef inline int32_t likely_operation(const Character* text, Py_ssize_t at, Py_ssize_t n) noexcept nogil:
    """The one operation that may stand at ``at``: letters in which they differ tell."""
    if at + 9 < n and text[at] == c"n" and text[at + 2] == c"r":
        return 2 if text[at + 9] == c"1" else 3
    if at < n and text[at] != c"n":
        return 1 if text[at] == c"s" else 4
    return 0


cdef int32_t rank_of_cell(const Character* text, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t at = 0, edge
    cdef int32_t rank = 0, digit
    for edge in range(6):
        at = passed(text, at, n, BEFORE[edge])
        if at < 0:
            return -1
        digit = likely_operation(text, at, n)
        at = passed(text, at, n, OPERATION_NAMES[digit])
        if at < 0:
            return -1
        rank = 5 * rank + digit
        at = passed(text, at, n, AFTER[edge])
        if at < 0:
            return -1
    return rank if passed(text, at, n, b"|") == n else -1


cdef int32_t rank_of_channels(const Character* text, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t at = 0, place
    cdef int32_t rank = 0, channel
    for place in range(5):
        if place:
            if at >= n or text[at] != c":":
                return -1
            at += 1
        if at >= n or not c"1" <= text[at] <= c"9":
            return -1
        channel = text[at] - c"0"
        at += 1
        if at < n and c"0" <= text[at] <= c"9":
            channel = 10 * channel + <int32_t> (text[at] - c"0")
            at += 1
        if channel % 8 or channel > 64:
            return -1
        rank = 8 * rank + channel // 8 - 1
    return rank if at == n else -1


cdef void rank_all(const Character* text, Py_ssize_t width, bint cells, int32_t* out, Py_ssize_t n) noexcept nogil:
    """Ranks of n texts of ``width`` characters, padded with zeros."""
    cdef Py_ssize_t i, length
    for i in range(n):
        length = width
        while length and not text[i * width + length - 1]:
            length -= 1
        if cells:
            out[i] = rank_of_cell(text + i * width, length)
        else:
            out[i] = rank_of_channels(text + i * width, length)


def ranks_of_texts(const uint8_t[::1] raw not None, Py_ssize_t width, bint wide, bint cells, int32_t[::1] out not None):
    """The number that each string's digits spell, -1 if not in this search space.

    ``raw`` holds strings of ``width`` characters, of four bytes if ``wide``, as numpy keeps them.
    """
    cdef Py_ssize_t n = out.shape[0]
    if width < 1 or raw.shape[0] != n * width * (4 if wide else 1):
        raise ValueError(f"{raw.shape[0]} bytes, expected {n} strings of {width}")
    if n == 0:
        return
    with nogil:
        if wide:
            rank_all[uint32_t](<const uint32_t*> &raw[0], width, cells, &out[0], n)
        else:
            rank_all[uint8_t](&raw[0], width, cells, &out[0], n)


def ranks_of_strings(list texts not None, bint cells, int32_t[::1] out not None):
    """As ``ranks_of_texts``, for a list; -1 for anything in it that is no str."""
    cdef Py_ssize_t i
    cdef bytes raw
    if out.shape[0] != len(texts):
        raise ValueError(f"lengths differ: {len(texts)} and {out.shape[0]}")
    for i in range(len(texts)):
        out[i] = -1
        if isinstance(texts[i], str) and (<str> texts[i]).isascii():
            raw = (<str> texts[i]).encode()
            if cells:
                out[i] = rank_of_cell[uint8_t](<const uint8_t*> <const char*> raw, len(raw))
            else:
                out[i] = rank_of_channels[uint8_t](<const uint8_t*> <const char*> raw, len(raw))


def ranks_of_digits(const int64_t[:, ::1] rows not None, int64_t base, int64_t step, int32_t[::1] out not None):
    """The number that each row of digits spells, or of ``step``, ``2 * step``, ... for them; -1 for no such row."""
    cdef Py_ssize_t i, k, n = rows.shape[0], width = rows.shape[1]
    cdef int64_t digit, rank, other
    cdef bint digits, steps
    if out.shape[0] != n:
        raise ValueError(f"lengths differ: {n} and {out.shape[0]}")
    with nogil:
        for i in range(n):
            digits, steps, rank, other = True, step > 0, 0, 0
            for k in range(width):
                digit = rows[i, k]
                digits &= 0 <= digit < base
                steps &= step <= digit <= base * step and (step == 0 or digit % step == 0)
                if digits:
                    rank = base * rank + digit
                if steps:
                    other = base * other + digit // step - 1
            out[i] = <int32_t> (rank if digits else other if steps else -1)
