"""The memo of a pickle that is walked; see ``_walk_memo.pyx``."""

cimport cython
from libc.stdint cimport uint16_t, uint32_t

from natsbin._memo cimport MAX_RECENT
from natsbin._words cimport A_TEXT, MAX_TEXTS, Span, room

cdef enum:  # kinds of what lies on the walker's stack and is no value; words have other kinds of these numbers
    ORDERED_CLASS = 13, DTYPE_CLASS = 14, SCALAR_FUNCTION = 15, ENCODE_FUNCTION = 16, SET_CLASS = 17, A_DTYPE = 18
    BYTES_OF_8 = 19, SCALAR_ARGUMENTS = 20
    LATIN_OF_8 = 21, ENCODE_ARGUMENTS = 22  # a text of eight characters that stands for eight bytes

cdef enum:
    KEPT_KINDS = MAX_TEXTS + 1  # a kept entry from here on is a kind, below it 1 + a position in the pool
    OPEN = 0xFFFFFFFF

cdef struct Entry:
    uint32_t kind
    Span span  # where its words and numbers are: OPEN at word_end while items may be added, and once these are gone
    # of a string, `word` is the word itself


@cython.final
cdef class WalkMemo:
    cdef Entry *recent  # entries from `base` on
    cdef Py_ssize_t count, recent_room, base  # `count` are recent
    cdef uint16_t *kept  # those below
    cdef Py_ssize_t kept_room, forgotten  # how many records were
    cdef void clear(self) noexcept
    cdef bint get(self, Py_ssize_t place, Entry *entry) noexcept
    cdef void lose_words(self, uint32_t first) noexcept
    cdef bint forget(self) except -1

    cdef inline bint add(self, uint32_t kind, Span span) except -1:
        """One more entry; False where there are too many."""
        if self.count == self.recent_room:
            if self.count >= MAX_RECENT:
                return False
            room(<void **>&self.recent, &self.recent_room, self.count + 1, sizeof(Entry))
        self.recent[self.count].kind, self.recent[self.count].span = kind, span
        self.count += 1
        return True

    cdef inline void close(self, Py_ssize_t recent, uint32_t word_end, uint32_t number_end) noexcept:
        """Nothing will be added to a container any more: its words and numbers end here."""
        self.recent[recent].span.word_end, self.recent[recent].span.number_end = word_end, number_end
