"""One (hp, dataset): its trials by architecture, the columns of its sets, and what each architecture costs.

``natsbin.store.reader`` makes a table from a store; scalar answers and batches read it. Costs are found here for both,
with the rules of ``ArchResults.get_compute_costs`` in ``natsbin.api.results``, which is the plain reference.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport calloc, free

from natsbin._column cimport Column, SetColumns, value_at
from natsbin.bits cimport MISSING, from_bits, is_missing
from natsbin.sums cimport Repeated, Sum, add, total

cdef enum:
    MOST_EPOCHS = 100_000  # as in natsbin.store.forms; so products of epochs and architectures cannot overflow

cdef int64_t PREFERRED_SEED = 888  # whose FLOPs and parameters stand for all where trials differ


@cython.final
cdef class Table:
    """Trials by architecture, and columns by set.

    ``first[i]:first[i + 1]`` are the trials of official index i, by ascending seed; ``row[t]`` is where trial t
    stands in the columns. ``regular[i]`` says that tables alone answer for architecture i. ``order[t]`` is the
    number of the trial's tuple of evaluated sets in ``orders``. ``scalars`` has ``params`` and ``flop`` of each
    trial (M), and as ``latency`` (seconds) what ``ResultsCount.get_latency`` gives: -1.0 where none was measured,
    missing where it fails; ``latency_is_float64`` says whether it gives a numpy float64 rather than a float.
    """

    def __cinit__(
        self,
        Py_ssize_t epochs,
        const int32_t[::1] first not None,
        const int32_t[::1] row not None,
        const int64_t[::1] seed not None,
        const uint8_t[::1] regular not None,
        dict scalars not None,
        const uint8_t[::1] latency_is_float64 not None,
        const int32_t[::1] order not None,
        list orders not None,
        dict sets not None,
    ):
        cdef Py_ssize_t i, n = row.shape[0]
        self.params, self.flop, self.latency = scalars["params"], scalars["flop"], scalars["latency"]
        if first.shape[0] < 2 or first[0] != 0 or first[first.shape[0] - 1] != n:
            raise ValueError("trials do not match architectures")
        if regular.shape[0] != first.shape[0] - 1:
            raise ValueError("trials do not match architectures")
        if not 1 <= epochs <= MOST_EPOCHS:
            raise ValueError(f"{epochs} epochs, expected 1 to {MOST_EPOCHS}")
        if not n == seed.shape[0] == self.params.shape[0] == self.flop.shape[0] == self.latency.shape[0]:
            raise ValueError("lengths differ")
        if latency_is_float64.shape[0] != n:
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
        self.order, self.orders, self.sets, self.latency_is_float64 = order, orders, sets, latency_is_float64
        self.set_columns = list(sets.values())
        n = regular.shape[0]
        self.costs = <Costs*> calloc(n, sizeof(Costs))
        self.times = <double*> calloc(n * max(1, 2 * len(self.set_columns)), sizeof(double))
        self.times_known = <uint8_t*> calloc(n, 1)
        if self.costs == NULL or self.times == NULL or self.times_known == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.costs)
        free(self.times)
        free(self.times_known)

    def seeds(self, Py_ssize_t index):
        """The seeds of an architecture's trials, ascending; empty where it has none."""
        if not 0 <= index < self.regular.shape[0]:
            return []
        return [self.seed[t] for t in range(self.first[index], self.first[index + 1])]

    def row_of(self, Py_ssize_t index, int64_t seed):
        """The row of an architecture's trial of a seed. KeyError where there is none."""
        cdef Py_ssize_t t = trial_of(self, index, seed) if 0 <= index < self.regular.shape[0] else -1
        if t < 0:
            raise KeyError((index, seed))
        return self.row[t]

    cdef int point(self, SetColumns columns, Py_ssize_t index, Py_ssize_t epoch, Py_ssize_t only, Point* out) except -1:
        """A set's numbers of trial ``only`` or, where that is negative, averaged over the architecture's trials.

        Gives 0 where any of its trials has no values there: then the API has none for a single one either.
        """
        cdef Sum loss = Sum(0.0, 0.0), accuracy = Sum(0.0, 0.0), all_time = Sum(0.0, 0.0)
        cdef Py_ssize_t t, row, begin = self.first[index], end = self.first[index + 1]
        cdef double n = end - begin
        cdef Repeated known = Repeated(-1.0, 0.0)
        if not self.measured(columns, index, epoch):
            return 0
        if only >= 0:
            begin, end = only, only + 1
        for t in range(begin, end):
            row = self.row[t]
            add(&accuracy, value_at(columns.accuracy, epoch, row))
            add(&loss, value_at(columns.loss, epoch, row))
            add(&all_time, columns.all_time(epoch, row, &known))
        if only >= 0:
            out[0] = Point(loss.total, accuracy.total, all_time.total)
        else:
            out[0] = Point(total(&loss) / n, total(&accuracy) / n, total(&all_time) / n)
        return 1

    cdef bint measured(self, SetColumns columns, Py_ssize_t index, Py_ssize_t epoch) except -1:
        """Whether every trial of an architecture has values of a set at an epoch; else the API gives none of any."""
        cdef Py_ssize_t t
        if columns.accuracy is None or columns.loss is None:
            return 0
        for t in range(self.first[index], self.first[index + 1]):
            if is_missing(value_at(columns.accuracy, epoch, self.row[t])):
                return 0
        return 1

    cdef bint same_sets(self, Py_ssize_t index) except -1:
        """Whether all trials of an architecture were evaluated on the same sets, in whatever order."""
        cdef Costs* costs = &self.costs[index]
        cdef Py_ssize_t t
        if costs.sets == UNKNOWN:
            evaluated = {frozenset(self.orders[self.order[t]]) for t in range(self.first[index], self.first[index + 1])}
            costs.sets = SAME_SETS if len(evaluated) <= 1 else OTHER_SETS
        return costs.sets == SAME_SETS

    def all_costs(
        self,
        double[::1] flops not None,
        double[::1] params not None,
        double[::1] latency not None,
        uint8_t[::1] no_costs not None,
    ):
        """FLOPs and parameters (M) and latency (seconds, missing where no trial has one) of every architecture.

        Where ``no_costs`` becomes 1 all are missing: the architecture has no trials here, or the API fails.
        """
        cdef Py_ssize_t i, n = self.regular.shape[0]
        cdef const Costs* costs
        if not n == flops.shape[0] == params.shape[0] == latency.shape[0] == no_costs.shape[0]:
            raise ValueError(f"lengths differ from {n} architectures")
        for i in range(n):
            costs = self.costs_of(i)
            flops[i], params[i], latency[i] = costs.flops, costs.params, costs.latency
            no_costs[i] = costs.known == NO_COSTS

    def all_times(self, str name not None, double[::1] per_epoch not None, double[::1] whole not None):
        """Seconds of an epoch on a set and of all of them, of every architecture: the means over its trials."""
        cdef Py_ssize_t i, place = 2 * self.set_columns.index(self.sets[name]), n = self.regular.shape[0]
        cdef const double* times
        if not n == per_epoch.shape[0] == whole.shape[0]:
            raise ValueError(f"lengths differ from {n} architectures")
        for i in range(n):
            per_epoch[i] = whole[i] = from_bits(MISSING)
            if answers(self, i):
                times = self.times_of(i)
                per_epoch[i], whole[i] = times[place], times[place + 1]

    cdef const Costs* costs_of(self, Py_ssize_t index) except NULL:
        """FLOPs, parameters and latency of an architecture within the space."""
        cdef Costs* costs = &self.costs[index]
        cdef uint8_t known = NO_COSTS
        if costs.known == UNKNOWN:
            if answers(self, index) and self.agree(self.flop, index, True, &costs.flops):
                if self.agree(self.params, index, False, &costs.params):
                    known = self.mean_latency(index, &costs.latency)
            if known == NO_COSTS:
                costs.flops = costs.params = costs.latency = from_bits(MISSING)
            costs.known = known
        return costs

    cdef bint agree(self, const double[::1] values, Py_ssize_t index, bint are_floats, double* out) except -1:
        """The mean over an architecture's trials, or where they differ that of the preferred seed; 0 without one.

        ``are_floats``: Python floats rather than numpy ones, which are added without compensation on every Python.
        """
        cdef Py_ssize_t t, begin = self.first[index], end = self.first[index + 1]
        cdef Sum sum = Sum(0.0, 0.0)
        cdef bint same = True
        for t in range(begin, end):
            if is_missing(values[t]):
                return 0
            same &= values[t] == values[begin]
            if are_floats:
                add(&sum, values[t])
            else:
                sum.total += values[t]
        out[0] = total(&sum) / <double> (end - begin)
        if not same and differ(values[begin:end]):
            t = trial_of(self, index, PREFERRED_SEED)
            if t < 0:
                return 0
            out[0] = values[t]
        return 1

    cdef uint8_t mean_latency(self, Py_ssize_t index, double* out) noexcept nogil:
        """The mean over the trials that have a latency, and what is known by it.

        Floats are added as Python's ``sum`` adds them until it meets a float64, which makes the sum one.
        """
        cdef Py_ssize_t t, n = 0
        cdef Sum sum = Sum(0.0, 0.0)
        cdef uint8_t known = LATENCY_FLOAT
        out[0] = from_bits(MISSING)
        for t in range(self.first[index], self.first[index + 1]):
            if is_missing(self.latency[t]):
                return NO_COSTS
            if self.latency[t] > 0.0:
                n += 1
                if self.latency_is_float64[t] and known == LATENCY_FLOAT:
                    sum, known = Sum(total(&sum), 0.0), LATENCY_FLOAT64
                if known == LATENCY_FLOAT:
                    add(&sum, self.latency[t])
                else:
                    sum.total += self.latency[t]
        if n == 0:
            return LATENCY_NONE
        out[0] = total(&sum) / n
        return known

    cdef const double* times_of(self, Py_ssize_t index) except NULL:
        """Seconds of an architecture that the table answers for: of an epoch and of all, for each of the sets."""
        cdef double* times = self.times + index * 2 * len(self.set_columns)
        cdef double n = self.first[index + 1] - self.first[index], seconds
        cdef Py_ssize_t t, i = 0
        cdef Sum per_epoch, whole
        cdef Repeated known
        cdef SetColumns columns
        if self.times_known[index]:
            return times
        for columns in self.set_columns:
            per_epoch, whole, known = Sum(0.0, 0.0), Sum(0.0, 0.0), Repeated(-1.0, 0.0)
            for t in range(self.first[index], self.first[index + 1]):
                seconds = columns.all_time(self.epochs - 1, self.row[t], &known)
                add(&per_epoch, seconds / self.epochs)
                add(&whole, seconds)
            times[i], times[i + 1] = total(&per_epoch) / n, total(&whole) / n
            i += 2
        self.times_known[index] = 1
        return times

    cdef double mean_value(self, Column column, Py_ssize_t epoch, Py_ssize_t index) except? -1.0:
        """The mean over an architecture's trials, which must all have a value; else missing."""
        cdef Sum sum = Sum(0.0, 0.0)
        cdef Py_ssize_t t, begin = self.first[index], end = self.first[index + 1]
        cdef double value
        for t in range(begin, end):
            value = value_at(column, epoch, self.row[t])
            if is_missing(value):
                return value
            add(&sum, value)
        return total(&sum) / (end - begin)


cdef bint differ(const double[:] values):
    """Whether costs of trials differ in the five decimals that the API compares."""
    return len({f"{value:.5f}" for value in values}) > 1
