# What a pickle may make by calling something: each global that is admitted, and what stands in for it here.

cdef object DTYPES = {
    code: numpy.dtype(code)
    for code in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
}


cdef class _Admitted:
    """Lies on the stack where a pickle names a global; calls ``function`` instead of it."""

    cdef str name
    cdef object function

    def __init__(self, str name, object function):
        self.name = name
        self.function = function


cdef object refusal(str text):
    return UnsafePickleError(f"it asks for {text}, which no archive contains")


def _ordered_dict():
    return OrderedDict()


def _dtype(code, *_flags):
    if type(code) is not str or code not in DTYPES:
        raise refusal(f"the dtype {code!r}")
    return DTYPES[code]


def _scalar(dtype, data):
    if not isinstance(dtype, numpy.dtype) or type(data) is not bytes or len(data) != dtype.itemsize:
        raise ValueError("a dtype and the bytes of one number were expected")
    return numpy.frombuffer(data, dtype)[0]


cdef object ADMITTED = {
    ("collections", "OrderedDict"): _Admitted("collections.OrderedDict", _ordered_dict),
    ("numpy", "dtype"): _Admitted("numpy.dtype", _dtype),
    ("numpy.core.multiarray", "scalar"): _Admitted("numpy scalar", _scalar),
    ("numpy._core.multiarray", "scalar"): _Admitted("numpy scalar", _scalar),
}


cdef int check_dtype_state(object target, object state) except -1:
    """The state that numpy writes for a plain numeric dtype changes nothing; any other is refused."""
    if not isinstance(target, numpy.dtype) or type(state) is not tuple:
        raise refusal(f"the state of a {type(target).__name__}")
    if (<tuple>state)[:1] != (3,) or (<tuple>state)[2:] != (None, None, None, -1, -1, 0):
        raise refusal("a dtype with structure")
    order = (<tuple>state)[1]
    if type(order) is not str or order != target.newbyteorder("<").str[0]:
        raise refusal(f"a dtype of byte order {order!r}")
    return 0
