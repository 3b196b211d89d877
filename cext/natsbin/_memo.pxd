"""What a pickle may refer back to; see ``_memo.pyx``."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

# A pickle of a few bytes may ask for a memo of any size. Genuine architectures have 10,735 entries (tss) or 1,627
# (sss) and meta has 32,775; a whole benchmark file has 168 million, of which 1.9 million are not strings of the pool.
cdef enum:
    MAX_RECENT = 1 << 19  # entries of one architecture
    MAX_AVERAGE = 1 << 15  # entries of finished architectures, on average
    MAX_KEPT = 1 << 28  # entries of all finished architectures: 2 bytes each


cdef struct Slot:
    uint32_t hash
    uint32_t entry  # 1 + position in the pool, 0 where free


cdef class Pool:
    cdef list strings
    cdef Slot *slots
    cdef uint32_t mask
    cdef object text(self, const uint8_t *p, Py_ssize_t size)
    cdef Py_ssize_t intern(self, const uint8_t *p, Py_ssize_t size) except -2
    cdef Py_ssize_t position(self, object text) except -2
    cdef Py_ssize_t find(self, const uint8_t *p, Py_ssize_t size, uint32_t hash, Slot **place) except -2
    cdef int grow(self) except -1


cdef class Memo:
    cdef Pool pool
    cdef tuple kept_types
    cdef list recent  # entries from `base` on
    cdef Py_ssize_t base
    cdef uint16_t *kept  # entries below `base`
    cdef Py_ssize_t capacity
    cdef Py_ssize_t finished  # architectures that were forgotten
    cdef list apart  # entries below `base` that are not in the pool
    cdef uint32_t *apart_at  # the index of each, ascending
    cdef Py_ssize_t apart_capacity
    cdef Py_ssize_t text_bytes  # of the strings in `apart`
    cdef dict small  # one of all equal small containers, tuples and numbers, by their contents
    cdef object get(self, Py_ssize_t index)
    cdef int add(self, object item) except -1
    cdef int put(self, Py_ssize_t index, object item) except -1
    cdef int forget(self) except -1
    cdef int keep(self, Py_ssize_t index, object item) except -1
    cdef int keep_apart(self, Py_ssize_t index, object item) except -1
    cdef object one_of_equal(self, object item)


cdef inline bint is_plain_tuple(object value) noexcept:
    """Whether a tuple holds str and int alone: what may be a key, and what may be shared by architectures."""
    cdef object item
    if type(value) is not tuple:
        return False
    for item in <tuple>value:
        if type(item) is not str and type(item) is not int:
            return False
    return True
