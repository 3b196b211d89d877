"""Columns asked for arrays of values: one trial a question, or the mean over the trials of an architecture."""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

from natsbin._column cimport Column
from natsbin._questions cimport BLOCK, MOST_TRIALS, Questions, TrialGrid, place_of
from natsbin.bits cimport MISSING, from_bits
from natsbin.decoding cimport COUNT, SMALL_FLOAT, SUM, UNSIGNED2, Decoding, dividend_of, number_at, quotient_of
from natsbin.division cimport Divisor, divide, divisor
from natsbin.sums cimport Sum, add, total

import numpy

ctypedef const uint8_t* Bytes

cdef uint8_t[16] NOTHING  # a number of any layout that is missing
for _i in range(16):
    NOTHING[_i] = 0xFF


def divided(const uint32_t[::1] numbers not None, Py_ssize_t by, uint32_t[::1] out not None):
    """``numbers // by``, as places are divided; tests compare it with Python's integers."""
    cdef Py_ssize_t i
    cdef Divisor known
    if by < 1 or numbers.shape[0] != out.shape[0]:
        raise ValueError(f"{numbers.shape[0]} numbers by {by} to {out.shape[0]}")
    known = divisor(by)
    for i in range(numbers.shape[0]):
        out[i] = divide(numbers[i], &known)


cdef struct Places:  # where numbers lie: at `at`, or if that is NULL side by side from `base` on, by row
    const uint8_t* base
    const uint8_t* last_base  # NULL where the last batch does not matter
    const int32_t* rows
    const uint8_t** at
    const uint8_t** last


cdef inline void decode_loop(
    const Decoding* decoding, int layout, int kind, bint side_by_side, bint has_last, const Places* places,
    double* out, Py_ssize_t n,
) noexcept nogil:
    cdef Py_ssize_t i, size = 2 if layout == UNSIGNED2 else decoding.size
    cdef Decoding own = decoding[0]  # copies, which writing to `out` cannot change
    cdef Places where = places[0]
    for i in range(n):
        if side_by_side and where.rows[i] < 0:
            out[i] = from_bits(MISSING)
        elif side_by_side:
            out[i] = number_at(&own, layout, where.base + where.rows[i] * size)
            out[i] = dividend_of(&own, kind, out[i], where.last_base + where.rows[i] if has_last else NULL)
        else:
            out[i] = number_at(&own, layout, where.at[i])
            out[i] = dividend_of(&own, kind, out[i], where.last[i] if has_last else NULL)
    for i in range(n):  # apart, for the vector divides two at a time
        out[i] = quotient_of(&own, kind, out[i])


cdef inline void decode_usual(
    const Decoding* decoding, bint side_by_side, bint has_last, const Places* places, double* out, Py_ssize_t n
) noexcept nogil:
    """A loop of its own for each usual way to store values."""
    if decoding.layout == UNSIGNED2 and decoding.kind == COUNT:
        decode_loop(decoding, UNSIGNED2, COUNT, side_by_side, has_last, places, out, n)
    elif decoding.layout == SMALL_FLOAT and decoding.kind == SUM:
        decode_loop(decoding, SMALL_FLOAT, SUM, side_by_side, False, places, out, n)
    elif decoding.layout == SMALL_FLOAT and decoding.kind == COUNT:
        decode_loop(decoding, SMALL_FLOAT, COUNT, side_by_side, has_last, places, out, n)
    else:
        decode_loop(decoding, decoding.layout, decoding.kind, side_by_side, has_last, places, out, n)


cdef void decode_all(const Decoding* decoding, const Places* places, double* out, Py_ssize_t n) noexcept nogil:
    if places.at == NULL and places.last_base == NULL:
        decode_usual(decoding, True, False, places, out, n)
    elif places.at == NULL:
        decode_usual(decoding, True, True, places, out, n)
    elif places.last == NULL:
        decode_usual(decoding, False, False, places, out, n)
    else:
        decode_usual(decoding, False, True, places, out, n)


@cython.final
cdef class ColumnBatch:
    """A column of a grid, asked for arrays of values."""

    def __cinit__(
        self,
        TrialGrid grid not None,
        Column column not None,
        const uint16_t[::1] kinds not None,
        const uint8_t[:, ::1] covers not None,
        const uint8_t[::1] whole not None,
    ):
        """``covers[kinds[index], epoch]``: all trials of an architecture have a value at an epoch.

        ``kinds`` has one more entry, for indexes out of range. ``whole[epoch]``: every architecture that has trials
        has a value.
        """
        cdef Py_ssize_t i
        if column.trials != grid.table.row.shape[0] or covers.shape[1] != grid.table.epochs:
            raise ValueError(f"{column.trials} trials and {covers.shape[1]} epochs do not match the table")
        if kinds.shape[0] != grid.width or whole.shape[0] != grid.table.epochs:
            raise ValueError(f"{kinds.shape[0]} architectures and {whole.shape[0]} epochs do not match the table")
        for i in range(kinds.shape[0]):
            if kinds[i] >= covers.shape[0]:
                raise ValueError(f"kind {kinds[i]} of {covers.shape[0]}")
        if column.epochs not in (0, grid.table.epochs):
            raise ValueError(f"{column.epochs} epochs do not match the table")
        self.grid, self.column = grid, column
        self.kinds, self.covers, self.whole = kinds, covers, whole
        self.by_epochs, self.by_trials = divisor(column.chunk_epochs), divisor(column.chunk_trials)

    cdef Py_ssize_t decode(
        self, const int32_t* rows, const int64_t* epochs, Py_ssize_t epoch_step, double* out, Py_ssize_t n
    ) noexcept nogil:
        """Values of up to BLOCK places; n, or the number of a chunk that must be fetched first, as -1 - chunk."""
        cdef Bytes[BLOCK] at
        cdef Bytes[BLOCK] last
        cdef const uint8_t** chunks = self.column.chunks
        cdef const uint8_t** tails = NULL if self.column.tail is None else self.column.tail.chunks
        cdef const uint8_t* chunk
        cdef Py_ssize_t i, size = self.column.decoding.size, across = self.column.across, number, offset
        cdef Py_ssize_t chunk_trials = self.column.chunk_trials
        cdef Divisor by_epochs = self.by_epochs, by_trials = self.by_trials
        cdef uint32_t epoch, band, over
        cdef bint flat = self.column.epochs == 0
        cdef Places places
        places.base, places.last_base, places.rows = NULL, NULL, NULL
        places.at, places.last = at, NULL
        if tails != NULL:
            places.last = last
        if epoch_step == 0 or flat:
            epoch = 0 if flat else <uint32_t> epochs[0]
            band = divide(epoch, &by_epochs)
            offset = (epoch - band * by_epochs.by) * chunk_trials
            number = band * across
            if across == 1:
                chunk = chunks[number]
                if chunk == NULL:
                    return -1 - number
                places.base, places.rows, places.at = chunk + offset * size, rows, NULL
                if tails != NULL:
                    places.last_base = tails[number] + offset
            else:
                for i in range(n):
                    if rows[i] < 0:
                        at[i] = last[i] = NOTHING
                        continue
                    over = divide(rows[i], &by_trials)
                    chunk = chunks[number + over]
                    if chunk == NULL:
                        return -1 - (number + over)
                    at[i] = chunk + (offset + rows[i] - over * chunk_trials) * size
                    if tails != NULL:
                        last[i] = tails[number + over] + offset + rows[i] - over * chunk_trials
        else:
            for i in range(n):
                if rows[i] < 0:
                    at[i] = last[i] = NOTHING
                    continue
                epoch = <uint32_t> epochs[i]
                band = divide(epoch, &by_epochs)
                over = 0 if across == 1 else divide(rows[i], &by_trials)
                number = band * across + over
                chunk = chunks[number]
                if chunk == NULL:
                    return -1 - number
                offset = (epoch - band * by_epochs.by) * chunk_trials + rows[i] - over * chunk_trials
                at[i] = chunk + offset * size
                if tails != NULL:
                    last[i] = tails[number] + offset
        decode_all(&self.column.decoding, &places, out, n)
        return n

    cdef int decode_fetching(
        self, const int32_t* rows, const int64_t* epochs, Py_ssize_t epoch_step, double* out, Py_ssize_t n
    ) except -1 nogil:
        cdef Py_ssize_t done = -1
        while n:
            done = self.decode(rows, epochs, epoch_step, out, n)
            if done >= 0:
                break
            self.column.fetch(-1 - done)
        return 0

    def values(self, Questions asked not None, double[::1] out not None):
        """The value that each question asks for, or the mean over an architecture's trials.

        Missing where there is no such trial, or where any trial of the architecture has no value at that epoch.
        """
        cdef Py_ssize_t j = 0, n = asked.n, m
        cdef bint whole, one
        if asked.grid is not self.grid or out.shape[0] != n:
            raise ValueError("the questions are about another grid, or not as many as places for answers")
        one = asked.at.one_trial
        if n == 0:
            return
        if not one and asked.at.epoch_step == 0 and n > 2 * self.grid.total:
            return self.means_of_epoch(asked, out)
        with nogil:
            whole = self.all_covered(asked)
            if asked.at.epoch_step == 0 and one and whole and n > 2 * self.column.trials:
                self.single_values_of_epoch(asked, out)
                j = n
            while j < n:
                m = min(BLOCK, n - j)
                if one:
                    self.single_values(asked, whole, j, m, &out[j])
                else:
                    m = self.means(asked, j, n, &out[j])
                j += m

    cdef means_of_epoch(self, Questions asked, double[::1] out):
        """All answers, where there are more than architectures: each mean is made once."""
        cdef const double[::1] means
        cdef Py_ssize_t j, total = self.grid.total, step = asked.at.index_step
        cdef const int64_t* index = asked.at.index
        everything = numpy.arange(total + 1)
        found = numpy.empty(total + 1)
        self.values(Questions(self.grid, total + 1, everything, asked.kept[1], None, None, None), found)
        means = found
        with nogil:
            for j in range(asked.n):
                out[j] = means[index[j * step] if <uint64_t> index[j * step] < <uint64_t> total else total]

    cdef int single_values_of_epoch(self, Questions asked, double[::1] out) except -1 nogil:
        """All answers, where there are more than trials: each value of the epoch is decoded once."""
        cdef Py_ssize_t j = 0, k, m, n = asked.n, trials = self.column.trials
        cdef double* values = <double*> malloc((trials + 1) * sizeof(double))
        cdef int32_t[BLOCK] rows
        if values == NULL:
            with gil:
                raise MemoryError
        values[0] = from_bits(MISSING)  # of row -1
        try:
            while j < trials:
                m = min(BLOCK, trials - j)
                for k in range(m):
                    rows[k] = <int32_t> (j + k)
                self.decode_fetching(rows, asked.at.epoch, 0, values + 1 + j, m)
                j += m
            j = 0
            while j < n:
                m = min(BLOCK, n - j)
                asked.rows(j, m, rows)
                for k in range(m):
                    out[j + k] = values[1 + rows[k]]
                j += m
        finally:
            free(values)
        return 0

    cdef bint all_covered(self, Questions asked) noexcept nogil:
        """Whether all architectures are covered at all epochs that are asked for."""
        cdef Py_ssize_t k
        cdef bint whole = True
        for k in range(asked.n if asked.at.epoch_step else 1):
            whole &= self.whole[asked.at.epoch[k]]
        return whole

    cdef int single_values(
        self, Questions asked, bint whole, Py_ssize_t start, Py_ssize_t n, double* out
    ) except -1 nogil:
        """Values of one trial a question, of up to BLOCK questions."""
        cdef int32_t[BLOCK] rows
        cdef Py_ssize_t j
        asked.rows(start, n, rows)
        if not whole:
            for j in range(n):
                rows[j] = rows[j] if covered(self, asked, start + j) else -1
        return self.decode_fetching(rows, asked.at.epoch + start * asked.at.epoch_step, asked.at.epoch_step, out, n)

    cdef Py_ssize_t means(self, Questions asked, Py_ssize_t start, Py_ssize_t end, double* out) except -1 nogil:
        """Means over the trials of architectures, from question ``start`` on as far as a block holds; how many."""
        cdef int32_t[BLOCK] rows
        cdef int64_t[BLOCK] epochs
        cdef double[BLOCK] values
        cdef int32_t[BLOCK] many
        cdef Py_ssize_t j = start, room = BLOCK - MOST_TRIALS, m = 0, i, t, k, count, stop
        cdef Py_ssize_t step = asked.at.index_step, epoch_step = asked.at.epoch_step
        cdef const int64_t* index = asked.at.index
        cdef const int64_t* epoch_of = asked.at.epoch
        cdef const int32_t* counts = self.grid.count
        cdef const int32_t* first = &self.grid.table.first[0]
        cdef const int32_t* row = &self.grid.table.row[0]
        cdef int64_t epoch
        cdef Sum sum
        while j < end and m <= room and j - start < BLOCK:
            i, epoch = place_of(self.grid, index[j * step]), epoch_of[j * epoch_step]
            count = counts[i] if self.covers[self.kinds[i], epoch] else 0
            t = first[i]
            for k in range(count):
                rows[m + k] = row[t + k]
                epochs[m + k] = epoch
            many[j - start] = count
            m += count
            j += 1
        self.decode_fetching(rows, epochs, asked.at.epoch_step, values, m)
        stop, m = j, 0
        for j in range(start, stop):
            count = many[j - start]
            if count == 0:
                out[j - start] = from_bits(MISSING)
            elif count == 1:
                out[j - start] = 0.0 + values[m]
            else:
                sum = Sum(0.0, 0.0)
                for k in range(count):
                    add(&sum, values[m + k])
                out[j - start] = total(&sum) / count
            m += count
        return stop - start
