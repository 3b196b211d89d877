"""Choosing among architectures, and the clock of parallel workers."""

from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport free, malloc


cdef inline bint dominates(const double* a, const double* b, Py_ssize_t n) noexcept nogil:
    """Whether a is no worse than b anywhere and better somewhere; lower is better."""
    cdef Py_ssize_t k
    cdef bint better = False
    for k in range(n):
        if a[k] > b[k]:
            return False
        better |= a[k] < b[k]
    return better


def pareto(const double[:, ::1] costs not None, uint8_t[::1] out not None):
    """``out[i]`` becomes 1 where no row dominates row i, else 0. Rows ascend in their first cost; none is NaN."""
    cdef Py_ssize_t i, k, n = costs.shape[0], width = costs.shape[1], kept = 0
    cdef Py_ssize_t* front
    cdef bint beaten
    if out.shape[0] != n:
        raise ValueError(f"lengths differ: {n} and {out.shape[0]}")
    if n == 0 or width == 0:
        return
    front = <Py_ssize_t*> malloc(n * sizeof(Py_ssize_t))
    if front == NULL:
        raise MemoryError
    with nogil:
        for i in range(n):
            beaten = False
            for k in range(kept):
                if dominates(&costs[front[k], 0], &costs[i, 0], width):
                    beaten = True
                    if k:  # what beat one row will beat others: it is asked first from now on
                        front[k], front[k // 2] = front[k // 2], front[k]
                    break
            out[i] = not beaten
            if not beaten:
                front[kept] = i
                kept += 1
    free(front)


cdef struct Worker:
    double free_at
    Py_ssize_t number


cdef inline bint before(const Worker* a, const Worker* b) noexcept nogil:
    return a.free_at < b.free_at or (a.free_at == b.free_at and a.number < b.number)


cdef void sink(Worker* heap, Py_ssize_t n) noexcept nogil:
    """Let the first of a heap find its place."""
    cdef Py_ssize_t at = 0, child
    cdef Worker moved = heap[0]
    while True:
        child = 2 * at + 1
        if child >= n:
            break
        if child + 1 < n and before(&heap[child + 1], &heap[child]):
            child += 1
        if not before(&heap[child], &moved):
            break
        heap[at] = heap[child]
        at = child
    heap[at] = moved


def queue(
    const double[:, ::1] durations not None,
    Py_ssize_t workers,
    double[:, ::1] finished not None,
    int32_t[:, ::1] by not None,
):
    """For each row a queue of jobs: when each is finished, and by which worker.

    The worker that is free first takes the next job; of several, the one with the lowest number.
    """
    cdef Py_ssize_t row, j, k, rows = durations.shape[0], n = durations.shape[1]
    cdef Worker* heap
    if finished.shape[0] != rows or finished.shape[1] != n or by.shape[0] != rows or by.shape[1] != n:
        raise ValueError("shapes differ")
    workers = min(workers, n)
    if workers < 1 or rows == 0:
        return
    heap = <Worker*> malloc(workers * sizeof(Worker))
    if heap == NULL:
        raise MemoryError
    with nogil:
        for row in range(rows):
            for k in range(workers):
                heap[k] = Worker(0.0, k)
            for j in range(n):
                heap[0].free_at = heap[0].free_at + durations[row, j]
                finished[row, j], by[row, j] = heap[0].free_at, <int32_t> heap[0].number
                sink(heap, workers)
    free(heap)
