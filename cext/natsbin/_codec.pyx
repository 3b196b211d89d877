"""The encoder's loops: averages to sums, and numbers to the bytes of a layout.

The plain references stand in ``natsbin.store.codec`` and ``natsbin.store.layouts``; tests hold the two equal.
Arrays are float64, contiguous and of one dimension; ``out`` arrays have the length of ``values``.
"""

from cpython.dict cimport PyDict_Next
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_GET_ITEM
from libc.math cimport floor, rint
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from natsbin.bits cimport MISSING, bits_of, from_bits, is_missing

cdef uint64_t MANTISSA = 0x000FFFFFFFFFFFFF
cdef enum:
    NO_TAIL = 255  # stands for a missing value


cdef inline Py_ssize_t trailing_zeros(uint64_t bits) noexcept nogil:
    cdef Py_ssize_t n = 0
    while not bits & 0xFF:
        bits >>= 8
        n += 8
    while not bits & 1:
        bits >>= 1
        n += 1
    return n


def take_floats(dict curve not None, tuple keys not None, double[::1] out not None, Py_ssize_t start):
    """Whether a dict has exactly these keys, in this order, and floats alone; they are then in ``out`` from ``start``.

    Keys are str or int. TypeError for an OrderedDict, whose order may be another than that of the dict below it.
    """
    cdef Py_ssize_t position = 0, i = 0, n = len(keys)
    cdef PyObject* key
    cdef PyObject* value
    cdef object name, expected
    if len(curve) != n:
        return False
    if not 0 <= start <= out.shape[0] - n:
        raise ValueError(f"out holds {out.shape[0]} numbers, expected {start} + {n}")
    while PyDict_Next(curve, &position, &key, &value):
        name, expected = <object> key, <object> PyTuple_GET_ITEM(keys, i)
        if name is not expected:
            if type(name) is not type(expected):
                return False
            if type(name) is str:
                if <str> name != <str> expected:
                    return False
            elif name != expected:
                return False
        if not PyFloat_CheckExact(<object> value):
            return False
        out[start + i] = PyFloat_AS_DOUBLE(<object> value)
        i += 1
    return True


def sums(const double[::1] values not None, double samples, double[::1] out not None):
    """Exact sums behind averages: ``out[i] / samples == values[i]``, of the shortest mantissa; whether all exist."""
    cdef Py_ssize_t i, n = values.shape[0]
    cdef Py_ssize_t length, best_length
    cdef int64_t step
    cdef uint64_t bits
    cdef double value, guess, candidate, best = 0.0
    cdef bint fits = True
    if out.shape[0] != n:
        raise ValueError(f"out holds {out.shape[0]} numbers, expected {n}")
    with nogil:
        for i in range(n):
            value = values[i]
            if value != value or value == 0.0:
                out[i] = value
                continue
            guess = value * samples
            best_length = -1
            # An average's neighbours come from sums at least one last place away, so only these can divide to it.
            for step in range(-1, 2):
                bits = bits_of(guess) + <uint64_t> step
                candidate = from_bits(bits)
                if candidate / samples == value:
                    length = trailing_zeros(bits | (MANTISSA + 1))
                    if length > best_length:
                        best, best_length = candidate, length
            if best_length < 0:
                fits = False
                break
            out[i] = best
    return fits


def counts(
    const double[::1] values not None,
    Py_ssize_t samples,
    const double[::1] excess not None,
    const uint8_t[::1] order not None,
    double[::1] out not None,
    uint8_t[::1] tail,
):
    """Correct samples behind accuracies, all of them and those of the last batch; whether they exist for every value.

    ``excess[k]`` is what float32 adds to ``100 * k`` where k samples of the last batch are correct, ``order`` sorts
    it; both come from ``codec.excess``. A missing value stays missing in ``out``, and is NO_TAIL in ``tail``, which is
    None where the last batch's samples are not asked for.
    """
    cdef Py_ssize_t i, j, lo, hi, mid, n = values.shape[0], m = excess.shape[0]
    cdef double value, found_value, correct, gap, sample_count = samples
    cdef bint found, fits = True, tails = tail is not None
    if out.shape[0] != n or (tails and tail.shape[0] != n) or order.shape[0] != m or not 0 < m <= NO_TAIL + 1:
        raise ValueError("lengths differ")
    with nogil:
        for i in range(n):
            value = values[i]
            if is_missing(value):
                out[i] = value
                if tails:
                    tail[i] = NO_TAIL
                continue
            correct = rint(value * sample_count / 100.0)
            if not 0.0 <= correct <= sample_count:
                fits = False
                break
            gap = value * sample_count - 100.0 * correct
            lo, hi = 0, m
            while lo < hi:
                mid = (lo + hi) >> 1
                if excess[order[mid]] < gap - 1e-7:
                    lo = mid + 1
                else:
                    hi = mid
            found = False
            while lo < m and excess[order[lo]] <= gap + 1e-7:
                j = order[lo]
                # The arithmetic of the decoder: full batches are whole percents, the last adds its float32 product.
                found_value = (100.0 * (correct - j) + (100.0 * j + excess[j])) / sample_count
                if j <= correct and j < NO_TAIL and bits_of(found_value) == bits_of(value):  # -0.0 is not 0.0
                    out[i] = correct
                    if tails:
                        tail[i] = <uint8_t>j
                    found = True
                    break
                lo += 1
            if not found:
                fits = False
                break
    return fits


def measure(const double[::1] values not None):
    """What numbers need of a layout, as the fields of ``layouts.Extent``.

    A NaN with more than its quiet bit, which only float64 can hold, needs 52 bits.
    """
    cdef Py_ssize_t i, n = values.shape[0]
    cdef uint64_t bits, used = 0
    cdef int64_t exponent, low = 4096, high = -4096
    cdef double value, largest = 0.0
    cdef bint whole = True
    with nogil:
        for i in range(n):
            value = values[i]
            bits = bits_of(value)
            if bits == MISSING:
                continue
            exponent = <int64_t> ((bits >> 52) & 0x7FF)
            if exponent == 0x7FF:
                whole = False
                if bits & (MANTISSA >> 1):
                    used |= 1
                continue
            if whole:
                if bits >> 63 or value != floor(value):
                    whole = False
                elif value > largest:
                    largest = value
            if value == 0.0:
                continue
            used |= bits & MANTISSA
            if exponent == 0:  # a subnormal: only float64 holds it
                used |= 1
            if exponent - 1023 < low:
                low = exponent - 1023
            if exponent - 1023 > high:
                high = exponent - 1023
    return whole, largest, 52 - trailing_zeros(used) if used else 0, low, high


def pack_unsigned(const double[::1] values not None, Py_ssize_t size, uint8_t[::1] out not None):
    """Whole numbers to ``size`` bytes each, missing to all bits set; ``out`` holds ``len(values) * size`` bytes."""
    cdef Py_ssize_t i, n = values.shape[0]
    cdef uint64_t code
    if not 1 <= size <= 7 or out.shape[0] != n * size:
        raise ValueError(f"out holds {out.shape[0]} bytes, expected {n} * {size}")
    with nogil:
        for i in range(n):
            code = MISSING if is_missing(values[i]) else <uint64_t> values[i]
            memcpy(&out[i * size], &code, size)


def pack_float(
    const double[::1] values not None,
    Py_ssize_t size,
    Py_ssize_t exponent_bits,
    Py_ssize_t bias,
    uint8_t[::1] out not None,
):
    """Numbers to the bytes of ``layouts.Float(size, exponent_bits, bias)``, which must hold them exactly."""
    cdef Py_ssize_t i, n = values.shape[0], mantissa_bits = 8 * size - 1 - exponent_bits
    cdef uint64_t bits, small, top = (<uint64_t> 1 << exponent_bits) - 1
    cdef uint64_t exponent
    if not 2 <= size <= 8 or not 2 <= exponent_bits <= 11 or not 1 <= mantissa_bits <= 52:
        raise ValueError(f"no layout: {size} bytes, {exponent_bits} exponent bits")
    if out.shape[0] != n * size:
        raise ValueError(f"out holds {out.shape[0]} bytes, expected {n} * {size}")
    with nogil:
        for i in range(n):
            bits = bits_of(values[i])
            small = bits
            if size < 8:
                exponent = (bits >> 52) & 0x7FF
                if exponent == 0x7FF:
                    exponent = top
                elif exponent:
                    exponent = exponent - 1023 + bias
                small = (
                    (bits >> 63) << (8 * size - 1)
                    | exponent << mantissa_bits
                    | (bits & MANTISSA) >> (52 - mantissa_bits)
                )
            memcpy(&out[i * size], &small, size)
