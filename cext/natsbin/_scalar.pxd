"""The fast path of the compatible API, which ``natsbin._api`` asks first."""

from libc.stdint cimport uint8_t

from natsbin._column cimport SetColumns
from natsbin._table cimport Costs, Table


cdef struct Simulated:  # a training and its validation
    double accuracy  # in percent
    double seconds
    const Costs* costs  # of the architecture, with its latency


cdef class LabelledSet:
    cdef readonly SetColumns columns
    cdef readonly str loss, accuracy, per_time, all_time
    cdef readonly bint required
    cdef tuple keys(self)


cdef class ScalarTable:
    cdef readonly Table table
    cdef LabelledSet train
    cdef list others
    cdef SetColumns valid, valtest
    cdef dict blank_info
    cdef list time_keys  # by order of evaluated sets: (place among the table's times, two keys) of each set
    cdef list blank_costs  # likewise
    cdef bint searched
    cdef str hp, dataset  # under which it was asked for
    cdef ScalarTable trained  # what ``simulate`` reads accuracies and times from
    cdef int put(self, dict out, LabelledSet one, Py_ssize_t index, Py_ssize_t epoch, Py_ssize_t only) except -1


cdef class ScalarAnswers:
    cdef uint8_t[::1] states
    cdef uint8_t unloaded
    cdef object open
    cdef dict tables  # by hp, by dataset
    cdef ScalarTable last  # of the question before
    cdef ScalarTable scalar_table(self, hp, dataset)
    cdef int mark_unloaded(self, Py_ssize_t i) except -1
    cdef ScalarTable answering(self, Py_ssize_t i, hp, dataset)
    cdef Py_ssize_t in_state(self, index, uint8_t state) except -2
    cdef Py_ssize_t place_of(self, index) except -2
    cdef Py_ssize_t epoch_of(self, iepoch, Py_ssize_t epochs) except -2
    cdef bint is_new(self, index) except -1
    cpdef more_info(self, index, dataset, iepoch, hp, is_random)
    cpdef cost_info(self, index, dataset, hp)
    cdef bint simulate(self, index, dataset, iepoch, hp, Simulated* out) except -1
    cdef object latency_of(self, const Costs* costs)
