"""Arrays of questions about one table: architectures, epochs, and the trial that each question chooses.

Every array is checked here before the loops of ``natsbin._batch`` and ``natsbin._trainings`` run without the GIL.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from natsbin._table cimport Table, answers

from collections import Counter

cdef enum:
    MOST_SEEDS = 64


def first_outside(const int64_t[::1] values not None, int64_t low, int64_t limit):
    """Where the first value stands that is not ``low <= value < limit``; -1 where there is none."""
    cdef Py_ssize_t i, n = values.shape[0]
    cdef uint64_t above, last = <uint64_t> (limit - low) - 1, signs = 0
    with nogil:
        for i in range(n):  # without comparisons, for which the vector has none: outside, one of the two is negative
            above = <uint64_t> values[i] - <uint64_t> low
            signs |= above | (last - above)
    if signs >> 63:
        for i in range(n):
            if not low <= values[i] < limit:
                return i
    return -1


cdef Py_ssize_t step_of(Py_ssize_t have, Py_ssize_t n) except -1:
    """0 for an array of one that stands for all n, else 1."""
    if have != n and have != 1:
        raise ValueError(f"lengths differ: {have} and {n}")
    return 1 if have == n else 0


cdef int check_inside(const int64_t[::1] values, int64_t limit, str name) except -1:
    cdef Py_ssize_t bad = first_outside(values, 0, limit)
    if bad >= 0:
        raise IndexError(f"{name} {values[bad]} of {limit}")
    return 0


@cython.final
cdef class TrialGrid:
    """A table's trials by (architecture, seed). Irregular architectures have none here.

    Each seed takes an entry for every architecture of the space, so there is room for the ``MOST_SEEDS`` most frequent
    ones (published archives have five); an architecture with another one counts as irregular.
    """

    def __cinit__(self, Table table not None):
        cdef Py_ssize_t i, t, k
        self.table, self.total, self.width = table, table.regular.shape[0], table.regular.shape[0] + 1
        cdef list seeds = sorted([seed for seed, _ in Counter(sorted(table.seed)).most_common(MOST_SEEDS)])
        cdef bint known
        self.n_seeds = len(seeds)
        self.count = <int32_t*> calloc(self.width, sizeof(int32_t))
        self.seeds = <int64_t*> calloc(self.n_seeds + 1, sizeof(int64_t))
        self.rows = <int32_t*> malloc((self.n_seeds + 1) * self.width * sizeof(int32_t))
        if self.count == NULL or self.seeds == NULL or self.rows == NULL:
            raise MemoryError
        for k in range(self.n_seeds):
            self.seeds[k] = seeds[k]
        self.slot_mask = 1
        while self.slot_mask < MOST_SLOTS and len({seed & self.slot_mask for seed in seeds}) < self.n_seeds:
            self.slot_mask = 2 * self.slot_mask + 1
        if self.slot_mask < MOST_SLOTS:
            self.slots = <int32_t*> calloc(self.slot_mask + 1, sizeof(int32_t))
            self.known_seeds = <int64_t*> calloc(self.slot_mask + 1, sizeof(int64_t))
            if self.slots == NULL or self.known_seeds == NULL:
                raise MemoryError
            for k in range(self.slot_mask + 1):
                self.known_seeds[k] = ~k
            for k in range(self.n_seeds):
                self.slots[self.seeds[k] & self.slot_mask] = k
                self.known_seeds[self.seeds[k] & self.slot_mask] = self.seeds[k]
        for i in range((self.n_seeds + 1) * self.width):
            self.rows[i] = -1
        for i in range(self.total):
            if not answers(table, i) or table.first[i + 1] - table.first[i] > MOST_TRIALS:
                continue
            known = True
            for t in range(table.first[i], table.first[i + 1]):
                known &= slot_of(self, table.seed[t]) < self.n_seeds
            if not known:
                continue
            self.count[i] = table.first[i + 1] - table.first[i]
            for t in range(table.first[i], table.first[i + 1]):
                self.rows[slot_of(self, table.seed[t]) * self.width + i] = table.row[t]

    def __dealloc__(self):
        free(self.count)
        free(self.seeds)
        free(self.slots)
        free(self.known_seeds)
        free(self.rows)

    def counts(self):
        """The number of trials of each architecture, as a new bytearray: 0 where it has none or is irregular."""
        cdef Py_ssize_t i
        cdef bytearray out = bytearray(self.total)
        for i in range(self.total):
            out[i] = self.count[i]
        return out


@cython.final
cdef class Questions:
    """Questions about one grid: architectures and, for each, one trial or all of them."""

    def __cinit__(
        self,
        TrialGrid grid not None,
        Py_ssize_t n,
        const int64_t[::1] index not None,
        const int64_t[::1] epoch not None,
        const int64_t[::1] seed,
        const int64_t[::1] position,
        const double[::1] chance,
    ):
        """Arrays of length n, or of length 1 with one entry for all questions.

        One of the last three may choose a trial: by its seed, by its position among the architecture's seeds, or by a
        chance in [0, 1) times their number. An index out of range is that of an architecture without trials; an epoch
        out of range is an IndexError.
        """
        self.grid, self.n = grid, n
        self.kept = (index, epoch, seed, position, chance)
        self.at.one_trial = not (seed is None and position is None and chance is None)
        self.at.index_step, self.at.epoch_step = step_of(index.shape[0], n), step_of(epoch.shape[0], n)
        if n == 0:
            return
        check_inside(epoch, grid.table.epochs, "epoch")
        self.at.index, self.at.epoch = &index[0], &epoch[0]
        if seed is not None:
            self.at.seed_step, self.at.seed = step_of(seed.shape[0], n), &seed[0]
        if position is not None:
            self.at.position_step, self.at.position = step_of(position.shape[0], n), &position[0]
        if chance is not None:
            self.at.chance_step, self.at.chance = step_of(chance.shape[0], n), &chance[0]

    cdef void rows(self, Py_ssize_t start, Py_ssize_t n, int32_t* out) noexcept nogil:
        """The rows of n questions from ``start`` on."""
        cdef Py_ssize_t j, step = self.at.index_step
        cdef const int64_t* index = self.at.index + start * step
        cdef const int32_t* rows
        if self.at.seed != NULL and self.at.seed_step == 0:
            rows = self.grid.rows + slot_of(self.grid, self.at.seed[0]) * self.grid.width
            for j in range(n):
                out[j] = rows[place_of(self.grid, index[j * step])]
        elif self.at.seed != NULL:
            self.rows_by_seed(start, n, out)
        else:
            for j in range(n):
                out[j] = row_of(self, start + j)

    cdef void rows_by_seed(self, Py_ssize_t start, Py_ssize_t n, int32_t* out) noexcept nogil:
        cdef Py_ssize_t j, found, total = self.grid.total, width = self.grid.width, step = self.at.index_step
        cdef const int64_t* index = self.at.index + start * step
        cdef const int64_t* seed = self.at.seed + start
        cdef const int64_t* known = self.grid.known_seeds
        cdef const int32_t* slots = self.grid.slots
        cdef int64_t mask = self.grid.slot_mask
        cdef const int32_t* rows = self.grid.rows
        if slots == NULL:
            for j in range(n):
                out[j] = rows[slot_of(self.grid, seed[j]) * width + place_of(self.grid, index[j * step])]
            return
        for j in range(n):
            found = index[j * step] if <uint64_t> index[j * step] < <uint64_t> total else total
            found = found if known[seed[j] & mask] == seed[j] else total
            out[j] = rows[slots[seed[j] & mask] * width + found]
