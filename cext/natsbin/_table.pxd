"""A table, one (hp, dataset): its trials by architecture, the columns of its sets, and what architectures cost."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from natsbin._column cimport Column, SetColumns

cdef enum:  # what is known of an architecture's costs; with them, what the API gives as its latency
    UNKNOWN
    NO_COSTS  # the API fails to give any
    LATENCY_NONE
    LATENCY_FLOAT
    LATENCY_FLOAT64


cdef enum:  # beside UNKNOWN
    SAME_SETS = 1
    OTHER_SETS


cdef struct Costs:  # of one architecture, as get_compute_costs of the API gives them
    double flops, params, latency
    uint8_t known
    uint8_t sets  # whether all trials were evaluated on the same sets: UNKNOWN, SAME_SETS or OTHER_SETS


cdef struct Point:  # a set's numbers at one epoch, as get_metrics of the API gives them
    double loss, accuracy, all_time


cdef class Table:
    cdef readonly Py_ssize_t epochs
    cdef readonly dict sets
    cdef const int32_t[::1] first, row, order
    cdef const int64_t[::1] seed
    cdef const uint8_t[::1] regular, latency_is_float64
    cdef const double[::1] params, flop, latency
    cdef list orders, set_columns
    cdef Costs* costs  # by architecture, each found on first use
    cdef double* times  # [architecture, set, (of an epoch, of all)] in seconds, likewise
    cdef uint8_t* times_known  # by architecture
    cdef const Costs* costs_of(self, Py_ssize_t index) except NULL
    cdef const double* times_of(self, Py_ssize_t index) except NULL
    cdef bint agree(self, const double[::1] values, Py_ssize_t index, bint are_floats, double* out) except -1
    cdef uint8_t mean_latency(self, Py_ssize_t index, double* out) noexcept nogil
    cdef int point(self, SetColumns columns, Py_ssize_t index, Py_ssize_t epoch, Py_ssize_t only, Point* out) except -1
    cdef bint measured(self, SetColumns columns, Py_ssize_t index, Py_ssize_t epoch) except -1
    cdef bint same_sets(self, Py_ssize_t index) except -1
    cdef double mean_value(self, Column column, Py_ssize_t epoch, Py_ssize_t index) except? -1.0


cdef inline bint answers(Table table, Py_ssize_t index) noexcept nogil:
    """Whether the table alone answers for an architecture: it has trials here, and all are regular."""
    return 0 <= index < table.regular.shape[0] and table.regular[index] and table.first[index] < table.first[index + 1]


cdef inline Py_ssize_t trial_of(Table table, Py_ssize_t index, int64_t seed) noexcept nogil:
    """An architecture's trial of a seed, or -1."""
    cdef Py_ssize_t t
    for t in range(table.first[index], table.first[index + 1]):
        if table.seed[t] == seed:
            return t
    return -1
