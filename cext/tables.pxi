# A table is one (hp, dataset): its trials by architecture, and the columns of its sets.

cdef int64_t PREFERRED_SEED = 888  # whose FLOPs and parameters stand for all where trials differ

cdef struct Point:  # a set's numbers at one epoch, as get_metrics of the API gives them
    double loss, accuracy, all_time


cdef class Table:
    """Trials by architecture, and columns by set.

    ``first[i]:first[i + 1]`` are the trials of official index i, by ascending seed; ``row[t]`` is where trial t
    stands in the columns. ``regular[i]`` says that tables alone answer for architecture i. ``order[t]`` is the
    number of the trial's tuple of evaluated sets in ``orders``.
    """

    cdef readonly Py_ssize_t epochs
    cdef readonly dict sets
    cdef const int32_t[::1] first, row, order
    cdef const int64_t[::1] seed
    cdef const uint8_t[::1] regular
    cdef const double[::1] params, flop, latency
    cdef list orders

    def __init__(
        self,
        Py_ssize_t epochs,
        const int32_t[::1] first not None,
        const int32_t[::1] row not None,
        const int64_t[::1] seed not None,
        const uint8_t[::1] regular not None,
        dict scalars not None,
        const int32_t[::1] order not None,
        list orders not None,
        dict sets not None,
    ):
        cdef Py_ssize_t i, n = row.shape[0]
        self.params, self.flop, self.latency = scalars["params"], scalars["flop"], scalars["latency"]
        if first.shape[0] < 2 or first[0] != 0 or first[first.shape[0] - 1] != n:
            raise ValueError("trials do not match architectures")
        if regular.shape[0] != first.shape[0] - 1 or epochs < 1:
            raise ValueError("trials do not match architectures")
        if not n == seed.shape[0] == self.params.shape[0] == self.flop.shape[0] == self.latency.shape[0]:
            raise ValueError("lengths differ")
        for i in range(first.shape[0] - 1):
            if first[i] > first[i + 1]:
                raise ValueError("trials do not match architectures")
        for i in range(n):
            if not (0 <= row[i] < n and 0 <= order[i] < len(orders)):
                raise ValueError(f"trial {i}: row {row[i]} of {n}, order {order[i]} of {len(orders)}")
        for name, columns in sets.items():
            if not isinstance(columns, SetColumns):
                raise TypeError(f"set {name!r}: expected SetColumns")
            for column in (columns.accuracy, columns.loss, columns.time):
                if column is not None and (column.trials != n or column.epochs not in (0, epochs)):
                    raise ValueError(f"set {name!r}: a column of {column.epochs} epochs, {column.trials} trials")
            for column in (columns.accuracy, columns.loss):
                if column is not None and column.epochs == 0:
                    raise ValueError(f"set {name!r}: a curve without epochs")
        for names in orders:
            if not set(names) <= set(sets):
                raise ValueError(f"sets {names}: there are {list(sets)}")
        self.epochs, self.first, self.row, self.seed, self.regular = epochs, first, row, seed, regular
        self.order, self.orders, self.sets = order, orders, sets

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

    cdef inline bint answers(self, Py_ssize_t index) noexcept nogil:
        """Whether the table alone answers for an architecture: it has trials here, and all are regular."""
        return 0 <= index < self.regular.shape[0] and self.regular[index] and self.first[index] < self.first[index + 1]

    cdef int point(self, SetColumns columns, Py_ssize_t index, Py_ssize_t epoch, Py_ssize_t only, Point* out) except -1:
        """A set's numbers of trial ``only`` or, where that is negative, averaged over the architecture's trials.

        Gives 0 where any of its trials has no values there: then the API has none for a single one either.
        """
        cdef Sum loss = Sum(0.0, 0.0), accuracy = Sum(0.0, 0.0), all_time = Sum(0.0, 0.0)
        cdef Py_ssize_t t, row, begin = self.first[index], end = self.first[index + 1]
        cdef double value, seconds, n = end - begin
        cdef Repeated known = Repeated(-1.0, 0.0)
        if columns.accuracy is None or columns.loss is None:
            return 0
        for t in range(begin, end):
            row = self.row[t]
            if only >= 0 and t != only:
                if is_missing(columns.accuracy.get(epoch, row)):
                    return 0
                continue
            value = columns.accuracy.get(epoch, row)
            if is_missing(value):
                return 0
            add(&accuracy, value)
            add(&loss, columns.loss.get(epoch, row))
            seconds = columns.all_time(epoch, row, &known)
            add(&all_time, seconds)
        if only >= 0:
            out[0] = Point(loss.total, accuracy.total, all_time.total)
        else:
            out[0] = Point(total(&loss) / n, total(&accuracy) / n, total(&all_time) / n)
        return 1

    cdef bint same_sets(self, Py_ssize_t index):
        """Whether all trials of an architecture were evaluated on the same sets, in whatever order."""
        cdef Py_ssize_t t, begin = self.first[index]
        for t in range(begin + 1, self.first[index + 1]):
            if self.order[t] != self.order[begin] and set(self.orders[self.order[t]]) != set(
                self.orders[self.order[begin]]
            ):
                return False
        return True

    cdef double mean_latency(self, Py_ssize_t index) noexcept nogil:
        """Over an architecture's trials, which must all have one; else missing."""
        cdef Py_ssize_t t, begin = self.first[index], end = self.first[index + 1]
        cdef double sum = 0.0  # numpy scalars add without compensation on every Python
        for t in range(begin, end):
            if not self.latency[t] > 0.0:  # absent, or NaN
                return from_bits(MISSING)
            sum = self.latency[t] if t == begin else sum + self.latency[t]
        return sum / (end - begin)

    cdef int costs(self, Py_ssize_t index, double* flops, double* params) except -1:
        """FLOPs and parameters as the API agrees on them over an architecture's trials; 0 where it cannot."""
        cdef Py_ssize_t t, begin = self.first[index], end = self.first[index + 1]
        cdef double n = end - begin
        cdef Sum sum = Sum(0.0, 0.0)
        cdef bint same_flops = True, same_params = True
        for t in range(begin, end):
            if is_missing(self.flop[t]) or is_missing(self.params[t]):
                return 0
            same_flops &= self.flop[t] == self.flop[begin]
            same_params &= self.params[t] == self.params[begin]
        if not same_flops and differ(self.flop[begin:end]):
            t = self.trial_of(index, PREFERRED_SEED)
            if t < 0:
                return 0
            flops[0] = self.flop[t]
        else:
            for t in range(begin, end):
                add(&sum, self.flop[t])
            flops[0] = total(&sum) / n
        if not same_params and differ(self.params[begin:end]):
            t = self.trial_of(index, PREFERRED_SEED)
            if t < 0:
                return 0
            params[0] = self.params[t]
        else:
            params[0] = self.params[begin]  # numpy scalars add without compensation on every Python
            for t in range(begin + 1, end):
                params[0] += self.params[t]
            params[0] /= n
        return 1

    cdef double mean_accuracy(self, Column accuracy, Py_ssize_t epoch, Py_ssize_t index) except? -1.0:
        """Over an architecture's trials, which must all have one; else missing."""
        cdef Sum sum = Sum(0.0, 0.0)
        cdef Py_ssize_t t, begin = self.first[index], end = self.first[index + 1]
        cdef double value
        for t in range(begin, end):
            value = accuracy.get(epoch, self.row[t])
            if is_missing(value):
                return value
            add(&sum, value)
        return total(&sum) / (end - begin)


cdef bint differ(const double[:] values):
    """Whether costs of trials differ in the five decimals that the API compares."""
    return len({f"{value:.5f}" for value in values}) > 1
