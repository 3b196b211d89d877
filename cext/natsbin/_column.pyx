"""Columns of a store: values by epoch and trial, decoded from the bytes of its chunks.

``natsbin.store.reader`` says where the chunks of a column lie and how its bytes become values. Every index is checked
before the loops run without the GIL. Chunks are fetched on first use through ``load``: a loop that needs one stops,
fetches it and continues. ``natsbin.store.codec`` and ``natsbin.store.layouts`` are the plain reference.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free

from natsbin.bits cimport MISSING, from_bits
from natsbin.decoding cimport COUNT, FLOAT8, PLAIN, SMALL_FLOAT, SUM, UNSIGNED1, UNSIGNED2
from natsbin.sums cimport COMPENSATED, Repeated, Sum, add, repeated, total

cdef dict KINDS = {"plain": PLAIN, "sum": SUM, "count": COUNT}

if (sum([1.0, 1e100, 1.0, -1e100]) == 2.0) != COMPENSATED:
    raise ImportError("this Python's sum() does not round as CPython of its version does: answers would differ by it")


@cython.final
cdef class Column:
    """One quantity of one set: values by (epoch, trial), or by trial alone (``epochs`` 0), float64 when decoded."""

    def __cinit__(
        self,
        tuple shape not None,
        tuple chunk not None,
        tuple layout not None,
        str kind not None,
        double samples,
        int shift,
        last_batch,
        Column tail,
        load,
    ):
        """``layout`` is (size,) or (size, exponent bits, bias); ``load(chunk number)`` gives a buffer to keep."""
        cdef Py_ssize_t i
        cdef bint flat = len(shape) == 1
        if len(shape) != len(chunk) or not 1 <= len(shape) <= 2:
            raise ValueError(f"no column: shape {shape}, chunks {chunk}")
        self.epochs, self.trials = (0, shape[0]) if flat else shape
        self.chunk_epochs, self.chunk_trials = (1, chunk[0]) if flat else chunk
        if min(self.trials, self.chunk_epochs, self.chunk_trials) < 1 or self.epochs < 0 or max(*shape, *chunk) >> 31:
            raise ValueError(f"no column: shape {shape}, chunks {chunk}")  # below, products of two stay in 64 bits
        self.across = (self.trials - 1) // self.chunk_trials + 1
        self.n_chunks = ((max(1, self.epochs) - 1) // self.chunk_epochs + 1) * self.across
        if self.n_chunks > 1 << 28 or self.chunk_epochs * self.chunk_trials > 1 << 28:
            raise ValueError(f"no column: shape {shape}, chunks {chunk}")
        self.decoding.size = layout[0]
        self.decoding.kind = KINDS[kind]
        self.decoding.samples = samples
        self.decoding.last_batch = self.last_batch
        self.load = load
        self.kept = []
        if len(layout) == 1:
            if not 1 <= self.decoding.size <= 2:
                raise ValueError(f"no layout: {layout}")
            self.decoding.layout = UNSIGNED1 if self.decoding.size == 1 else UNSIGNED2
        elif self.decoding.size == 8:
            self.decoding.layout = FLOAT8
        else:
            self.decoding.layout = SMALL_FLOAT
            self.decoding.mantissa_bits = 8 * self.decoding.size - 1 - layout[1]
            if not (2 <= self.decoding.size <= 7 and 2 <= layout[1] <= 10 and 1 <= self.decoding.mantissa_bits <= 52):
                raise ValueError(f"no layout: {layout}")
            self.decoding.code_mask = (<uint64_t> 1 << (8 * self.decoding.size)) - 1
            self.decoding.exponent_mask = (<uint64_t> 1 << layout[1]) - 1
            self.decoding.rebias = <uint64_t> <int64_t> (1023 - layout[2] + shift) << 52
        if self.decoding.kind == SUM and self.decoding.layout != SMALL_FLOAT:
            raise ValueError(f"no layout for sums: {layout}")
        if self.decoding.kind == COUNT:
            if len(last_batch) > 256:
                raise ValueError(f"a last batch of {len(last_batch)} samples, expected at most 256")
            for i in range(256):
                self.last_batch[i] = last_batch[i] if i < len(last_batch) else 0.0
            if tail is not None and (
                tail.decoding.layout != UNSIGNED1 or tail.chunk_trials != self.chunk_trials
                or tail.chunk_epochs != self.chunk_epochs or tail.n_chunks != self.n_chunks
            ):
                raise ValueError("the counts of the last batch do not match their column")
            self.tail = tail
        self.chunks = <const uint8_t**> calloc(self.n_chunks, sizeof(uint8_t*))
        if self.chunks == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.chunks)

    cdef int fetch(self, Py_ssize_t chunk) except -1 with gil:
        """Bring a chunk, and that of the last batch's counts; ``load`` checks what it gives."""
        cdef const uint8_t[::1] buffer = self.load(chunk)
        if buffer.shape[0] < self.chunk_epochs * self.chunk_trials * self.decoding.size + 8:
            raise ValueError(f"chunk {chunk} holds {buffer.shape[0]} bytes")
        if self.tail is not None:
            self.tail.fetch(chunk)
        self.kept.append(buffer.base)
        self.chunks[chunk] = &buffer[0]
        return 0

    def points(self, const int32_t[::1] epochs not None, const int32_t[::1] trials not None, double[::1] out not None):
        """``out[i]`` becomes the value of ``trials[i]`` at ``epochs[i]``; trial -1 is missing. IndexError outside."""
        cdef Py_ssize_t i, n = trials.shape[0], done = 0, offset
        cdef int32_t limit = max(1, self.epochs)
        cdef bint inside = True
        if epochs.shape[0] != n or out.shape[0] != n:
            raise ValueError(f"lengths differ: {epochs.shape[0]} epochs, {n} trials, {out.shape[0]} places")
        if n == 0:
            return
        with nogil:
            for i in range(n):
                inside &= -1 <= trials[i] < self.trials and 0 <= epochs[i] and (
                    epochs[i] < limit or self.epochs == 0
                )
        if not inside:
            raise IndexError(f"a place outside of {limit} epochs, {self.trials} trials")
        with nogil:
            while True:
                done = gather(self, &epochs[0], &trials[0], &out[0], done, n)
                if done == n:
                    break
                self.fetch(locate(self, epochs[done] if self.epochs else 0, trials[done], &offset))

    def curve(self, Py_ssize_t trial):
        """All values of one trial as a list of floats, by epoch; a list of one for a column by trial alone."""
        cdef Py_ssize_t epoch
        if not 0 <= trial < self.trials:
            raise IndexError(f"trial {trial} of {self.trials}")
        return [value_at(self, epoch, trial) for epoch in range(max(1, self.epochs))]


cdef Py_ssize_t gather(
    Column column, const int32_t* epochs, const int32_t* trials, double* out, Py_ssize_t start, Py_ssize_t n
) noexcept nogil:
    """Decode places start..n; gives n, or the first place whose chunk is not there. A trial -1 is missing."""
    cdef Py_ssize_t i, offset, chunk
    for i in range(start, n):
        if trials[i] < 0:
            out[i] = from_bits(MISSING)
            continue
        chunk = locate(column, epochs[i] if column.epochs else 0, trials[i], &offset)
        if column.chunks[chunk] == NULL:
            return i
        out[i] = decode(column, chunk, offset)
    return n


@cython.final
cdef class SetColumns:
    """The columns of one set. ``accuracy`` and ``loss`` are None where no trial of the table has any."""

    def __init__(self, str name not None, Column accuracy, Column loss, Column time not None):
        self.name, self.accuracy, self.loss, self.time = name, accuracy, loss, time

    cdef double all_time(self, Py_ssize_t epoch, Py_ssize_t trial, Repeated* known) except? -1.0:
        """Seconds of epochs 0..epoch, added as Python's ``sum`` does; ``known`` is the sum of the last trial."""
        cdef Sum sum = Sum(0.0, 0.0)
        cdef Py_ssize_t i
        cdef double per_epoch
        if self.time.epochs == 0:
            per_epoch = value_at(self.time, 0, trial)
            if per_epoch != known.term:  # the seeds of an architecture mostly share it
                known[0] = Repeated(per_epoch, repeated(per_epoch, epoch + 1, COMPENSATED))
            return known.total
        for i in range(epoch + 1):
            add(&sum, value_at(self.time, i, trial))
        return total(&sum)


def repeated_sum(double term, int64_t n, bint compensated):
    """``sum([term] * n)`` of Python from 3.12 on (``compensated``) or before."""
    return repeated(term, n, compensated)
