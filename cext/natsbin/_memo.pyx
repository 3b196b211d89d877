"""What a pickle may refer back to: equal short strings as one object, and a memo that can be forgotten in part.

``natsbin._pickle`` reads the fields and calls the methods, once for each opcode that makes or fetches an object.
"""

cimport cython
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcmp, memcpy

import numpy

from natsbin.errors import ArchiveError

cdef extern from "Python.h":
    object PyUnicode_DecodeUTF8(const char *text, Py_ssize_t size, const char *errors)
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL

cdef enum:
    MAX_POOL = 0xFFFE  # positions fit 16 bits, see Memo
    MAX_POOLED_LENGTH = 128
    MAX_PROBES = 32  # bounds what crafted hash collisions can cost
    DROPPED = 0, APART = 0xFFFF  # entries of `kept` that are not 1 + a position in the pool
    MAX_SHARED_ITEMS = 8  # of a container that architectures may share: a key, names of sets, a configuration

cdef enum:  # beside those of _memo.pxd
    MAX_APART = 1 << 22  # kept entries that are not in the pool
    MAX_TEXT_BYTES = 1 << 26  # of strings that are kept outside the pool

cdef object SHARED_KINDS = frozenset([str, int, float, bool, type(None), type(numpy.float64(0))])


cdef inline uint32_t hash_bytes(const uint8_t *p, Py_ssize_t size) noexcept nogil:
    cdef uint64_t value = <uint64_t>size, word
    cdef Py_ssize_t at
    for at in range(0, size, 8):
        word = 0
        memcpy(&word, p + at, min(8, size - at))
        value = (value ^ word) * <uint64_t>0x9E3779B97F4A7C15
        value ^= value >> 32
    return <uint32_t>value


@cython.final
cdef class Pool:
    """An open-addressing table from the bytes of a str to the one str made of them."""

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
            if 4 * place.entry > self.mask:  # in a table half full, some strings would find no place
                self.grow()
        return text

    cdef Py_ssize_t intern(self, const uint8_t *p, Py_ssize_t size) except -2:
        """Where some UTF-8 stands from now on, or -1 if there is no place for it; raises UnicodeDecodeError."""
        if size > MAX_POOLED_LENGTH:
            return -1
        cdef uint32_t hash = hash_bytes(p, size)
        cdef Slot *place = NULL
        cdef Py_ssize_t position = self.find(p, size, hash, &place)
        if position < 0:
            self.text(p, size)
            position = self.find(p, size, hash, &place)
        return position

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


@cython.final
cdef class Memo:
    """The memo, in which finished architectures can be forgotten: 2 bytes an entry remain, and what may be shared.

    One process pickles a whole benchmark file, so architectures share names, numbers and keys, perhaps a list
    of names. Larger containers are each architecture's own; to keep them would keep everything.
    """

    def __cinit__(self, Pool pool not None, tuple kept_types not None):
        """``kept_types``: of what is kept beside strings, plain tuples and small containers."""
        self.pool, self.kept_types = pool, kept_types
        self.recent = []
        self.apart = []
        self.small = {}

    def __dealloc__(self):
        free(self.kept)
        free(self.apart_at)

    cdef object get(self, Py_ssize_t index):
        cdef uint16_t entry
        if index >= self.base:
            if index - self.base < PyList_GET_SIZE(self.recent):
                return <object>PyList_GET_ITEM(self.recent, index - self.base)
            raise ArchiveError(f"memo {index} is not there")
        entry = self.kept[index]
        if entry == DROPPED:
            raise ArchiveError(f"memo {index} is a container of an earlier architecture, not kept")
        cdef Py_ssize_t low = 0, high = PyList_GET_SIZE(self.apart), middle
        if entry == APART:
            while low < high:
                middle = (low + high) // 2
                if self.apart_at[middle] < index:
                    low = middle + 1
                else:
                    high = middle
            return self.apart[low]
        return <object>PyList_GET_ITEM(self.pool.strings, entry - 1)

    cdef int add(self, object item) except -1:
        if PyList_GET_SIZE(self.recent) >= MAX_RECENT:
            raise ArchiveError(f"more than {MAX_RECENT:,} memo entries of one architecture, far above what archives hold")
        self.recent.append(item)
        return 0

    cdef int put(self, Py_ssize_t index, object item) except -1:
        cdef Py_ssize_t end = self.base + PyList_GET_SIZE(self.recent)
        if index == end:
            self.add(item)
        elif self.base <= index < end:
            self.recent[index - self.base] = item
        else:
            raise ArchiveError(f"memo {index} is put out of order; {end} was expected")
        return 0

    cdef int forget(self) except -1:
        """Moves all recent entries to `kept`, without their containers."""
        cdef Py_ssize_t count = PyList_GET_SIZE(self.recent), needed = self.base + count, i
        cdef uint16_t *grown
        self.finished += 1
        if needed > min(MAX_KEPT, MAX_RECENT + MAX_AVERAGE * self.finished):
            raise ArchiveError(
                f"{needed:,} memo entries of {self.finished:,} architectures; at most {MAX_AVERAGE:,} each and "
                f"{MAX_KEPT:,} in all were expected"
            )
        if needed > self.capacity:
            grown = <uint16_t *>realloc(self.kept, (needed + needed // 8) * sizeof(uint16_t))
            if grown == NULL:
                raise MemoryError
            self.kept = grown
            self.capacity = needed + needed // 8
        for i in range(count):
            self.kept[self.base + i] = self.keep(self.base + i, <object>PyList_GET_ITEM(self.recent, i))
        self.base = needed
        self.recent.clear()
        return 0

    cdef int keep(self, Py_ssize_t index, object item) except -1:
        cdef Py_ssize_t position
        if type(item) is str:
            position = self.pool.position(item)
            if position >= 0:
                return <int>position + 1
            self.text_bytes += len(item)
        elif type(item) is list or type(item) is dict or is_plain_tuple(item):
            item = self.one_of_equal(item)
            if item is None:
                return DROPPED
        elif not isinstance(item, self.kept_types):
            return DROPPED
        return self.keep_apart(index, item)

    cdef int keep_apart(self, Py_ssize_t index, object item) except -1:
        cdef Py_ssize_t count = PyList_GET_SIZE(self.apart)
        cdef uint32_t *grown
        if count >= MAX_APART:
            raise ArchiveError(f"more than {MAX_APART:,} numbers and small containers in the memo")
        if self.text_bytes > MAX_TEXT_BYTES:
            raise ArchiveError(f"more than {MAX_TEXT_BYTES:,} characters of long strings in the memo")
        if count == self.apart_capacity:
            grown = <uint32_t *>realloc(self.apart_at, (count + count // 8 + 64) * sizeof(uint32_t))
            if grown == NULL:
                raise MemoryError
            self.apart_at = grown
            self.apart_capacity = count + count // 8 + 64
        self.apart_at[count] = <uint32_t>index
        self.apart.append(item)
        return APART

    cdef object one_of_equal(self, object item):
        """The first of all small containers that equal this one; None for a container that is not small and flat."""
        if len(item) > MAX_SHARED_ITEMS:
            return None
        cdef tuple parts = (*item, *item.values()) if type(item) is dict else tuple(item)
        cdef tuple kinds = tuple([type(part) for part in parts])
        if not SHARED_KINDS.issuperset(kinds):
            return None
        exact = tuple([part.hex() if isinstance(part, float) else part for part in parts])  # 0.0 equals -0.0
        found = self.small.setdefault((type(item), kinds, exact), item)
        if found is item:
            self.text_bytes += sum([len(part) for part in parts if type(part) is str])
        return found
