"""Rows of numbers; see ``_rows.pyx``."""

from libc.stdint cimport int32_t, int64_t


cdef class Rows:
    cdef readonly Py_ssize_t width
    cdef readonly Py_ssize_t count
    cdef Py_ssize_t capacity
    cdef double *numbers
    cdef int32_t *indexes
    cdef int64_t *seeds
    cdef double *new_row(self, int32_t index, int64_t seed) except NULL


cdef class Places:
    cdef readonly Rows rows
    cdef const int32_t[::1] places
    cdef readonly Py_ssize_t needed  # numbers
    cdef int put(self, int32_t index, int64_t seed, const double *numbers, Py_ssize_t count) except -1
