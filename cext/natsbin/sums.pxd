"""Sums as Python's built-in ``sum`` makes them: plain up to 3.11, compensated from 3.12 on.

Answers are summed as the running interpreter sums; ``natsbin._table`` checks that it does as its version says.
"""

from libc.math cimport fabs, isfinite
from libc.stdint cimport int64_t, uint64_t

from natsbin.bits cimport bits_of, from_bits

cdef extern from *:
    """
    #define NATSBIN_COMPENSATED (PY_VERSION_HEX >= 0x030C0000)
    """
    const bint COMPENSATED "NATSBIN_COMPENSATED"


cdef struct Sum:  # the sum of the terms added so far
    double total
    double error  # what rounding has lost


cdef struct Repeated:  # a term, and the sum of as many of it as are asked for
    double term, total


cdef inline void add(Sum* sum, double term) noexcept nogil:
    cdef double after = sum.total + term
    if COMPENSATED:
        if fabs(sum.total) >= fabs(term):
            sum.error += (sum.total - after) + term
        else:
            sum.error += (term - after) + sum.total
    sum.total = after


cdef inline double total(const Sum* sum) noexcept nogil:
    if COMPENSATED and sum.error != 0.0 and isfinite(sum.error):
        return sum.total + sum.error
    return sum.total


cdef inline double power_above(double value) noexcept nogil:
    """The least power of two above ``abs(value)``, for normal values."""
    return from_bits(((bits_of(fabs(value)) >> 52) + 1) << 52)


cdef inline double repeated(double term, int64_t n, bint compensated) noexcept nogil:
    """What Python's ``sum`` makes of n equal terms, in a handful of steps rather than n."""
    cdef double total, after, step, ceiling
    cdef int64_t left, jump
    if n <= 0:
        return 0.0
    if compensated:
        return 0.0 + term * n  # the errors are kept and added: one rounding in all
    total = 0.0 + term  # sums start from 0, which makes -0.0 a 0.0
    left = n - 1
    while left > 0:
        after = total + term
        left -= 1
        step = after - total
        total = after
        if left == 0 or not isfinite(total) or step == 0.0:
            break
        # Within one power of two every further addition rounds alike, once ties have settled on even: jump ahead.
        after = total + term
        left -= 1
        if after - total == step and left > 2:
            ceiling = power_above(total)
            jump = <int64_t> ((ceiling - fabs(after)) / fabs(step)) - 1
            if jump > left:
                jump = left
            if jump > 0:
                after = after + step * jump
                left -= jump
        total = after
    return total
