"""Blocks of a bz2 stream, which begin at any bit: where they may begin, and each as a stream of its own.

Bits count from the highest of the first byte. Nothing is decompressed here.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memset

cdef uint64_t BLOCK = 0x314159265359  # the 48 bits before a block
cdef uint64_t END = 0x177245385090  # and those after the last; then come the 32 bits of the stream's checksum
cdef uint64_t MAGIC_MASK = 0xFFFFFFFFFFFF

cdef uint8_t[256] SHIFTS  # by the third last byte of a window of 64 bits: how far right of it a magic may end
memset(SHIFTS, 0, 256)
for _shift in range(8):
    SHIFTS[(BLOCK >> (16 - _shift)) & 0xFF] |= 1 << _shift
    SHIFTS[(END >> (16 - _shift)) & 0xFF] |= 1 << _shift


def find_magics(const uint8_t[::1] data not None, Py_ssize_t first):
    """The bits from ``first`` on where 48 bits say that a block begins, or that the last has ended: (bit, ended).

    They may be a part of a block that looks like it.
    """
    cdef Py_ssize_t i, bit
    cdef uint64_t window = 0, magic
    cdef uint8_t shifts
    cdef int shift
    cdef list found = []
    if first < 0:
        raise ValueError(f"bit {first}")
    for i in range(first >> 3, data.shape[0]):
        window = window << 8 | data[i]
        shifts = SHIFTS[(window >> 16) & 0xFF]
        if shifts:
            for shift in range(7, -1, -1):
                if shifts >> shift & 1:
                    magic = (window >> shift) & MAGIC_MASK
                    bit = 8 * (i + 1) - shift - 48
                    if bit >= first and (magic == BLOCK or magic == END):
                        found.append((bit, magic == END))
    return found


cdef inline uint8_t byte_at(const uint8_t[::1] data, Py_ssize_t bit) noexcept:
    """Eight bits, with zeros behind the end of the data."""
    cdef Py_ssize_t at = bit >> 3
    cdef int shift = bit & 7
    cdef uint32_t two = <uint32_t>data[at] << 8 if at < data.shape[0] else 0
    if shift and at + 1 < data.shape[0]:
        two |= data[at + 1]
    return <uint8_t>(two >> (8 - shift))


def number_at(const uint8_t[::1] data not None, Py_ssize_t bit):
    """The number in the 32 bits from ``bit`` on."""
    cdef uint32_t value = 0
    cdef int i
    if not 0 <= bit <= 8 * data.shape[0] - 32:
        raise IndexError(f"32 bits from bit {bit} of {8 * data.shape[0]}")
    for i in range(4):
        value = value << 8 | byte_at(data, bit + 8 * i)
    return value


def one_block(const uint8_t[::1] data not None, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t level):
    """The block in the bits from ``start`` to ``stop`` as a stream of ``level`` (1 to 9), and the block's checksum."""
    cdef Py_ssize_t i, bits = stop - start, whole
    cdef uint32_t checksum
    cdef uint64_t byte
    cdef int used, shift
    if not 1 <= level <= 9 or not 0 <= start <= stop <= 8 * data.shape[0] or bits < 80:
        raise ValueError(f"no block from bit {start} to {stop} of {8 * data.shape[0]}")
    checksum = number_at(data, start + 48)
    whole = bits >> 3
    used = bits & 7
    out = bytearray(4 + whole + 11)
    cdef uint8_t[::1] view = out
    view[0], view[1], view[2], view[3] = 0x42, 0x5A, 0x68, <uint8_t>(0x30 + level)
    for i in range(whole):
        view[4 + i] = byte_at(data, start + 8 * i)
    if used:
        view[4 + whole] = byte_at(data, start + 8 * whole) & <uint8_t>(0xFF00 >> used)
    for i in range(10):  # the end and, as there is one block only, its checksum
        shift = 40 - 8 * <int>i if i < 6 else 24 - 8 * (<int>i - 6)
        byte = (END >> shift if i < 6 else <uint64_t>checksum >> shift) & 0xFF
        view[4 + whole + i] |= <uint8_t>(byte >> used)
        if used:
            view[5 + whole + i] = <uint8_t>((byte << (8 - used)) & 0xFF)
    return bytes(out) if used else bytes(view[: 4 + whole + 10]), checksum
