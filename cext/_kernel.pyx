"""Answers straight from a store's chunks: one value, one query, or arrays of them.

A ``Column`` knows where each chunk lies and how its bytes become a value; a ``Table`` is one (hp, dataset) with
its trials. Both are told what they need by ``natsbin.store.reader`` and check every index before the loops run
without the GIL. Chunks are asked for on first touch through ``load``; loops that meet one stop, fetch it and go on.

Plain references: ``natsbin.store.codec``, ``natsbin.store.layouts``, and the object path of ``natsbin.api``.
"""

cimport cython
from libc.math cimport fabs, isfinite, ldexp
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

cdef uint64_t MISSING = 0xFFFFFFFFFFFFFFFF

cdef enum:  # how bytes become a number
    UNSIGNED1
    UNSIGNED2
    SMALL_FLOAT
    FLOAT8

cdef enum:  # how numbers become a value; see natsbin.store.codec
    PLAIN
    SUM
    COUNT

cdef dict KINDS = {"plain": PLAIN, "sum": SUM, "count": COUNT}

# From Python 3.12 on, the built-in sum compensates; answers add up as the running interpreter does.
cdef bint COMPENSATED = sum([1.0, 1e100, 1.0, -1e100]) == 2.0


cdef inline double from_bits(uint64_t bits) noexcept nogil:
    cdef double value
    memcpy(&value, &bits, 8)
    return value


cdef inline bint is_missing(double value) noexcept nogil:
    cdef uint64_t bits
    memcpy(&bits, &value, 8)
    return bits == MISSING


cdef double repeated(double term, int64_t n, bint compensated) noexcept nogil:
    """What Python's ``sum`` makes of n equal terms, in a handful of steps rather than n."""
    cdef double total, after, step, ceiling
    cdef int64_t left, jump
    if compensated:
        return term * n  # the errors are kept and added: one rounding in all
    total = term if n > 0 else 0.0
    left = n - 1
    while left > 0:
        after = total + term
        left -= 1
        step = after - total
        total = after
        if left == 0 or not isfinite(total) or step == 0.0:
            break
        # Within one power of two every further addition rounds alike, once ties have settled on even: jump ahead.
        after = total + term
        left -= 1
        if after - total == step and left > 2:
            ceiling = power_above(total)
            jump = <int64_t> ((ceiling - fabs(after)) / fabs(step)) - 1
            if jump > left:
                jump = left
            if jump > 0:
                after = after + step * jump
                left -= jump
        total = after
    return total


cdef inline double power_above(double value) noexcept nogil:
    """The least power of two above ``abs(value)``, for normal values."""
    cdef uint64_t bits
    value = fabs(value)
    memcpy(&bits, &value, 8)
    return from_bits(((bits >> 52) + 1) << 52)


cdef struct Sum:  # Python's built-in sum of floats, as far as it has come
    double total
    double error


cdef inline void add(Sum* sum, double term) noexcept nogil:
    cdef double after = sum.total + term
    if COMPENSATED:
        if fabs(sum.total) >= fabs(term):
            sum.error += (sum.total - after) + term
        else:
            sum.error += (term - after) + sum.total
    sum.total = after


cdef inline double total(const Sum* sum) noexcept nogil:
    if COMPENSATED and sum.error != 0.0 and isfinite(sum.error):
        return sum.total + sum.error
    return sum.total


def repeated_sum(double term, int64_t n, bint compensated):
    """``sum([term] * n)`` of Python from 3.12 on (``compensated``) or before."""
    return repeated(term, n, compensated)


cdef class Column:
    """One quantity of one set: values by (epoch, trial), or by trial alone (``epochs`` 0), float64 when decoded."""

    cdef readonly Py_ssize_t epochs, trials
    cdef const uint8_t** chunks
    cdef Py_ssize_t n_chunks, chunk_epochs, chunk_trials, across
    cdef Py_ssize_t size
    cdef int layout, kind
    cdef int mantissa_bits
    cdef uint64_t code_mask, exponent_mask, rebias
    cdef double samples
    cdef double[256] last_batch
    cdef Column tail
    cdef object load
    cdef list kept

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
        if min(self.trials, self.chunk_epochs, self.chunk_trials) < 1 or self.epochs < 0:
            raise ValueError(f"no column: shape {shape}, chunks {chunk}")
        self.across = -(-self.trials // self.chunk_trials)
        self.n_chunks = -(-max(1, self.epochs) // self.chunk_epochs) * self.across
        if self.n_chunks > 1 << 28 or self.chunk_epochs * self.chunk_trials > 1 << 28:
            raise ValueError(f"no column: shape {shape}, chunks {chunk}")
        self.size = layout[0]
        self.kind = KINDS[kind]
        self.samples = samples
        self.load = load
        self.kept = []
        if len(layout) == 1:
            if not 1 <= self.size <= 2:
                raise ValueError(f"no layout: {layout}")
            self.layout = UNSIGNED1 if self.size == 1 else UNSIGNED2
        elif self.size == 8:
            self.layout = FLOAT8
        else:
            self.layout = SMALL_FLOAT
            self.mantissa_bits = 8 * self.size - 1 - layout[1]
            if not (2 <= self.size <= 7 and 2 <= layout[1] <= 10 and 1 <= self.mantissa_bits <= 52):
                raise ValueError(f"no layout: {layout}")
            self.code_mask = (<uint64_t> 1 << (8 * self.size)) - 1
            self.exponent_mask = (<uint64_t> 1 << layout[1]) - 1
            self.rebias = <uint64_t> <int64_t> (1023 - layout[2] + shift) << 52
        if self.kind == SUM and self.layout != SMALL_FLOAT:
            raise ValueError(f"no layout for sums: {layout}")
        if self.kind == COUNT:
            if len(last_batch) > 256:
                raise ValueError(f"a last batch of {len(last_batch)} samples, expected at most 256")
            for i in range(256):
                self.last_batch[i] = last_batch[i] if i < len(last_batch) else 0.0
            if tail is not None and (
                tail.layout != UNSIGNED1 or tail.chunk_trials != self.chunk_trials
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
        if buffer.shape[0] < self.chunk_epochs * self.chunk_trials * self.size + 8:
            raise ValueError(f"chunk {chunk} holds {buffer.shape[0]} bytes")
        if self.tail is not None:
            self.tail.fetch(chunk)
        self.kept.append(buffer.base)
        self.chunks[chunk] = &buffer[0]
        return 0

    cdef inline Py_ssize_t locate(self, Py_ssize_t epoch, Py_ssize_t trial, Py_ssize_t* offset) noexcept nogil:
        """The number of a value's chunk, and its place there."""
        cdef Py_ssize_t row = 0, band = 0, over = 0
        if self.chunk_epochs == 1:
            band = epoch
        else:
            band = <uint32_t> epoch / <uint32_t> self.chunk_epochs
            row = epoch - band * self.chunk_epochs
        if self.across > 1:
            over = <uint32_t> trial / <uint32_t> self.chunk_trials
            trial -= over * self.chunk_trials
        offset[0] = row * self.chunk_trials + trial
        return band * self.across + over

    cdef inline double decode(self, const uint8_t* chunk, Py_ssize_t number, Py_ssize_t offset) noexcept nogil:
        """The value at a place of a chunk; missing where all bits are set."""
        cdef uint64_t code = 0, exponent
        cdef uint16_t code2
        cdef uint8_t last
        cdef double value
        cdef const uint8_t* at = chunk + offset * self.size
        if self.layout == UNSIGNED2:
            memcpy(&code2, at, 2)
            if code2 == 0xFFFF:
                return from_bits(MISSING)
            value = code2
        elif self.layout == SMALL_FLOAT:
            memcpy(&code, at, 8)
            code &= self.code_mask
            exponent = (code >> self.mantissa_bits) & self.exponent_mask
            if exponent == 0:
                value = -0.0 if code >> (8 * self.size - 1) else 0.0
            else:
                if code == self.code_mask:
                    return from_bits(MISSING)
                value = from_bits(
                    (code >> (8 * self.size - 1)) << 63
                    | (
                        ((code & (self.code_mask >> 1)) << (52 - self.mantissa_bits)) + self.rebias
                        if exponent != self.exponent_mask
                        else <uint64_t> 0x7FF << 52
                        | (code & ((<uint64_t> 1 << self.mantissa_bits) - 1)) << (52 - self.mantissa_bits)
                    )
                )
        elif self.layout == FLOAT8:
            memcpy(&value, at, 8)
        else:
            if at[0] == 0xFF:
                return from_bits(MISSING)
            value = at[0]
        if self.kind == COUNT:
            if self.tail is None:
                return 100.0 * value / self.samples
            last = self.tail.chunks[number][offset]
            return (100.0 * (value - last) + self.last_batch[last]) / self.samples
        if self.kind == SUM:
            return value / self.samples
        return value

    cdef double get(self, Py_ssize_t epoch, Py_ssize_t trial) except? -1.0:
        """One value; places are checked by the caller."""
        cdef Py_ssize_t offset, chunk
        if self.epochs == 0:
            epoch = 0
        chunk = self.locate(epoch, trial, &offset)
        if self.chunks[chunk] == NULL:
            self.fetch(chunk)
        return self.decode(self.chunks[chunk], chunk, offset)

    cdef Py_ssize_t gather(
        self, const int32_t* epochs, const int32_t* trials, double* out, Py_ssize_t start, Py_ssize_t n
    ) noexcept nogil:
        """Decode places start..n; gives n, or the first place whose chunk is not there. A trial -1 is missing."""
        cdef Py_ssize_t i, offset, chunk
        cdef const uint8_t* at
        cdef bint flat = self.epochs == 0
        for i in range(start, n):
            if trials[i] < 0:
                out[i] = from_bits(MISSING)
                continue
            chunk = self.locate(0 if flat else epochs[i], trials[i], &offset)
            at = self.chunks[chunk]
            if at == NULL:
                return i
            out[i] = self.decode(at, chunk, offset)
        return n

    def points(self, const int32_t[::1] epochs not None, const int32_t[::1] trials not None, double[::1] out not None):
        """``out[i]`` becomes the value of ``trials[i]`` at ``epochs[i]``; trial -1 gives missing. IndexError outside."""
        cdef Py_ssize_t i, n = trials.shape[0], done = 0, offset, chunk
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
                done = self.gather(&epochs[0], &trials[0], &out[0], done, n)
                if done == n:
                    break
                chunk = self.locate(0 if self.epochs == 0 else epochs[done], trials[done], &offset)
                self.fetch(chunk)

    def curve(self, Py_ssize_t trial):
        """All values of one trial as a list of floats, by epoch; a list of one for a column by trial alone."""
        cdef Py_ssize_t epoch
        if not 0 <= trial < self.trials:
            raise IndexError(f"trial {trial} of {self.trials}")
        return [self.get(epoch, trial) for epoch in range(max(1, self.epochs))]


cdef class SetColumns:
    """The columns of one set. ``accuracy`` and ``loss`` are None where no trial of the table has any."""

    cdef readonly str name
    cdef readonly Column accuracy, loss, time

    def __init__(self, str name not None, Column accuracy, Column loss, Column time not None):
        self.name, self.accuracy, self.loss, self.time = name, accuracy, loss, time

    cdef double all_time(self, Py_ssize_t epoch, Py_ssize_t trial) except? -1.0:
        """Seconds of epochs 0..epoch, added as Python's ``sum`` does."""
        cdef Sum sum = Sum(0.0, 0.0)
        cdef Py_ssize_t i
        if self.time.epochs == 0:
            return repeated(self.time.get(0, trial), epoch + 1, COMPENSATED)
        for i in range(epoch + 1):
            add(&sum, self.time.get(i, trial))
        return total(&sum)


cdef struct Point:  # a set's four numbers at one epoch
    double loss, accuracy, per_time, all_time


cdef class Table:
    """One (hp, dataset): its trials by architecture, and the columns of its sets.

    ``first[i]:first[i + 1]`` are the trials of official index i, by ascending seed; ``row[t]`` is where trial t
    stands in the columns. ``regular[i]`` says that tables alone answer for architecture i.
    """

    cdef readonly Py_ssize_t epochs
    cdef const int32_t[::1] first, row
    cdef const int64_t[::1] seed
    cdef const uint8_t[::1] regular
    cdef const double[::1] params, flop, latency
    cdef dict sets
    cdef readonly dict seeds_of

    def __init__(
        self,
        Py_ssize_t epochs,
        const int32_t[::1] first not None,
        const int32_t[::1] row not None,
        const int64_t[::1] seed not None,
        const uint8_t[::1] regular not None,
        dict scalars not None,
        dict sets not None,
    ):
        cdef Py_ssize_t i, n = row.shape[0]
        if first.shape[0] < 2 or first[0] != 0 or first[first.shape[0] - 1] != n or regular.shape[0] != first.shape[0] - 1:
            raise ValueError("trials do not match architectures")
        self.params, self.flop, self.latency = scalars["params"], scalars["flop"], scalars["latency"]
        if not n == seed.shape[0] == self.params.shape[0] == self.flop.shape[0] == self.latency.shape[0]:
            raise ValueError("lengths differ")
        for i in range(first.shape[0] - 1):
            if first[i] > first[i + 1]:
                raise ValueError("trials do not match architectures")
        for i in range(n):
            if not 0 <= row[i] < n:
                raise ValueError(f"row {row[i]} of {n}")
        self.epochs, self.first, self.row, self.seed, self.regular = epochs, first, row, seed, regular
        self.sets = sets
        self.seeds_of = {}
        for name, columns in sets.items():
            if not isinstance(columns, SetColumns):
                raise TypeError(f"set {name!r}: expected SetColumns")
            for column in (columns.accuracy, columns.loss, columns.time):
                if column is not None and (column.trials != n or column.epochs not in (0, epochs)):
                    raise ValueError(f"set {name!r}: a column of {column.epochs} epochs, {column.trials} trials")

    cdef inline bint answers(self, Py_ssize_t index, Py_ssize_t epoch) noexcept nogil:
        return 0 <= index < self.regular.shape[0] and self.regular[index] and 0 <= epoch < self.epochs

    def seeds(self, Py_ssize_t index):
        """The seeds of an architecture's trials, ascending; empty where it has none."""
        if not 0 <= index < self.regular.shape[0]:
            return []
        return [self.seed[t] for t in range(self.first[index], self.first[index + 1])]

    def row_of(self, Py_ssize_t index, int64_t seed):
        """The row of an architecture's trial of a seed. KeyError where there is none."""
        cdef Py_ssize_t t = self.trial_of(index, seed) if 0 <= index < self.regular.shape[0] else -1
        if t < 0:
            raise KeyError((index, seed))
        return self.row[t]

    cdef Py_ssize_t trial_of(self, Py_ssize_t index, int64_t seed) noexcept nogil:
        cdef Py_ssize_t t
        for t in range(self.first[index], self.first[index + 1]):
            if self.seed[t] == seed:
                return t
        return -1

    cdef bint point(
        self, SetColumns columns, Py_ssize_t epoch, Py_ssize_t begin, Py_ssize_t end, Point* out
    ) except? True:
        """A set's numbers at an epoch, over trials begin..end; False where a trial has no accuracy there."""
        cdef Sum loss = Sum(0.0, 0.0), accuracy = Sum(0.0, 0.0), per_time = Sum(0.0, 0.0), all_time = Sum(0.0, 0.0)
        cdef Py_ssize_t t, row
        cdef double value, seconds, n = end - begin
        if columns.accuracy is None or columns.loss is None or end <= begin:
            return False
        for t in range(begin, end):
            row = self.row[t]
            value = columns.accuracy.get(epoch, row)
            if is_missing(value):
                return False
            add(&accuracy, value)
            add(&loss, columns.loss.get(epoch, row))
            seconds = columns.all_time(epoch, row)
            add(&all_time, seconds)
            add(&per_time, seconds / (epoch + 1))
        if n == 1.0:
            out[0] = Point(loss.total, accuracy.total, per_time.total, all_time.total)
        else:
            out[0] = Point(total(&loss) / n, total(&accuracy) / n, total(&per_time) / n, total(&all_time) / n)
        return True

    def more_info(self, Py_ssize_t index, Py_ssize_t epoch, seed, tuple parts not None):
        """The dict of ``get_more_info``, of one trial or, where ``seed`` is None, averaged over trials.

        ``parts`` has (set name, loss key, accuracy key, per-time key, all-time key) for each part of the dict, or
        (key, text) for a comment. None where tables alone do not answer: no such trial or epoch, an irregular
        record, no train values.
        """
        cdef Py_ssize_t begin, end
        cdef Point point
        cdef SetColumns columns
        cdef dict out = {}
        cdef tuple part
        if not self.answers(index, epoch):
            return None
        begin, end = self.first[index], self.first[index + 1]
        if seed is not None:
            begin = self.trial_of(index, seed)
            if begin < 0:
                return None
            end = begin + 1
        for part in parts:
            if len(part) == 2:
                out[part[0]] = part[1]
                continue
            columns = self.sets.get(part[0])
            if columns is None or not self.point(columns, epoch, begin, end, &point):
                if part[0] == "train":
                    return None
                continue
            out[part[1]] = point.loss
            out[part[2]] = point.accuracy
            out[part[3]] = point.per_time
            out[part[4]] = point.all_time
        return out
