"""The stream of Python's random module: the Mersenne Twister MT19937, and what random.choice makes of it."""

from libc.stdint cimport int64_t, uint8_t, uint32_t

cdef enum:
    WORDS = 624  # of the state
    AHEAD = 397  # how far the word stands that is mixed in


cdef void twist(uint32_t* key) noexcept nogil:
    """The next state."""
    cdef Py_ssize_t k
    cdef uint32_t mixed
    for k in range(WORDS):
        mixed = (key[k] & <uint32_t> 0x80000000) | (key[(k + 1) % WORDS] & <uint32_t> 0x7FFFFFFF)
        key[k] = key[(k + AHEAD) % WORDS] ^ (mixed >> 1) ^ (<uint32_t> 0x9908B0DF if mixed & 1 else 0)


cdef inline uint32_t next_word(uint32_t* key, Py_ssize_t* place) noexcept nogil:
    cdef uint32_t word
    if place[0] >= WORDS:
        twist(key)
        place[0] = 0
    word = key[place[0]]
    place[0] += 1
    word ^= word >> 11
    word ^= (word << 7) & <uint32_t> 0x9D2C5680
    word ^= (word << 15) & <uint32_t> 0xEFC60000
    return word ^ (word >> 18)


cdef inline int64_t choice(int64_t count, uint32_t* key, Py_ssize_t* place) noexcept nogil:
    """A position below ``count``, of which there are fewer than 2**31: as many bits as it has, until they fit."""
    cdef int bits = 0
    cdef int64_t k = count
    while count >> bits:
        bits += 1
    while k >= count:
        k = next_word(key, place) >> (32 - bits)
    return k


def choices(
    const int64_t[::1] counts not None,
    const uint8_t[::1] twice not None,
    uint32_t[::1] key not None,
    Py_ssize_t place,
    int64_t[::1] first not None,
    int64_t[::1] second not None,
):
    """Positions as ``random.choice`` draws them from ``counts[j]`` things, one question after another.

    Where ``twice``, a second one is drawn right after the first; a count of 0 draws nothing and gives 0. ``key`` and
    ``place`` are the generator's state as ``random.getstate`` gives it; ``key`` is changed, the new place returned.
    """
    cdef Py_ssize_t j, n = counts.shape[0]
    if not n == twice.shape[0] == first.shape[0] == second.shape[0] or key.shape[0] != WORDS:
        raise ValueError("lengths differ")
    if not 0 <= place <= WORDS:
        raise ValueError(f"place {place} of {WORDS}")
    with nogil:
        for j in range(n):
            first[j] = second[j] = 0
            if 0 < counts[j] < <int64_t> 1 << 31:
                first[j] = choice(counts[j], &key[0], &place)
                if twice[j]:
                    second[j] = choice(counts[j], &key[0], &place)
    return place
