# Sums as Python's built-in sum makes them: plain up to 3.11, compensated from 3.12 on.

# Answers add up as the running interpreter does.
cdef bint COMPENSATED = sum([1.0, 1e100, 1.0, -1e100]) == 2.0


cdef double repeated(double term, int64_t n, bint compensated) noexcept nogil:
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


cdef inline double power_above(double value) noexcept nogil:
    """The least power of two above ``abs(value)``, for normal values."""
    cdef uint64_t bits
    value = fabs(value)
    memcpy(&bits, &value, 8)
    return from_bits(((bits >> 52) + 1) << 52)


cdef struct Repeated:  # a term, and what repeating it as often as now asked for came to
    double term, total


cdef struct Sum:  # Python's built-in sum of floats, as far as it has come
    double total
    double error


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


def repeated_sum(double term, int64_t n, bint compensated):
    """``sum([term] * n)`` of Python from 3.12 on (``compensated``) or before."""
    return repeated(term, n, compensated)
