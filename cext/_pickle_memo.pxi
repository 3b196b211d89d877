# The memo of a pickle: objects that it may refer back to.

cdef enum:
    DROPPED = 0, APART = 0xFFFF  # entries of `kept` that are not 1 + a position in the pool
    MAX_SHARED_ITEMS = 8  # of a list or dict that architectures may share: names of sets, a configuration

cdef object SHARED_KINDS = frozenset([str, int, float, bool, type(None), type(numpy.float64(0))])


cdef class Memo:
    """The memo, in which finished architectures can be forgotten: 2 bytes an entry remain, and what may be shared.

    One process pickles a whole benchmark file, so architectures share names, numbers and keys, perhaps a list
    of names. Larger containers are each architecture's own; to keep them would keep everything.
    """

    cdef Pool pool
    cdef list recent  # entries from `base` on
    cdef Py_ssize_t base
    cdef uint16_t *kept  # entries below `base`
    cdef Py_ssize_t capacity
    cdef dict apart  # entries below `base` that are not in the pool
    cdef dict small  # one of all equal small containers, by their contents

    def __cinit__(self, Pool pool not None):
        self.pool = pool
        self.recent = []
        self.apart = {}
        self.small = {}

    def __dealloc__(self):
        free(self.kept)

    cdef object get(self, Py_ssize_t index):
        cdef uint16_t entry
        if index >= self.base:
            if index - self.base < PyList_GET_SIZE(self.recent):
                return <object>PyList_GET_ITEM(self.recent, index - self.base)
            raise ArchiveError(f"memo {index} is not there")
        entry = self.kept[index]
        if entry == DROPPED:
            raise ArchiveError(f"memo {index} is a container of an earlier architecture, not kept")
        if entry == APART:
            return self.apart[index]
        return <object>PyList_GET_ITEM(self.pool.strings, entry - 1)

    cdef int put(self, Py_ssize_t index, object item) except -1:
        cdef Py_ssize_t end = self.base + PyList_GET_SIZE(self.recent)
        if index == end:
            self.recent.append(item)
        elif self.base <= index < end:
            self.recent[index - self.base] = item
        else:
            raise ArchiveError(f"memo {index} is put out of order; {end} was expected")
        return 0

    cdef int forget(self) except -1:
        """Moves all recent entries to `kept`, without their containers."""
        cdef Py_ssize_t count = PyList_GET_SIZE(self.recent), needed = self.base + count, i
        cdef uint16_t *grown
        if needed > self.capacity:
            grown = <uint16_t *>realloc(self.kept, (needed + needed // 4) * sizeof(uint16_t))
            if grown == NULL:
                raise MemoryError
            self.kept = grown
            self.capacity = needed + needed // 4
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
        elif type(item) is list or type(item) is dict:
            item = self.one_of_equal(item)
            if item is None:
                return DROPPED
        elif not (is_plain_tuple(item) or isinstance(item, (_Admitted, numpy.generic, numpy.dtype))):
            return DROPPED
        self.apart[index] = item
        return APART

    cdef object one_of_equal(self, object item):
        """The first of all small containers that equal this one; None for a container that is not small and flat."""
        if len(item) > MAX_SHARED_ITEMS:
            return None
        cdef tuple parts = tuple(item) if type(item) is list else (*item, *item.values())
        cdef tuple kinds = tuple([type(part) for part in parts])
        if not SHARED_KINDS.issuperset(kinds):
            return None
        return self.small.setdefault((type(item), kinds, parts), item)
