"""The rungs of ASHA for many runs at once: which training may go on, in O(log n) a training.

``natsbin.search.asha`` says the same in Python, and tests hold the two equal. A rung has a row a run: ``accuracy`` by
place (the order of ending), and three heaps of places: ``top``, the first 1 / eta with the worst in front; ``rest``, all
others with the best in front; ``waiting``, those that have not gone on with the best in front. ``sizes`` is how many
each row has: ended, in ``top``, in ``rest``, and in ``waiting``.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t

cdef enum:
    ENDED = 0
    TOP = 1
    REST = 2
    WAITING = 3


cdef inline bint better(const double* accuracy, int32_t a, int32_t b) noexcept nogil:
    """Of equal ones the first to end is better."""
    return accuracy[a] > accuracy[b] or (accuracy[a] == accuracy[b] and a < b)


cdef void push(int32_t* heap, int64_t* size, int32_t item, const double* accuracy, bint best_first) noexcept nogil:
    cdef int64_t place = size[0], parent
    while place > 0:
        parent = (place - 1) >> 1
        if better(accuracy, item, heap[parent]) != best_first:
            break
        heap[place] = heap[parent]
        place = parent
    heap[place] = item
    size[0] += 1


cdef int32_t pop(int32_t* heap, int64_t* size, const double* accuracy, bint best_first) noexcept nogil:
    """What is in front of a heap that is not empty."""
    cdef int32_t front = heap[0], item
    cdef int64_t place = 0, child, end = size[0] - 1
    size[0] = end
    if end == 0:
        return front
    item = heap[end]
    while True:
        child = 2 * place + 1
        if child >= end:
            break
        if child + 1 < end and better(accuracy, heap[child + 1], heap[child]) == best_first:
            child += 1
        if better(accuracy, heap[child], item) != best_first:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = item
    return front


def add(
    const int64_t[::1] rows not None,
    const double[::1] values not None,
    int64_t eta,
    double[:, ::1] accuracy not None,
    int32_t[:, ::1] top not None,
    int32_t[:, ::1] rest not None,
    int32_t[:, ::1] waiting not None,
    int64_t[:, ::1] sizes not None,
):
    """A training of each of some rows has ended. ValueError where arrays do not fit, or a row is full."""
    cdef Py_ssize_t i, row, n = rows.shape[0], runs = accuracy.shape[0], room = accuracy.shape[1]
    cdef int32_t place
    cdef int64_t* size
    cdef double* own
    if values.shape[0] != n or eta < 2 or sizes.shape[0] != runs or sizes.shape[1] != 4:
        raise ValueError("rows, values, eta or sizes do not fit the rung")
    if not (top.shape[0] == rest.shape[0] == waiting.shape[0] == runs):
        raise ValueError("heaps do not fit the rung")
    if not (top.shape[1] == rest.shape[1] == waiting.shape[1] == room):
        raise ValueError("heaps do not fit the rung")
    for i in range(n):
        if not 0 <= rows[i] < runs or not 0 <= sizes[rows[i], ENDED] < room:
            raise ValueError(f"row {rows[i]} of {runs}: not there, or full")
    with nogil:
        for i in range(n):
            row = rows[i]
            size, own = &sizes[row, 0], &accuracy[row, 0]
            place = <int32_t>size[ENDED]
            own[place] = values[i]
            size[ENDED] += 1
            push(&waiting[row, 0], &size[WAITING], place, own, True)
            if size[TOP] > 0 and better(own, place, top[row, 0]):
                push(&rest[row, 0], &size[REST], pop(&top[row, 0], &size[TOP], own, False), own, True)
                push(&top[row, 0], &size[TOP], place, own, False)
            else:
                push(&rest[row, 0], &size[REST], place, own, True)
            if size[TOP] < size[ENDED] // eta:
                push(&top[row, 0], &size[TOP], pop(&rest[row, 0], &size[REST], own, True), own, False)


def promote(
    uint8_t[::1] undecided not None,
    const double[:, ::1] accuracy not None,
    const int32_t[:, ::1] top not None,
    int32_t[:, ::1] waiting not None,
    int64_t[:, ::1] sizes not None,
    int64_t[::1] places not None,
):
    """For each undecided row the place of the training that goes on, and decided; -1 where there is none."""
    cdef Py_ssize_t row, runs = accuracy.shape[0]
    cdef int64_t* size
    if undecided.shape[0] != runs or places.shape[0] != runs or sizes.shape[0] != runs or sizes.shape[1] != 4:
        raise ValueError("undecided, places or sizes do not fit the rung")
    if top.shape[0] != runs or waiting.shape[0] != runs:
        raise ValueError("heaps do not fit the rung")
    with nogil:
        for row in range(runs):
            places[row] = -1
            size = &sizes[row, 0]
            if not undecided[row] or size[TOP] == 0 or size[WAITING] == 0:
                continue
            if better(&accuracy[row, 0], top[row, 0], waiting[row, 0]):
                continue
            places[row] = pop(&waiting[row, 0], &size[WAITING], &accuracy[row, 0], True)
            undecided[row] = 0
