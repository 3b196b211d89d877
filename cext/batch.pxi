# Arrays of questions about one table: architectures, epochs and seeds in, values out, without the GIL.

from libc.stdlib cimport malloc

cdef enum:
    BLOCK = 512  # numbers that are looked up together: their places stay in the first-level cache
    MOST_TRIALS = 64  # of an architecture that arrays answer for
    MOST_SLOTS = 4096
    STRIDE = 8  # epochs between two kept sums of seconds


def first_outside(const int64_t[::1] values not None, int64_t low, int64_t limit):
    """Where the first value stands that is not ``low <= value < limit``; -1 where there is none."""
    cdef Py_ssize_t i, n = values.shape[0]
    cdef bint inside = True
    with nogil:
        for i in range(n):
            inside &= <uint64_t> values[i] - <uint64_t> low < <uint64_t> (limit - low)
        if not inside:
            for i in range(n):
                if not low <= values[i] < limit:
                    break
    return -1 if inside else i


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


cdef class TrialGrid:
    """A table's trials laid out by (architecture, seed). Irregular architectures have none here."""

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

    def __cinit__(self, Table table not None):
        cdef Py_ssize_t i, t, k
        self.table, self.total, self.width = table, table.regular.shape[0], table.regular.shape[0] + 1
        cdef list seeds = sorted({table.seed[t] for t in range(table.seed.shape[0])})
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
            if not table.answers(i) or table.first[i + 1] - table.first[i] > MOST_TRIALS:
                continue
            self.count[i] = table.first[i + 1] - table.first[i]
            for t in range(table.first[i], table.first[i + 1]):
                self.rows[self.slot(table.seed[t]) * self.width + i] = table.row[t]

    def __dealloc__(self):
        free(self.count)
        free(self.seeds)
        free(self.slots)
        free(self.known_seeds)
        free(self.rows)

    cdef inline Py_ssize_t place(self, int64_t index) noexcept nogil:
        """An index, or the place of what is out of range."""
        return index if <uint64_t> index < <uint64_t> self.total else self.total

    cdef inline Py_ssize_t slot(self, int64_t seed) noexcept nogil:
        cdef Py_ssize_t k, found = self.n_seeds
        for k in range(self.n_seeds):
            found = k if self.seeds[k] == seed else found
        return found

    def counts(self):
        """The number of trials of each architecture, as a new bytearray: 0 where it has none or is irregular."""
        cdef Py_ssize_t i
        cdef bytearray out = bytearray(self.total)
        for i in range(self.total):
            out[i] = self.count[i]
        return out

    def costs(self, double[::1] flops not None, double[::1] params not None):
        """FLOPs and parameters of every architecture, as the API agrees on them; missing where it cannot."""
        cdef Py_ssize_t i
        if flops.shape[0] != self.total or params.shape[0] != self.total:
            raise ValueError(f"lengths differ: {flops.shape[0]}, {params.shape[0]} and {self.total}")
        for i in range(self.total):
            if not self.count[i] or not self.table.costs(i, &flops[i], &params[i]):
                flops[i] = params[i] = from_bits(MISSING)


cdef struct Questions:  # where a loop reads its questions: pointers, and 0 or 1 to go on by
    const int64_t* index
    const int64_t* epoch
    const int64_t* seed  # NULL where trials are chosen by position, or all meant
    const int64_t* position  # NULL likewise
    const double* chance  # NULL likewise
    Py_ssize_t index_step, epoch_step, seed_step, position_step, chance_step
    bint one  # whether a trial is chosen


cdef class NativeQuestions:
    """Questions about one grid: architectures and, for each, one trial or all of its own."""

    cdef TrialGrid grid
    cdef Questions at
    cdef readonly Py_ssize_t n
    cdef tuple kept  # the arrays behind the pointers

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
        """Arrays of n or of one for all. One of the last three may choose a trial.

        That is by its seed, its position among the architecture's seeds, or a chance of [0, 1) times their number.

        An index out of range is that of an architecture without trials; an epoch out of range an IndexError.
        """
        self.grid, self.n = grid, n
        self.kept = (index, epoch, seed, position, chance)
        self.at.one = not (seed is None and position is None and chance is None)
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

    cdef inline int32_t row(self, Py_ssize_t j) noexcept nogil:
        """The row of the trial that question j chooses; -1 where there is none."""
        cdef Py_ssize_t i = self.grid.place(self.at.index[j * self.at.index_step])
        cdef int64_t position
        if self.at.seed != NULL:
            return self.grid.rows[self.grid.slot(self.at.seed[j * self.at.seed_step]) * self.grid.width + i]
        if self.at.chance != NULL:
            position = <int64_t> (self.at.chance[j * self.at.chance_step] * self.grid.count[i])
        else:
            position = self.at.position[j * self.at.position_step]
        if not 0 <= position < self.grid.count[i]:
            return -1
        return self.grid.table.row[self.grid.table.first[i] + position]

    cdef void rows(self, Py_ssize_t start, Py_ssize_t n, int32_t* out) noexcept nogil:
        """The rows of n questions from ``start`` on."""
        cdef Py_ssize_t j, step = self.at.index_step
        cdef const int64_t* index = self.at.index + start * step
        cdef const int32_t* rows
        if self.at.seed != NULL and self.at.seed_step == 0:
            rows = self.grid.rows + self.grid.slot(self.at.seed[0]) * self.grid.width
            for j in range(n):
                out[j] = rows[self.grid.place(index[j * step])]
        elif self.at.seed != NULL:
            self.rows_by_seed(start, n, out)
        else:
            for j in range(n):
                out[j] = self.row(start + j)

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
                out[j] = rows[self.grid.slot(seed[j]) * width + self.grid.place(index[j * step])]
            return
        for j in range(n):
            found = index[j * step] if <uint64_t> index[j * step] < <uint64_t> total else total
            found = found if known[seed[j] & mask] == seed[j] else total
            out[j] = rows[slots[seed[j] & mask] * width + found]
