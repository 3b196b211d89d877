# Arrays of questions about one table: architectures, epochs and seeds in, values out, without the GIL.

from libc.stdlib cimport malloc

cdef extern from *:
    """
    static inline uint64_t natsbin_high_half(uint64_t a, uint32_t b) {
        return (uint64_t)(((unsigned __int128)a * b) >> 64);
    }
    """
    uint64_t natsbin_high_half(uint64_t a, uint32_t b) noexcept nogil

ctypedef const uint8_t* Bytes

cdef enum:
    BLOCK = 512  # numbers that are looked up together: their places stay in the first-level cache
    MOST_TRIALS = 64  # of an architecture that arrays answer for
    MOST_SLOTS = 4096
    STRIDE = 8  # epochs between two kept sums of seconds

cdef uint8_t[16] NOTHING  # a number of any layout that is missing
for _i in range(16):
    NOTHING[_i] = 0xFF


cdef struct Divisor:  # division of 32-bit numbers by one that is known only at run time, as a multiplication
    uint64_t reciprocal
    uint32_t by


cdef inline Divisor divisor(Py_ssize_t by) noexcept nogil:
    return Divisor((<uint64_t> 0xFFFFFFFFFFFFFFFF) // <uint64_t> by + 1, <uint32_t> by)


cdef inline uint32_t divide(uint32_t number, const Divisor* divisor) noexcept nogil:
    return number if divisor.by == 1 else <uint32_t> natsbin_high_half(divisor.reciprocal, number)


cdef struct Places:  # where numbers lie: at `at`, or (where `at` is NULL) side by side from `base` on, by row
    const uint8_t* base
    const uint8_t* last_base  # NULL where the last batch does not matter
    const int32_t* rows
    const uint8_t** at
    const uint8_t** last


cdef inline void look(
    const Lens* lens, int layout, int kind, bint aside, bint tailed, const Places* places, double* out, Py_ssize_t n
) noexcept nogil:
    cdef Py_ssize_t i, size = 2 if layout == UNSIGNED2 else lens.size
    cdef Lens own = lens[0]  # copies, which writing to `out` cannot change
    cdef Places where = places[0]
    for i in range(n):
        if aside and where.rows[i] < 0:
            out[i] = from_bits(MISSING)
        elif aside:
            out[i] = number_at(&own, layout, where.base + where.rows[i] * size)
            out[i] = whole_of(&own, kind, out[i], where.last_base + where.rows[i] if tailed else NULL)
        else:
            out[i] = number_at(&own, layout, where.at[i])
            out[i] = whole_of(&own, kind, out[i], where.last[i] if tailed else NULL)
    for i in range(n):  # apart, for the vector divides two at a time
        out[i] = share_of(&own, kind, out[i])


cdef inline void look_at(
    const Lens* lens, bint aside, bint tailed, const Places* places, double* out, Py_ssize_t n
) noexcept nogil:
    """A loop of its own for each usual way to store values."""
    if lens.layout == UNSIGNED2 and lens.kind == COUNT:
        look(lens, UNSIGNED2, COUNT, aside, tailed, places, out, n)
    elif lens.layout == SMALL_FLOAT and lens.kind == SUM:
        look(lens, SMALL_FLOAT, SUM, aside, False, places, out, n)
    elif lens.layout == SMALL_FLOAT and lens.kind == COUNT:
        look(lens, SMALL_FLOAT, COUNT, aside, tailed, places, out, n)
    else:
        look(lens, lens.layout, lens.kind, aside, tailed, places, out, n)


cdef void decode_all(const Lens* lens, const Places* places, double* out, Py_ssize_t n) noexcept nogil:
    if places.at == NULL and places.last_base == NULL:
        look_at(lens, True, False, places, out, n)
    elif places.at == NULL:
        look_at(lens, True, True, places, out, n)
    elif places.last == NULL:
        look_at(lens, False, False, places, out, n)
    else:
        look_at(lens, False, True, places, out, n)


def first_outside(const int64_t[::1] values not None, int64_t low, int64_t limit):
    """Where the first value stands that is not ``low <= value < limit``; -1 where there is none."""
    cdef Py_ssize_t i, n = values.shape[0]
    cdef bint inside = True
    with nogil:
        for i in range(n):
            inside &= <uint64_t> (values[i] - low) < <uint64_t> (limit - low)
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


cdef class Grid:
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


cdef class Asked:
    """Questions about one grid: architectures and, for each, one trial or all of its own."""

    cdef Grid grid
    cdef Questions at
    cdef readonly Py_ssize_t n
    cdef tuple kept  # the arrays behind the pointers

    def __cinit__(
        self,
        Grid grid not None,
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


cdef class Lane:
    """A column of a grid, asked for arrays of values."""

    cdef Grid grid
    cdef Column column
    cdef Divisor by_epochs, by_trials
    cdef const uint16_t[::1] kinds
    cdef const uint8_t[:, ::1] covers
    cdef const uint8_t[::1] whole

    def __cinit__(
        self,
        Grid grid not None,
        Column column not None,
        const uint16_t[::1] kinds not None,
        const uint8_t[:, ::1] covers not None,
        const uint8_t[::1] whole not None,
    ):
        """``covers[kinds[index], epoch]`` says whether all trials of an architecture have a value at an epoch.

        ``kinds`` has one more entry, for indexes out of range. ``whole[epoch]`` says whether all architectures
        with trials are covered there.
        """
        cdef Py_ssize_t i
        if column.trials != grid.table.row.shape[0] or covers.shape[1] != grid.table.epochs:
            raise ValueError(f"{column.trials} trials and {covers.shape[1]} epochs do not match the table")
        if kinds.shape[0] != grid.width or whole.shape[0] != grid.table.epochs:
            raise ValueError(f"{kinds.shape[0]} architectures and {whole.shape[0]} epochs do not match the table")
        for i in range(kinds.shape[0]):
            if kinds[i] >= covers.shape[0]:
                raise ValueError(f"kind {kinds[i]} of {covers.shape[0]}")
        if column.epochs not in (0, grid.table.epochs):
            raise ValueError(f"{column.epochs} epochs do not match the table")
        self.grid, self.column = grid, column
        self.kinds, self.covers, self.whole = kinds, covers, whole
        self.by_epochs, self.by_trials = divisor(column.chunk_epochs), divisor(column.chunk_trials)

    cdef Py_ssize_t decode(
        self, const int32_t* rows, const int64_t* epochs, Py_ssize_t epoch_step, double* out, Py_ssize_t n
    ) noexcept nogil:
        """Values of up to BLOCK places; n, or the number of a chunk that must be fetched first, as -1 - chunk."""
        cdef Bytes[BLOCK] at
        cdef Bytes[BLOCK] last
        cdef const uint8_t** chunks = self.column.chunks
        cdef const uint8_t** tails = NULL if self.column.tail is None else self.column.tail.chunks
        cdef const uint8_t* chunk
        cdef Py_ssize_t i, size = self.column.lens.size, across = self.column.across, number, offset
        cdef Py_ssize_t chunk_trials = self.column.chunk_trials
        cdef Divisor by_epochs = self.by_epochs, by_trials = self.by_trials
        cdef uint32_t epoch, band, over
        cdef bint flat = self.column.epochs == 0
        cdef Places places
        places.base, places.last_base, places.rows = NULL, NULL, NULL
        places.at, places.last = at, NULL
        if tails != NULL:
            places.last = last
        if epoch_step == 0 or flat:
            epoch = 0 if flat else <uint32_t> epochs[0]
            band = divide(epoch, &by_epochs)
            offset = (epoch - band * by_epochs.by) * chunk_trials
            number = band * across
            if across == 1:
                chunk = chunks[number]
                if chunk == NULL:
                    return -1 - number
                places.base, places.rows, places.at = chunk + offset * size, rows, NULL
                if tails != NULL:
                    places.last_base = tails[number] + offset
            else:
                for i in range(n):
                    if rows[i] < 0:
                        at[i] = last[i] = NOTHING
                        continue
                    over = divide(rows[i], &by_trials)
                    chunk = chunks[number + over]
                    if chunk == NULL:
                        return -1 - (number + over)
                    at[i] = chunk + (offset + rows[i] - over * chunk_trials) * size
                    if tails != NULL:
                        last[i] = tails[number + over] + offset + rows[i] - over * chunk_trials
        else:
            for i in range(n):
                if rows[i] < 0:
                    at[i] = last[i] = NOTHING
                    continue
                epoch = <uint32_t> epochs[i]
                band = divide(epoch, &by_epochs)
                over = 0 if across == 1 else divide(rows[i], &by_trials)
                number = band * across + over
                chunk = chunks[number]
                if chunk == NULL:
                    return -1 - number
                offset = (epoch - band * by_epochs.by) * chunk_trials + rows[i] - over * chunk_trials
                at[i] = chunk + offset * size
                if tails != NULL:
                    last[i] = tails[number] + offset
        decode_all(&self.column.lens, &places, out, n)
        return n

    cdef int decode_fetching(
        self, const int32_t* rows, const int64_t* epochs, Py_ssize_t epoch_step, double* out, Py_ssize_t n
    ) except -1 nogil:
        cdef Py_ssize_t done = -1
        while n:
            done = self.decode(rows, epochs, epoch_step, out, n)
            if done >= 0:
                break
            self.column.fetch(-1 - done)
        return 0

    def values(self, Asked asked not None, double[::1] out not None):
        """The value that each question asks for, or the mean over an architecture's trials.

        Missing where there is no such trial, or where any trial of the architecture has no value at that epoch.
        """
        cdef Py_ssize_t j = 0, n = asked.n, m
        cdef bint whole, one
        if asked.grid is not self.grid or out.shape[0] != n:
            raise ValueError("the questions are about another grid, or not as many as places for answers")
        one = asked.at.one
        if n == 0:
            return
        if not one and asked.at.epoch_step == 0 and n > 2 * self.grid.total:
            return self.means_of_epoch(asked, out)
        with nogil:
            whole = self.all_whole(asked)
            if asked.at.epoch_step == 0 and one and whole and n > 2 * self.column.trials:
                self.ones_of_epoch(asked, out)
                j = n
            while j < n:
                m = min(BLOCK, n - j)
                if one:
                    self.ones(asked, whole, j, m, &out[j])
                else:
                    m = self.means(asked, j, n, &out[j])
                j += m

    cdef means_of_epoch(self, Asked asked, double[::1] out):
        """All answers, where there are more than architectures: each mean is made once."""
        cdef const double[::1] means
        cdef Py_ssize_t j, total = self.grid.total, step = asked.at.index_step
        cdef const int64_t* index = asked.at.index
        everything = _numpy.arange(total + 1)
        found = _numpy.empty(total + 1)
        self.values(Asked(self.grid, total + 1, everything, asked.kept[1], None, None, None), found)
        means = found
        with nogil:
            for j in range(asked.n):
                out[j] = means[index[j * step] if <uint64_t> index[j * step] < <uint64_t> total else total]

    cdef int ones_of_epoch(self, Asked asked, double[::1] out) except -1 nogil:
        """All answers, where there are more than trials: each value of the epoch is decoded once."""
        cdef Py_ssize_t j = 0, k, m, n = asked.n, trials = self.column.trials
        cdef double* values = <double*> malloc((trials + 1) * sizeof(double))
        cdef int32_t[BLOCK] rows
        if values == NULL:
            with gil:
                raise MemoryError
        values[0] = from_bits(MISSING)  # of row -1
        try:
            while j < trials:
                m = min(BLOCK, trials - j)
                for k in range(m):
                    rows[k] = <int32_t> (j + k)
                self.decode_fetching(rows, asked.at.epoch, 0, values + 1 + j, m)
                j += m
            j = 0
            while j < n:
                m = min(BLOCK, n - j)
                asked.rows(j, m, rows)
                for k in range(m):
                    out[j + k] = values[1 + rows[k]]
                j += m
        finally:
            free(values)
        return 0

    cdef bint all_whole(self, Asked asked) noexcept nogil:
        """Whether all architectures are covered at all epochs that are asked for."""
        cdef Py_ssize_t k
        cdef bint whole = True
        for k in range(asked.n if asked.at.epoch_step else 1):
            whole &= self.whole[asked.at.epoch[k]]
        return whole

    cdef inline bint covered(self, Asked asked, Py_ssize_t j) noexcept nogil:
        """Whether all trials of question j's architecture have a value at its epoch."""
        return self.covers[
            self.kinds[self.grid.place(asked.at.index[j * asked.at.index_step])],
            asked.at.epoch[j * asked.at.epoch_step],
        ]

    cdef int ones(self, Asked asked, bint whole, Py_ssize_t start, Py_ssize_t n, double* out) except -1 nogil:
        """Values of one trial a question, of up to BLOCK questions."""
        cdef int32_t[BLOCK] rows
        cdef Py_ssize_t j
        asked.rows(start, n, rows)
        if not whole:
            for j in range(n):
                rows[j] = rows[j] if self.covered(asked, start + j) else -1
        return self.decode_fetching(rows, asked.at.epoch + start * asked.at.epoch_step, asked.at.epoch_step, out, n)

    cdef Py_ssize_t means(self, Asked asked, Py_ssize_t start, Py_ssize_t end, double* out) except -1 nogil:
        """Means over the trials of architectures, from question ``start`` on as far as a block holds; how many."""
        cdef int32_t[BLOCK] rows
        cdef int64_t[BLOCK] epochs
        cdef double[BLOCK] values
        cdef int32_t[BLOCK] many
        cdef Py_ssize_t j = start, room = BLOCK - MOST_TRIALS, m = 0, i, t, k, count, stop
        cdef Py_ssize_t step = asked.at.index_step, epoch_step = asked.at.epoch_step
        cdef const int64_t* index = asked.at.index
        cdef const int64_t* epoch_of = asked.at.epoch
        cdef const int32_t* counts = self.grid.count
        cdef const int32_t* first = &self.grid.table.first[0]
        cdef const int32_t* row = &self.grid.table.row[0]
        cdef int64_t epoch
        cdef Sum sum
        while j < end and m <= room and j - start < BLOCK:
            i, epoch = self.grid.place(index[j * step]), epoch_of[j * epoch_step]
            count = counts[i] if self.covers[self.kinds[i], epoch] else 0
            t = first[i]
            for k in range(count):
                rows[m + k] = row[t + k]
                epochs[m + k] = epoch
            many[j - start] = count
            m += count
            j += 1
        self.decode_fetching(rows, epochs, asked.at.epoch_step, values, m)
        stop, m = j, 0
        for j in range(start, stop):
            count = many[j - start]
            if count == 0:
                out[j - start] = from_bits(MISSING)
            elif count == 1:
                out[j - start] = 0.0 + values[m]
            else:
                sum = Sum(0.0, 0.0)
                for k in range(count):
                    add(&sum, values[m + k])
                out[j - start] = total(&sum) / count
            m += count
        return stop - start


cdef class Meter:
    """Seconds of a set's epochs 0..n, added as Python's ``sum`` does.

    The trials of an architecture mostly share one number for every epoch; then the sums at every STRIDE-th epoch
    are kept (8 bytes each) and the rest added on. Trials of which that is not true are summed one by one.
    """

    cdef Grid grid
    cdef SetColumns columns
    cdef double* term  # seconds of an epoch by architecture; missing where there are none, NaN where they vary
    cdef double* kept  # [architecture, multiple of STRIDE]
    cdef Py_ssize_t steps

    def __cinit__(self, Grid grid not None, SetColumns columns not None):
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

    def seconds(self, Asked asked not None, double by, double[::1] out not None):
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

    cdef double of_varied(self, Asked asked, Py_ssize_t j, double by) except? -1.0:
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


    cdef double of(self, Asked asked, Py_ssize_t j) except? -1.0:
        """Seconds of the trial that question j chooses, however they are kept."""
        cdef double seconds
        cdef int64_t index = asked.at.index[j * asked.at.index_step]
        self.of_ones(&index, 0, asked.at.epoch + j * asked.at.epoch_step, 0, &seconds, 1)
        return self.of_varied(asked, j, 1.0) if seconds != seconds else seconds


def trainings(
    Asked asked not None,
    Asked again not None,
    Lane valid not None,
    Lane valtest,
    Meter train not None,
    Meter validation not None,
    const double[::1] latencies not None,
    const uint8_t[::1] refused not None,
    double[::1] accuracy not None,
    double[::1] latency not None,
    double[::1] seconds not None,
):
    """Accuracy, latency and seconds of each training of one trial: all its epochs, and the mean of its validations.

    Where a trial has no validation accuracy, that of ``valtest`` and the last validation of another trial, for
    which ``again`` asks. All three are missing without an accuracy, and where ``refused`` says so of an architecture.
    """
    cdef Grid grid = asked.grid
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
    if not total == latencies.shape[0] == refused.shape[0] or not (asked.at.one and again.at.one):
        raise ValueError(f"expected {total} latencies, {total} refusals, and one trial a question")
    if n == 0:
        return
    with nogil:
        whole = valid.all_whole(asked)
        while j < n:
            m = min(BLOCK, n - j)
            valid.ones(asked, whole, j, m, &accuracy[j])
            train.of_ones(index + j * step, step, epoch + j * epoch_step, epoch_step, &seconds[j], m)
            validation.of_ones(index + j * step, step, epoch + j * epoch_step, epoch_step, validated, m)
            for k in range(m):
                validated[k] = validated[k] / <double> (epoch[(j + k) * epoch_step] + 1)
            if not whole and valtest is not None:
                fall_back(asked, valid, valtest, validation, j, m, &accuracy[j], validated)
            for k in range(m):
                seconds[j + k] += validated[k]
            for k in range(m):
                i = grid.place(index[(j + k) * step])
                if is_missing(accuracy[j + k]) or i == total or refused[i]:
                    accuracy[j + k] = latency[j + k] = seconds[j + k] = from_bits(MISSING)
                else:
                    latency[j + k] = latencies[i]
                    varied |= seconds[j + k] != seconds[j + k]
            j += m
    if varied:
        for j in range(n):
            if seconds[j] != seconds[j] and not is_missing(accuracy[j]):
                if valid.covered(asked, j):
                    seconds[j] = train.of(asked, j) + validation.of(asked, j) / (epoch[j * epoch_step] + 1)
                else:
                    seconds[j] = train.of(asked, j) + validation.of(again, j) / (last + 1)


cdef int fall_back(
    Asked asked, Lane valid, Lane valtest, Meter validation, Py_ssize_t start, Py_ssize_t n,
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
        any_lacks |= not valid.covered(asked, start + k)
    if not any_lacks:
        return 0
    valtest.ones(asked, False, start, n, others)
    validation.of_ones(index, step, &last, 0, last_seconds, n)
    for k in range(n):
        i = asked.grid.place(index[k * step])
        if not valid.covered(asked, start + k) and valid.covers[valid.kinds[i], last]:
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


cdef double _nan = float("nan")
