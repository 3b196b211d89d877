# Strings of a pickle: equal short ones become one object, which saves most of the time and memory.

cdef enum:
    MAX_POOL = 0xFFFE  # positions fit 16 bits, see _pickle_memo.pxi
    MAX_POOLED_LENGTH = 128
    MAX_PROBES = 32  # bounds what crafted hash collisions can cost

cdef struct Slot:
    uint32_t hash
    uint32_t entry  # 1 + position in the pool, 0 where free


cdef inline uint32_t hash_bytes(const uint8_t *p, Py_ssize_t size) noexcept nogil:
    cdef uint64_t value = <uint64_t>size, word
    cdef Py_ssize_t at
    for at in range(0, size, 8):
        word = 0
        memcpy(&word, p + at, min(8, size - at))
        value = (value ^ word) * <uint64_t>0x9E3779B97F4A7C15
        value ^= value >> 32
    return <uint32_t>value


cdef class Pool:
    """An open-addressing table from the bytes of a str to the one str made of them."""

    cdef list strings
    cdef Slot *slots
    cdef uint32_t mask

    def __cinit__(self):
        self.strings = []
        self.mask = 2047
        self.slots = <Slot *>calloc(self.mask + 1, sizeof(Slot))
        if self.slots == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.slots)

    cdef object text(self, const uint8_t *p, Py_ssize_t size):
        """The str of some UTF-8; raises UnicodeDecodeError."""
        if size > MAX_POOLED_LENGTH:
            return PyUnicode_DecodeUTF8(<const char *>p, size, NULL)
        cdef uint32_t hash = hash_bytes(p, size)
        cdef Slot *place = NULL
        cdef Py_ssize_t position = self.find(p, size, hash, &place)
        if position >= 0:
            return <object>PyList_GET_ITEM(self.strings, position)
        cdef object text = PyUnicode_DecodeUTF8(<const char *>p, size, NULL)
        if place != NULL and PyList_GET_SIZE(self.strings) < MAX_POOL:
            self.strings.append(text)
            place.hash = hash
            place.entry = <uint32_t>PyList_GET_SIZE(self.strings)
            if 2 * place.entry > self.mask:
                self.grow()
        return text

    cdef Py_ssize_t position(self, object text) except -2:
        """Where an equal str stands, or -1."""
        cdef Py_ssize_t size = 0
        cdef Slot *place = NULL
        cdef const uint8_t *p = <const uint8_t *>PyUnicode_AsUTF8AndSize(text, &size)
        return -1 if size > MAX_POOLED_LENGTH else self.find(p, size, hash_bytes(p, size), &place)

    cdef Py_ssize_t find(self, const uint8_t *p, Py_ssize_t size, uint32_t hash, Slot **place) except -2:
        """Position, or -1 and, where the probing met one, the slot that is free for it."""
        cdef Slot *slot
        cdef Py_ssize_t length = 0
        cdef const char *text
        cdef int probe
        for probe in range(MAX_PROBES):
            slot = &self.slots[(hash + <uint32_t>probe) & self.mask]
            if slot.entry == 0:
                place[0] = slot
                return -1
            if slot.hash == hash:
                text = PyUnicode_AsUTF8AndSize(<object>PyList_GET_ITEM(self.strings, slot.entry - 1), &length)
                if length == size and memcmp(text, p, size) == 0:
                    return slot.entry - 1
        return -1

    cdef int grow(self) except -1:
        cdef Slot *old = self.slots
        cdef Slot *slot
        cdef uint32_t old_size = self.mask + 1, i
        cdef int probe
        self.slots = <Slot *>calloc(4 * old_size, sizeof(Slot))
        if self.slots == NULL:
            self.slots = old
            raise MemoryError
        self.mask = 4 * old_size - 1
        for i in range(old_size):
            if old[i].entry:
                for probe in range(MAX_PROBES):  # an entry that finds no place is merely not found again
                    slot = &self.slots[(old[i].hash + <uint32_t>probe) & self.mask]
                    if slot.entry == 0:
                        slot[0] = old[i]
                        break
        free(old)
        return 0
