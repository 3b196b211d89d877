"""The memo of a pickle that is walked: which words and numbers each entry stands for.

The records of a benchmark file are forgotten one by one, as their words are. Of their entries only strings, and what
numpy's numbers are made by, remain: 2 bytes an entry. ``natsbin._memo`` is the memo of ``natsbin._pickle``, which keeps
more.
"""

cimport cython
from libc.stdint cimport uint16_t, uint32_t
from libc.stdlib cimport free

from natsbin._memo cimport MAX_AVERAGE, MAX_KEPT, MAX_RECENT
from natsbin._words cimport A_TEXT, LAST_VALUE, PAYLOAD, SHIFT, room


@cython.final
cdef class WalkMemo:
    """Entries in the order in which a pickle makes them; the walker says where their words are."""

    def __dealloc__(self):
        free(self.recent)
        free(self.kept)

    cdef void clear(self) noexcept:
        self.count = self.base = self.forgotten = 0

    cdef bint get(self, Py_ssize_t place, Entry *entry) noexcept:
        """Whether there is an entry that can be fetched; then ``entry`` becomes it. A kept class has no span."""
        cdef uint32_t kept
        if not 0 <= place < self.base + self.count:
            return False
        if place >= self.base:
            entry[0] = self.recent[place - self.base]
            return is_kept(entry.kind) or (entry.kind <= LAST_VALUE and entry.span.word_end != OPEN)
        kept = self.kept[place]
        if kept >= KEPT_KINDS:
            entry.kind = kept - KEPT_KINDS + ORDERED_CLASS
        else:
            entry.kind, entry.span.word = A_TEXT, <uint32_t>A_TEXT << SHIFT | (kept - 1)
        return kept != 0

    cdef void lose_words(self, uint32_t first) noexcept:
        """The words of recent entries from ``first`` on are gone; those of strings are never."""
        cdef Py_ssize_t i
        for i in range(first, self.count):
            if self.recent[i].kind != A_TEXT:
                self.recent[i].span.word_end = OPEN

    cdef bint forget(self) except -1:
        """Forgets a record with its containers and numbers; False where too many entries would be kept."""
        cdef Py_ssize_t i
        cdef Entry *entry
        cdef uint32_t kept
        self.forgotten += 1
        if self.base + self.count > min(MAX_KEPT, MAX_RECENT + MAX_AVERAGE * self.forgotten):
            return False
        room(<void **>&self.kept, &self.kept_room, self.base + self.count, sizeof(uint16_t))
        for i in range(self.count):
            entry = &self.recent[i]
            kept = 0
            if entry.kind == A_TEXT:
                kept = (entry.span.word & PAYLOAD) + 1
            elif is_kept(entry.kind):
                kept = KEPT_KINDS + entry.kind - ORDERED_CLASS
            self.kept[self.base + i] = <uint16_t>kept
        self.base += self.count
        self.count = 0
        return True


cdef inline bint is_kept(uint32_t kind) noexcept:
    return kind == A_TEXT or ORDERED_CLASS <= kind <= A_DTYPE
