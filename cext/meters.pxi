# Seconds of arrays of trainings.

cdef double _nan = float("nan")


cdef class ElapsedTime:
    """Seconds of a set's epochs 0..n, added as Python's ``sum`` does.

    The trials of an architecture mostly share one number for every epoch; then the sums at every STRIDE-th epoch
    are kept (8 bytes each) and the rest added on. Trials of which that is not true are summed one by one.
    """

    cdef TrialGrid grid
    cdef SetColumns columns
    cdef double* term  # seconds of an epoch by architecture; missing where there are none, NaN where they vary
    cdef double* kept  # [architecture, multiple of STRIDE]
    cdef Py_ssize_t steps

    def __cinit__(self, TrialGrid grid not None, SetColumns columns not None):
        cdef Py_ssize_t i, t, k, first
        cdef double term, sum
        cdef Table table = grid.table
        self.grid, self.columns = grid, columns
        self.steps = 0 if COMPENSATED else table.epochs // STRIDE + 1
        self.term = <double*> malloc(grid.width * sizeof(double))
        self.kept = <double*> malloc(max(1, grid.width * self.steps) * sizeof(double))
        if self.term == NULL or self.kept == NULL:
            raise MemoryError
        for i in range(grid.width):
            first, term = table.first[i], from_bits(MISSING)  # `first` has the end as one more
            if grid.count[i] and columns.time.epochs:
                term = _nan
            elif grid.count[i]:
                term = columns.time.get(0, table.row[first])
                for t in range(1, grid.count[i]):
                    if not columns.time.get(0, table.row[first + t]) == term:
                        term = _nan
            self.term[i] = term
            sum = 0.0
            for k in range(self.steps * STRIDE):
                if k % STRIDE == 0:
                    self.kept[i * self.steps + k // STRIDE] = sum
                sum += term

    def __dealloc__(self):
        free(self.term)
        free(self.kept)

    cdef void of_ones(
        self, const int64_t* index, Py_ssize_t index_step, const int64_t* epoch, Py_ssize_t epoch_step,
        double* out, Py_ssize_t n,
    ) noexcept nogil:
        """Seconds of up to BLOCK architectures whose trials share a term; NaN for the others."""
        cdef Py_ssize_t j, i, done
        cdef int k
        cdef double[BLOCK] term
        cdef double[BLOCK] rest  # as a double, for which the vector has a comparison
        cdef const double* terms = self.term
        cdef const double* kept = self.kept
        cdef Py_ssize_t steps = self.steps
        for j in range(n):
            i, done = self.grid.place(index[j * index_step]), epoch[j * epoch_step] + 1
            term[j] = terms[i]
            if COMPENSATED:
                out[j] = terms[i] * done
            else:
                out[j] = kept[i * steps + done // STRIDE]
                rest[j] = done % STRIDE
        if not COMPENSATED:
            for k in range(STRIDE - 1):
                for j in range(n):
                    out[j] += term[j] if k < rest[j] else 0.0

    def seconds(self, NativeQuestions asked not None, double by, double[::1] out not None):
        """Of epochs 0..epoch, divided by ``by``: a trial's, or the mean over an architecture's trials."""
        cdef Py_ssize_t j, i, k, m, start = 0, n = asked.n, count
        cdef bint one = asked.at.one, odd = False
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
                self.of_ones(index, step, epoch, epoch_step, &out[start], m)
                if one:
                    asked.rows(start, m, rows)
                for j in range(m):
                    i, value = self.grid.place(index[j * step]), out[start + j]
                    count = counts[i]
                    if value != value:
                        odd |= not is_missing(terms[i])
                        value = terms[i]
                    elif one:
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
        if odd:
            for j in range(n):
                i = self.grid.place(asked.at.index[j * asked.at.index_step])
                if self.term[i] != self.term[i] and not is_missing(self.term[i]):
                    out[j] = self.of_varied(asked, j, by)

    cdef double of_varied(self, NativeQuestions asked, Py_ssize_t j, double by) except? -1.0:
        cdef Py_ssize_t i = asked.at.index[j * asked.at.index_step], t, first = self.grid.table.first[i]
        cdef Py_ssize_t epoch = asked.at.epoch[j * asked.at.epoch_step], count = self.grid.count[i]
        cdef bint one = asked.at.one
        cdef Repeated known = Repeated(-1.0, 0.0)
        cdef Sum sum = Sum(0.0, 0.0)
        cdef int32_t row
        if one:
            row = asked.row(j)
            return from_bits(MISSING) if row < 0 else self.columns.all_time(epoch, row, &known) / by
        for t in range(count):
            add(&sum, self.columns.all_time(epoch, self.grid.table.row[first + t], &known) / by)
        return total(&sum) / count


    cdef double of(self, NativeQuestions asked, Py_ssize_t j) except? -1.0:
        """Seconds of the trial that question j chooses, however they are kept."""
        cdef double seconds
        cdef int64_t index = asked.at.index[j * asked.at.index_step]
        self.of_ones(&index, 0, asked.at.epoch + j * asked.at.epoch_step, 0, &seconds, 1)
        return self.of_varied(asked, j, 1.0) if seconds != seconds else seconds
