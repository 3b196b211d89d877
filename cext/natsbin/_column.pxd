"""Columns: where each chunk lies, and the value at a place. Loops of other modules read the fields themselves."""

from libc.stdint cimport uint8_t, uint32_t

from natsbin.decoding cimport Decoding, number_at, value_of
from natsbin.sums cimport Repeated


cdef class Column:
    cdef readonly Py_ssize_t epochs, trials
    cdef const uint8_t** chunks  # NULL where a chunk has not been fetched
    cdef Py_ssize_t n_chunks, chunk_epochs, chunk_trials, across
    cdef Decoding decoding
    cdef double[256] last_batch
    cdef Column tail  # the correct samples of the last batch
    cdef object load
    cdef list kept  # the buffers behind the chunks
    cdef int fetch(self, Py_ssize_t chunk) except -1 with gil


cdef class SetColumns:
    cdef readonly str name
    cdef readonly Column accuracy, loss, time
    cdef double all_time(self, Py_ssize_t epoch, Py_ssize_t trial, Repeated* known) except? -1.0


cdef inline Py_ssize_t locate(Column column, Py_ssize_t epoch, Py_ssize_t trial, Py_ssize_t* offset) noexcept nogil:
    """The number of a value's chunk, and its place there."""
    cdef Py_ssize_t row = 0, band = 0, over = 0
    if column.chunk_epochs == 1:
        band = epoch
    else:
        band = <uint32_t> epoch / <uint32_t> column.chunk_epochs
        row = epoch - band * column.chunk_epochs
    if column.across > 1:
        over = <uint32_t> trial / <uint32_t> column.chunk_trials
        trial -= over * column.chunk_trials
    offset[0] = row * column.chunk_trials + trial
    return band * column.across + over


cdef inline double decode(Column column, Py_ssize_t chunk, Py_ssize_t offset) noexcept nogil:
    """The value at a place of a chunk that was fetched; missing where all bits are set."""
    cdef const uint8_t* last = NULL
    if column.tail is not None:
        last = column.tail.chunks[chunk] + offset
    return value_of(
        &column.decoding,
        column.decoding.kind,
        number_at(
            &column.decoding, column.decoding.layout, column.chunks[chunk] + offset * column.decoding.size
        ),
        last,
    )


cdef inline double value_at(Column column, Py_ssize_t epoch, Py_ssize_t trial) except? -1.0:
    """One value; places are checked by the caller."""
    cdef Py_ssize_t offset, chunk = locate(column, epoch if column.epochs else 0, trial, &offset)
    if column.chunks[chunk] == NULL:
        column.fetch(chunk)
    return decode(column, chunk, offset)
