"""A column that is asked for arrays of values; see ``_batch.pyx``."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t

from natsbin._column cimport Column
from natsbin._questions cimport Questions, TrialGrid, place_of
from natsbin.division cimport Divisor


cdef class ColumnBatch:
    cdef TrialGrid grid
    cdef Column column
    cdef Divisor by_epochs, by_trials
    cdef const uint16_t[::1] kinds
    cdef const uint8_t[:, ::1] covers
    cdef const uint8_t[::1] whole
    cdef Py_ssize_t decode(
        self, const int32_t* rows, const int64_t* epochs, Py_ssize_t epoch_step, double* out, Py_ssize_t n
    ) noexcept nogil
    cdef int decode_fetching(
        self, const int32_t* rows, const int64_t* epochs, Py_ssize_t epoch_step, double* out, Py_ssize_t n
    ) except -1 nogil
    cdef means_of_epoch(self, Questions asked, double[::1] out)
    cdef int single_values_of_epoch(self, Questions asked, double[::1] out) except -1 nogil
    cdef bint all_covered(self, Questions asked) noexcept nogil
    cdef int single_values(
        self, Questions asked, bint whole, Py_ssize_t start, Py_ssize_t n, double* out
    ) except -1 nogil
    cdef Py_ssize_t means(self, Questions asked, Py_ssize_t start, Py_ssize_t end, double* out) except -1 nogil


cdef inline bint covered(ColumnBatch batch, Questions asked, Py_ssize_t j) noexcept nogil:
    """Whether all trials of question j's architecture have a value at its epoch."""
    return batch.covers[
        batch.kinds[place_of(batch.grid, asked.at.index[j * asked.at.index_step])],
        asked.at.epoch[j * asked.at.epoch_step],
    ]
