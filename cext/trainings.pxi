# Simulated trainings over arrays, and their clock.


def trainings(
    NativeQuestions asked not None,
    NativeQuestions again not None,
    ColumnBatch valid not None,
    ColumnBatch valtest,
    ElapsedTime train not None,
    ElapsedTime validation not None,
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
    NativeQuestions asked, ColumnBatch valid, ColumnBatch valtest, ElapsedTime validation, Py_ssize_t start, Py_ssize_t n,
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
