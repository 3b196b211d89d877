"""Numbers of trials between their records and the columns of a store: collected by row, spread over columns.

A row is a trial, and all rows of a matrix have the same form, so a column takes the same places of each.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

from natsbin.bits cimport MISSING, bits_of, from_bits

import numpy

cdef enum:
    FIRST_ROWS = 32  # of a matrix; then it doubles


@cython.final
cdef class Rows:
    """A matrix of float64 that grows by rows of ``width`` numbers; each has the index of its architecture, and a seed.

    ``add`` raises OverflowError where an index needs more than 32 bits, or a seed more than 64.
    """

    def __cinit__(self, Py_ssize_t width):
        if not 0 <= width < 1 << 24:
            raise ValueError(f"a row of {width} numbers")
        self.width = width

    def __dealloc__(self):
        free(self.numbers)
        free(self.indexes)
        free(self.seeds)

    def add(self, int32_t index, int64_t seed, const double[::1] row not None):
        """Copies a row."""
        if row.shape[0] != self.width:
            raise ValueError(f"a row of {row.shape[0]} numbers, expected {self.width}")
        cdef double *place = self.new_row(index, seed)
        if self.width:
            memcpy(place, &row[0], self.width * sizeof(double))

    cdef double *new_row(self, int32_t index, int64_t seed) except NULL:
        """Where the numbers of one more row belong, which the caller puts there."""
        cdef Py_ssize_t capacity
        cdef void *grown
        if self.count == self.capacity:
            capacity = max(FIRST_ROWS, 2 * self.capacity)
            grown = realloc(self.indexes, capacity * sizeof(int32_t))
            if grown == NULL:
                raise MemoryError
            self.indexes = <int32_t *>grown
            grown = realloc(self.seeds, capacity * sizeof(int64_t))
            if grown == NULL:
                raise MemoryError
            self.seeds = <int64_t *>grown
            grown = realloc(self.numbers, max(1, capacity * self.width) * sizeof(double))
            if grown == NULL:
                raise MemoryError
            self.numbers = <double *>grown
            self.capacity = capacity
        self.indexes[self.count], self.seeds[self.count] = index, seed
        self.count += 1
        return self.numbers + (self.count - 1) * self.width

    def labels(self):
        """The indexes (int32) and the seeds (int64) of all rows."""
        indexes, seeds = numpy.empty(self.count, numpy.int32), numpy.empty(self.count, numpy.int64)
        cdef int32_t[::1] index_view = indexes
        cdef int64_t[::1] seed_view = seeds
        if self.count:
            memcpy(&index_view[0], self.indexes, self.count * sizeof(int32_t))
            memcpy(&seed_view[0], self.seeds, self.count * sizeof(int64_t))
        return indexes, seeds

    def clear(self):
        """Forgets all rows, and gives their memory back."""
        free(self.numbers)
        free(self.indexes)
        free(self.seeds)
        self.numbers, self.indexes, self.seeds = NULL, NULL, NULL
        self.count = self.capacity = 0


@cython.final
cdef class Places:
    """Where a trial's numbers go in a row of ``rows``: ``row[i]`` is the number at ``places[i]``.

    Missing where that is negative.
    """

    def __cinit__(self, Rows rows not None, const int32_t[::1] places not None):
        cdef Py_ssize_t i
        if places.shape[0] != rows.width:
            raise ValueError(f"{places.shape[0]} places for a row of {rows.width} numbers")
        self.rows, self.places = rows, places
        for i in range(places.shape[0]):
            self.needed = max(self.needed, places[i] + 1)

    cdef int put(self, int32_t index, int64_t seed, const double *numbers, Py_ssize_t count) except -1:
        """One more row, of a trial's ``count`` numbers."""
        cdef Py_ssize_t i
        cdef double *row
        cdef double missing = from_bits(MISSING)
        if count < self.needed:
            raise IndexError(f"number {self.needed - 1} of {count}")
        row = self.rows.new_row(index, seed)
        for i in range(self.rows.width):
            row[i] = numbers[self.places[i]] if self.places[i] >= 0 else missing
        return 0


cdef inline bint same_everywhere(const double *row, const int32_t[::1] where) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(1, where.shape[0]):
        if bits_of(row[where[i]]) != bits_of(row[where[0]]):
            return False
    return True


def spread(list pieces not None, bint steady):
    """A column's numbers of all rows: (numbers of rows, values), first where one value stands for all, then others.

    ``pieces`` are (rows, number of the first of them, places of the column's values in a row: int32), with equally many
    places each. ``values`` has the shape (rows, places), or (rows, 1) where one value stands for all; this is found out
    where ``steady``.
    """
    cdef Rows rows
    cdef const int32_t[::1] where
    cdef Py_ssize_t i, j, k = 0, start, width = -1, total = 0, most = 0, constants = 0, constant = 0, other = 0
    cdef int32_t first
    cdef const double *row
    cdef double *out
    for rows, _, where in pieces:
        if width >= 0 and where.shape[0] != width:
            raise ValueError(f"{where.shape[0]} places, expected {width}")
        width = where.shape[0]
        for i in range(width):
            if not 0 <= where[i] < rows.width:
                raise IndexError(f"number {where[i]} of {rows.width}")
        total += rows.count
    if width < 1:
        raise ValueError("no places")
    flags = numpy.zeros(total, numpy.uint8)
    cdef unsigned char[::1] flag = flags
    if steady:
        for rows, _, where in pieces:
            for i in range(rows.count):
                flag[k] = same_everywhere(rows.numbers + i * rows.width, where)
                constants += flag[k]
                k += 1
    numbers = numpy.empty(constants, numpy.int32), numpy.empty(total - constants, numpy.int32)
    values = numpy.empty((constants, 1)), numpy.empty((total - constants, width))
    cdef int32_t[::1] constant_numbers = numbers[0], other_numbers = numbers[1]
    cdef double[:, ::1] constant_values = values[0], other_values = values[1]
    k = 0
    for rows, first, where in pieces:
        start = where[0] if where[width - 1] - where[0] == width - 1 and rising(where) else -1
        for i in range(rows.count):
            row = rows.numbers + i * rows.width
            if flag[k]:
                constant_numbers[constant], constant_values[constant, 0] = first + <int32_t>i, row[where[0]]
                constant += 1
            else:
                other_numbers[other], out = first + <int32_t>i, &other_values[other, 0]
                if start >= 0:
                    memcpy(out, row + start, width * sizeof(double))
                else:
                    for j in range(width):
                        out[j] = row[where[j]]
                other += 1
            k += 1
    return [(numbers[0], values[0]), (numbers[1], values[1])]


cdef bint rising(const int32_t[::1] where) noexcept:
    cdef Py_ssize_t i
    for i in range(1, where.shape[0]):
        if where[i] != where[i - 1] + 1:
            return False
    return True


def scatter(
    const double[:, ::1] values not None,
    const int32_t[::1] epochs not None,
    const int32_t[::1] trials not None,
    double[:, ::1] out not None,
):
    """``out[epochs[j], trials[i]] = values[i, j]``, or ``values[i, 0]`` where ``values`` has one column only."""
    cdef Py_ssize_t i, j, step = 0 if values.shape[1] == 1 else 1
    cdef double *row
    if trials.shape[0] != values.shape[0] or (step and epochs.shape[0] != values.shape[1]):
        raise ValueError(f"{values.shape[0]} times {values.shape[1]} values, {trials.shape[0]} trials")
    for i in range(trials.shape[0]):
        if not 0 <= trials[i] < out.shape[1]:
            raise IndexError(f"trial {trials[i]} of {out.shape[1]}")
    for j in range(epochs.shape[0]):
        if not 0 <= epochs[j] < out.shape[0]:
            raise IndexError(f"epoch {epochs[j]} of {out.shape[0]}")
    if not trials.shape[0]:
        return
    with nogil:
        for j in range(epochs.shape[0]):
            row = &out[epochs[j], 0]
            for i in range(trials.shape[0]):
                row[trials[i]] = values[i, j * step]
