"""Questions about a table, as the loops over arrays read them; see ``_questions.pyx``."""

from libc.stdint cimport int32_t, int64_t, uint64_t

from natsbin._table cimport Table

cdef enum:
    BLOCK = 512  # numbers that are looked up together: their places stay in the first-level cache
    MOST_TRIALS = 64  # of an architecture that arrays answer for
    MOST_SLOTS = 4096


cdef class TrialGrid:
    cdef readonly Table table
    cdef readonly Py_ssize_t total  # architectures of the space
    cdef Py_ssize_t n_seeds
    cdef int32_t* count  # trials of each architecture; none of one more, which stands for those out of range
    cdef int64_t* seeds  # that occur, ascending
    cdef int32_t* slots  # by the lowest bits of a seed, where those tell them apart; else NULL
    cdef int64_t* known_seeds  # likewise: the seed with those lowest bits, or any other
    cdef int64_t slot_mask
    cdef int32_t* rows  # [seed, architecture], each with that one more; -1 where there is none
    cdef Py_ssize_t width


cdef struct QuestionArrays:  # where a loop reads its questions: pointers, and 0 or 1 as the step to the next entry
    const int64_t* index
    const int64_t* epoch
    const int64_t* seed  # NULL where trials are chosen by position, or all meant
    const int64_t* position  # NULL likewise
    const double* chance  # NULL likewise
    Py_ssize_t index_step, epoch_step, seed_step, position_step, chance_step
    bint one_trial  # whether a trial is chosen


cdef class Questions:
    cdef TrialGrid grid
    cdef QuestionArrays at
    cdef readonly Py_ssize_t n
    cdef tuple kept  # the arrays behind the pointers
    cdef void rows(self, Py_ssize_t start, Py_ssize_t n, int32_t* out) noexcept nogil
    cdef void rows_by_seed(self, Py_ssize_t start, Py_ssize_t n, int32_t* out) noexcept nogil


cdef inline Py_ssize_t place_of(TrialGrid grid, int64_t index) noexcept nogil:
    """An index, or the place of those out of range."""
    return index if <uint64_t> index < <uint64_t> grid.total else grid.total


cdef inline Py_ssize_t slot_of(TrialGrid grid, int64_t seed) noexcept nogil:
    """The place of a seed among those that occur, or their number."""
    cdef Py_ssize_t k, found = grid.n_seeds
    for k in range(grid.n_seeds):
        found = k if grid.seeds[k] == seed else found
    return found


cdef inline int32_t row_of(Questions asked, Py_ssize_t j) noexcept nogil:
    """The row of the trial that question j chooses; -1 where there is none."""
    cdef Py_ssize_t i = place_of(asked.grid, asked.at.index[j * asked.at.index_step])
    cdef int64_t position
    if asked.at.seed != NULL:
        return asked.grid.rows[slot_of(asked.grid, asked.at.seed[j * asked.at.seed_step]) * asked.grid.width + i]
    if asked.at.chance != NULL:
        position = <int64_t> (asked.at.chance[j * asked.at.chance_step] * asked.grid.count[i])
    else:
        position = asked.at.position[j * asked.at.position_step]
    if not 0 <= position < asked.grid.count[i]:
        return -1
    return asked.grid.table.row[asked.grid.table.first[i] + position]
