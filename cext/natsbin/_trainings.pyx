"""Simulated trainings over arrays: their accuracies, latencies and seconds, and the clock."""

cimport cython
from libc.math cimport NAN
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc

from natsbin._batch cimport ColumnBatch, covered
from natsbin._column cimport SetColumns, value_at
from natsbin._questions cimport BLOCK, Questions, TrialGrid, place_of, row_of
from natsbin._table cimport Table
from natsbin.bits cimport MISSING, from_bits, is_missing
from natsbin.sums cimport COMPENSATED, Repeated, Sum, add, total

cdef enum:
    STRIDE = 8  # epochs between two kept sums of seconds


@cython.final
cdef class ElapsedTime:
    """Seconds of a set's epochs 0..n, added as Python's ``sum`` does.

    The trials of an architecture mostly share one number for every epoch; then the sums at every STRIDE-th epoch
    are kept (8 bytes each), and the rest is added to them. Where the trials differ, each is summed by itself.
    """

    cdef TrialGrid grid
    cdef SetColumns columns
    cdef double* term  # seconds of an epoch by architecture; missing where there are none, NaN where they vary
    cdef double* sums  # [architecture, multiple of STRIDE]
    cdef Py_ssize_t steps

    def __cinit__(self, TrialGrid grid not None, SetColumns columns not None):
        cdef Py_ssize_t i, t, k, first
        cdef double term, sum
        cdef Table table = grid.table
        self.grid, self.columns = grid, columns
        self.steps = 0 if COMPENSATED else table.epochs // STRIDE + 1
        self.term = <double*> malloc(grid.width * sizeof(double))
        self.sums = <double*> malloc(max(1, grid.width * self.steps) * sizeof(double))
        if self.term == NULL or self.sums == NULL:
            raise MemoryError
        for i in range(grid.width):
            first, term = table.first[i], from_bits(MISSING)  # `first` has the end as one more
            if grid.count[i] and columns.time.epochs:
                term = NAN
            elif grid.count[i]:
                term = value_at(columns.time, 0, table.row[first])
                for t in range(1, grid.count[i]):
                    if not value_at(columns.time, 0, table.row[first + t]) == term:
                        term = NAN
            self.term[i] = term
            sum = 0.0
            for k in range(self.steps * STRIDE):
                if k % STRIDE == 0:
                    self.sums[i * self.steps + k // STRIDE] = sum
                sum += term

    def __dealloc__(self):
        free(self.term)
        free(self.sums)

    cdef void shared_seconds(
        self, const int64_t* index, Py_ssize_t index_step, const int64_t* epoch, Py_ssize_t epoch_step,
        double* out, Py_ssize_t n,
    ) noexcept nogil:
        """Seconds of up to BLOCK architectures whose trials share a term; NaN for the others."""
        cdef Py_ssize_t j, i, done
        cdef int k
        cdef double[BLOCK] term
        cdef double[BLOCK] rest  # as a double, for which the vector has a comparison
        cdef const double* terms = self.term
        cdef const double* sums = self.sums
        cdef Py_ssize_t steps = self.steps
        for j in range(n):
            i, done = place_of(self.grid, index[j * index_step]), epoch[j * epoch_step] + 1
            term[j] = terms[i]
            if COMPENSATED:
                out[j] = terms[i] * done
            else:
                out[j] = sums[i * steps + done // STRIDE]
                rest[j] = done % STRIDE
        if not COMPENSATED:
            for k in range(STRIDE - 1):
                for j in range(n):
                    out[j] += term[j] if k < rest[j] else 0.0

    def seconds(self, Questions asked not None, double by, double[::1] out not None):
        """Of epochs 0..epoch, divided by ``by``: a trial's, or the mean over an architecture's trials."""
        cdef Py_ssize_t j, i, k, m, start = 0, n = asked.n, count
        cdef bint one_trial = asked.at.one_trial, varied = False
        cdef double value, sum
        cdef int32_t[BLOCK] rows
        cdef const int64_t* index
        cdef const int64_t* epoch
        cdef Py_ssize_t step = asked.at.index_step, epoch_step = asked.at.epoch_step
        cdef const double* terms = self.term
        cdef const int32_t* counts = self.grid.count
        if asked.grid is not self.grid or out.shape[0] != n:
            raise ValueError("the questions are about another grid, or not as many as places for answers")
        with nogil:
            while start < n:
                m = min(BLOCK, n - start)
                index, epoch = asked.at.index + start * step, asked.at.epoch + start * epoch_step
                self.shared_seconds(index, step, epoch, epoch_step, &out[start], m)
                if one_trial:
                    asked.rows(start, m, rows)
                for j in range(m):
                    i, value = place_of(self.grid, index[j * step]), out[start + j]
                    count = counts[i]
                    if value != value:
                        varied |= not is_missing(terms[i])
                        value = terms[i]
                    elif one_trial:
                        value = from_bits(MISSING) if rows[j] < 0 else value / by
                    elif count <= 2:  # the mean of two equal terms is the term, exactly; of three it need not be
                        value = value / by
                    else:
                        value = value / by
                        sum = value
                        for k in range(1, count):
                            sum += value
                        value = (value * count if COMPENSATED else sum) / count
                    out[start + j] = value
                start += m
        if varied:
            for j in range(n):
                i = place_of(self.grid, asked.at.index[j * asked.at.index_step])
                if self.term[i] != self.term[i] and not is_missing(self.term[i]):
                    out[j] = self.summed_seconds(asked, j, by)

    cdef double summed_seconds(self, Questions asked, Py_ssize_t j, double by) except? -1.0:
        cdef Py_ssize_t i = asked.at.index[j * asked.at.index_step], t, first = self.grid.table.first[i]
        cdef Py_ssize_t epoch = asked.at.epoch[j * asked.at.epoch_step], count = self.grid.count[i]
        cdef Repeated known = Repeated(-1.0, 0.0)
        cdef Sum sum = Sum(0.0, 0.0)
        cdef int32_t row
        if asked.at.one_trial:
            row = row_of(asked, j)
            return from_bits(MISSING) if row < 0 else self.columns.all_time(epoch, row, &known) / by
        for t in range(count):
            add(&sum, self.columns.all_time(epoch, self.grid.table.row[first + t], &known) / by)
        return total(&sum) / count

    cdef double seconds_of(self, Questions asked, Py_ssize_t j) except? -1.0:
        """Seconds of the trial that question j chooses, however they are kept."""
        cdef double seconds
        cdef int64_t index = asked.at.index[j * asked.at.index_step]
        self.shared_seconds(&index, 0, asked.at.epoch + j * asked.at.epoch_step, 0, &seconds, 1)
        return self.summed_seconds(asked, j, 1.0) if seconds != seconds else seconds


def trainings(
    Questions asked not None,
    Questions again not None,
    ColumnBatch valid not None,
    ColumnBatch valtest,
    ElapsedTime train not None,
    ElapsedTime validation not None,
    const double[::1] latencies not None,
    const uint8_t[::1] no_costs not None,
    double[::1] accuracy not None,
    double[::1] latency not None,
    double[::1] seconds not None,
):
    """Accuracy, latency and seconds of each training of one trial: all its epochs, and the mean of its validations.

    A trial without a validation accuracy is given that of ``valtest``, and the seconds of the last validation of
    another trial, for which ``again`` asks. All three are missing without an accuracy, and where the architecture's
    ``no_costs`` is 1.
    """
    cdef TrialGrid grid = asked.grid
    cdef Py_ssize_t j = 0, k, i, m, n = asked.n, total = grid.total, step = asked.at.index_step
    cdef Py_ssize_t epoch_step = asked.at.epoch_step
    cdef int64_t last = grid.table.epochs - 1
    cdef bint whole, varied = False
    cdef double[BLOCK] validated
    cdef const int64_t* index = asked.at.index
    cdef const int64_t* epoch = asked.at.epoch
    if not grid is again.grid is valid.grid is train.grid is validation.grid:
        raise ValueError("the questions are about another grid")
    if valtest is not None and valtest.grid is not grid:
        raise ValueError("the questions are about another grid")
    if not n == again.n == accuracy.shape[0] == latency.shape[0] == seconds.shape[0]:
        raise ValueError(f"not as many places for answers as questions: {n}")
    if not total == latencies.shape[0] == no_costs.shape[0] or not (asked.at.one_trial and again.at.one_trial):
        raise ValueError(f"expected {total} latencies, {total} flags of no costs, and one trial a question")
    if n == 0:
        return
    with nogil:
        whole = valid.all_covered(asked)
        while j < n:
            m = min(BLOCK, n - j)
            valid.single_values(asked, whole, j, m, &accuracy[j])
            train.shared_seconds(index + j * step, step, epoch + j * epoch_step, epoch_step, &seconds[j], m)
            validation.shared_seconds(index + j * step, step, epoch + j * epoch_step, epoch_step, validated, m)
            for k in range(m):
                validated[k] = validated[k] / <double> (epoch[(j + k) * epoch_step] + 1)
            if not whole and valtest is not None:
                fall_back(asked, valid, valtest, validation, j, m, &accuracy[j], validated)
            for k in range(m):
                seconds[j + k] += validated[k]
            for k in range(m):
                i = place_of(grid, index[(j + k) * step])
                if is_missing(accuracy[j + k]) or i == total or no_costs[i]:
                    accuracy[j + k] = latency[j + k] = seconds[j + k] = from_bits(MISSING)
                else:
                    latency[j + k] = latencies[i]
                    varied |= seconds[j + k] != seconds[j + k]
            j += m
    if varied:
        for j in range(n):
            if seconds[j] != seconds[j] and not is_missing(accuracy[j]):
                seconds[j] = train.seconds_of(asked, j)
                if covered(valid, asked, j):
                    seconds[j] += validation.seconds_of(asked, j) / (epoch[j * epoch_step] + 1)
                else:
                    seconds[j] += validation.seconds_of(again, j) / (last + 1)


cdef int fall_back(
    Questions asked, ColumnBatch valid, ColumnBatch valtest, ElapsedTime validation, Py_ssize_t start, Py_ssize_t n,
    double* accuracy, double* validated,
) except -1 nogil:
    """The accuracy of the whole test set, and seconds of a last validation, where there is no validation accuracy."""
    cdef double[BLOCK] others
    cdef double[BLOCK] last_seconds
    cdef Py_ssize_t k, i, step = asked.at.index_step
    cdef const int64_t* index = asked.at.index + start * step
    cdef int64_t last = asked.grid.table.epochs - 1
    cdef bint any_lacks = False
    for k in range(n):
        any_lacks |= not covered(valid, asked, start + k)
    if not any_lacks:
        return 0
    valtest.single_values(asked, False, start, n, others)
    validation.shared_seconds(index, step, &last, 0, last_seconds, n)
    for k in range(n):
        i = place_of(asked.grid, index[k * step])
        if not covered(valid, asked, start + k) and valid.covers[valid.kinds[i], last]:
            accuracy[k], validated[k] = others[k], last_seconds[k] / <double> (last + 1)
    return 0


def running(const double[::1] seconds not None, double start, double[::1] out not None):
    """A clock after each of some spans, added one by one; those that are missing take no time."""
    cdef Py_ssize_t j, n = seconds.shape[0]
    if out.shape[0] != n:
        raise ValueError(f"lengths differ: {n} and {out.shape[0]}")
    with nogil:
        for j in range(n):
            start = start if is_missing(seconds[j]) else start + seconds[j]
            out[j] = start
