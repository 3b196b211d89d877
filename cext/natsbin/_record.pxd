"""A record that was walked; see ``_record.pyx``."""

cimport cython
from libc.stdint cimport uint32_t

from natsbin._words cimport Span, Words

cdef enum:
    MAX_TRIALS = 1 << 12


@cython.final
cdef class WalkedRecord:
    cdef Words words
    cdef Span span  # of the record
    cdef Span trials[MAX_TRIALS]
    cdef Py_ssize_t trial_count
    cdef uint32_t *outline
    cdef Py_ssize_t outline_count, outline_room
    cdef uint32_t arch_index
    cdef void clear(self) noexcept
    cdef bint add_trial(self, Span span) noexcept
    cdef Span *trial(self, Py_ssize_t trial) except NULL
