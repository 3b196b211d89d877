"""A strict unpickler for what NATS-Bench archives contain, and nothing else.

It walks the opcodes itself: nothing is imported, called or executed on behalf of a pickle. Admitted are
None, bool, int, float, str, bytes, list, tuple, dict, set, OrderedDict and numpy's numeric scalars, also as
protocol 2 writes bytes and sets: as calls of ``_codecs.encode`` and ``__builtin__.set``. A
pickle can be fed in pieces; with ``streaming`` it hands on one architecture of a benchmark file at a time
and keeps of it what later ones may refer back to: strings, numbers and plain tuples, no containers.

A caller can admit more globals, each with a function of its own that stands in for it.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Next, PyDict_SetItem
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE, PyList_GetSlice
from cpython.object cimport PyObject, PyObject_SetItem
from cpython.set cimport PySet_Contains
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memset

from natsbin._memo cimport Memo, Pool, is_plain_tuple
from natsbin.bits cimport big_endian_double, little_endian

from collections import OrderedDict

import numpy

from natsbin.errors import ArchiveError, UnsafePickleError

cdef extern from "Python.h":
    int PyList_SetSlice(object list, Py_ssize_t low, Py_ssize_t high, PyObject *items) except -1

cdef enum:
    MARK = 0x28, EMPTY_TUPLE = 0x29, STOP = 0x2E, BINBYTES = 0x42, SHORT_BINBYTES = 0x43, BINFLOAT = 0x47
    BININT = 0x4A, BININT1 = 0x4B, BININT2 = 0x4D, NONE = 0x4E, REDUCE = 0x52, BINUNICODE = 0x58
    EMPTY_LIST = 0x5D, APPEND = 0x61, BUILD = 0x62, GLOBAL = 0x63, APPENDS = 0x65, BINGET = 0x68
    INST = 0x69, LONG_BINGET = 0x6A, BINPUT = 0x71, LONG_BINPUT = 0x72, SETITEM = 0x73, TUPLE = 0x74
    SETITEMS = 0x75, EMPTY_DICT = 0x7D, PROTO = 0x80, NEWOBJ = 0x81, BINPERSID = 0x51, TUPLE1 = 0x85, TUPLE2 = 0x86, TUPLE3 = 0x87
    NEWTRUE = 0x88, NEWFALSE = 0x89, LONG1 = 0x8A, SHORT_BINUNICODE = 0x8C, BINUNICODE8 = 0x8D
    BINBYTES8 = 0x8E, EMPTY_SET = 0x8F, ADDITEMS = 0x90, STACK_GLOBAL = 0x93, MEMOIZE = 0x94, FRAME = 0x95

cdef enum:
    MAX_MARKS = 64  # genuine pickles nest 9 deep
    # Of one architecture, whatever its pickle says: a few bytes may ask for any number of objects. Genuine ones have
    # 36,852 items in 345 containers; with trained weights the largest networks come to about half of the limits.
    MAX_ITEMS = 1 << 19  # in all of its containers, and waiting to be put into one
    MAX_CONTAINERS = 250_000
    MAX_PART = 1 << 24  # bytes of one text or of the numbers of one tensor; genuine tensors have 147 KB
    MAX_LINE = 256  # of a name in a GLOBAL opcode

# Bytes of fixed size behind each opcode: an argument, or the length of what follows.
cdef uint8_t ARGUMENT[256]
memset(ARGUMENT, 0, sizeof(ARGUMENT))
for _opcode, _size in (
    (PROTO, 1), (FRAME, 8), (BININT, 4), (BININT1, 1), (BININT2, 2), (LONG1, 1), (BINFLOAT, 8),
    (SHORT_BINUNICODE, 1), (BINUNICODE, 4), (BINUNICODE8, 8), (SHORT_BINBYTES, 1), (BINBYTES, 4),
    (BINBYTES8, 8), (BINGET, 1), (LONG_BINGET, 4), (BINPUT, 1), (LONG_BINPUT, 4),
):
    ARGUMENT[_opcode] = _size

# What a pickle may make by calling something: each global that is admitted, and what stands in for it here.

cdef object DTYPES = {
    code: numpy.dtype(code)
    for code in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
}


@cython.final
cdef class _Admitted:
    """Lies on the stack where a pickle names a global; calls ``function`` instead of it."""

    cdef str name
    cdef object function

    def __init__(self, str name, object function):
        self.name = name
        self.function = function


PERSISTENT = ("", "persistent id")
"""The key in ``admit`` of what stands for the storages that a pickle names, as those of torch do."""


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


def _encoded(text, encoding):
    if type(text) is not str or encoding != "latin1":
        raise ValueError("text in latin1 was expected")
    return text.encode("latin1")


def _set(members):
    if type(members) is not list or set(map(type, members)) - {int, str}:
        raise ValueError("a list of numbers or texts was expected")
    return set(members)


cdef object ADMITTED = {
    ("_codecs", "encode"): _Admitted("_codecs.encode", _encoded),
    ("__builtin__", "set"): _Admitted("set", _set),
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


def first_misfit(object column, frozenset keys not None, frozenset kinds not None):
    """The first item of a dict whose key is not among ``keys``, or whose value is of no type in ``kinds``, or None."""
    if not isinstance(column, dict):
        raise TypeError("a dict was expected")
    cdef PyObject *key
    cdef PyObject *value
    cdef Py_ssize_t position = 0
    while PyDict_Next(column, &position, &key, &value):
        if type(<object>value) is float or type(<object>value) in kinds:
            if PySet_Contains(keys, <object>key):
                continue
        return <object>key, <object>value
    return None


@cython.final
cdef class Unpickler:
    """Unpickles one pickle, fed in pieces, under the name ``source`` in errors.

    ``limit`` bounds the bytes of the pickle (of the whole; when ``streaming``, of each architecture).
    ``admit`` maps further (module, name) to what is called in place of them; it raises ValueError for arguments
    it does not like. A dtype instead stands for itself, as a class of torch's storages does in their names. With
    ``admit``, an OrderedDict may have the attribute ``_metadata``, as state dicts of torch have; a dict that stands for
    an object may be given its attributes; and ``PERSISTENT`` is called with what identifies a tensor's storage.
    ``followed``: other bytes may follow the pickle; they are left in ``rest``.
    """

    cdef readonly str source
    cdef readonly bint finished  # the pickle's last opcode was read: `value` is there
    cdef readonly object value
    cdef readonly bytes rest  # what was fed after the end of the pickle, if that is `followed`
    cdef readonly dict head  # what stands before `arch2infos` in a streamed pickle; None until that is reached
    cdef bint streaming
    cdef bint followed
    cdef dict admit
    cdef Py_ssize_t limit
    cdef Py_ssize_t offset  # in the pickle, of the first byte of `tail`
    cdef Py_ssize_t at  # in the pickle, of the opcode being executed
    cdef Py_ssize_t origin  # in the pickle, where the current architecture began
    cdef Py_ssize_t containers
    cdef Py_ssize_t items
    cdef bytes tail  # an opcode that still lacks bytes
    cdef list stack
    cdef Py_ssize_t marks[MAX_MARKS]
    cdef int depth
    cdef Py_ssize_t records_at  # where `arch2infos` lies on the stack, or -1
    cdef Pool pool
    cdef Memo memo

    def __cinit__(self, str source, Py_ssize_t limit, bint streaming=False, dict admit=None, bint followed=False):
        self.source = source
        self.limit = limit
        self.followed = followed
        self.rest = b""
        self.streaming = streaming
        self.admit = admit or {}
        self.tail = b""
        self.stack = []
        self.records_at = -1
        self.pool = Pool()
        self.memo = Memo(self.pool, (_Admitted, numpy.generic, numpy.dtype))

    def feed(self, bytes data not None, bint last=False):
        """Reads on, and returns the architectures completed by it: a list of (index, states).

        With ``last`` the pickle must be complete. Raises ArchiveError or UnsafePickleError.
        """
        if self.tail:
            data = self.tail + data
        cdef list done = []
        cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
        cdef Py_ssize_t at
        try:
            at = self.walk(<const uint8_t *>PyBytes_AS_STRING(data), size, done)
            self.at = self.offset + at
            if self.finished and self.followed:
                self.rest = data[at:]
                size = at
            if self.finished and at < size:
                raise ArchiveError(f"{size - at} bytes or more follow the end of the pickle")
            if last and not self.finished:
                raise ArchiveError("it is cut short")
        except UnicodeDecodeError as error:
            raise ArchiveError(f"{self.source}: byte {self.at} of the pickle: it is not UTF-8: {error}") from None
        except ArchiveError as error:
            raise type(error)(f"{self.source}: byte {self.at} of the pickle: {error}") from None
        self.offset += at
        self.tail = data[at:] if at < size else b""
        return done

    cdef Py_ssize_t walk(self, const uint8_t *p, Py_ssize_t end, list done) except -1:
        """Executes all complete opcodes of ``p[:end]``; returns where the first incomplete one begins."""
        cdef list stack = self.stack
        cdef Py_ssize_t at = 0, body, size, height, low
        cdef uint8_t op
        cdef object item, member
        while at < end and not self.finished:
            op = p[at]
            self.at = self.offset + at
            body = at + 1 + ARGUMENT[op]
            if body > end:
                break
            size = 0
            if op == SHORT_BINUNICODE or op == SHORT_BINBYTES or op == LONG1:
                size = p[at + 1]
            elif op == BINUNICODE or op == BINBYTES:
                size = <Py_ssize_t>little_endian(p + at + 1, 4)
            elif op == BINUNICODE8 or op == BINBYTES8:
                size = <Py_ssize_t>little_endian(p + at + 1, 8)
            elif op == GLOBAL or op == INST:
                size = self.name_size(p, body, end)
                if size < 0:
                    break
            if size < 0 or size > self.limit or self.offset + body + size - self.origin > self.limit:
                raise ArchiveError(f"more than {self.limit:,} bytes, far above what archives hold")
            if size > MAX_PART:
                raise ArchiveError(f"a text or tensor of {size:,} bytes; at most {MAX_PART:,} were expected")
            if size > end - body:
                break
            height = PyList_GET_SIZE(stack)

            if op == BINFLOAT:
                stack.append(big_endian_double(p + at + 1))
            elif op == SHORT_BINUNICODE or op == BINUNICODE or op == BINUNICODE8:
                stack.append(self.pool.text(p + body, size))
            elif op == MEMOIZE:
                if height == 0:
                    raise ArchiveError("nothing to memoize")
                self.memo.add(<object>PyList_GET_ITEM(stack, height - 1))
            elif op == BININT1:
                stack.append(p[at + 1])
            elif op == BINGET:
                stack.append(self.memo.get(p[at + 1]))
            elif op == LONG_BINGET:
                stack.append(self.memo.get(<Py_ssize_t>little_endian(p + at + 1, 4)))
            elif op == BININT2:
                stack.append(<long>little_endian(p + at + 1, 2))
            elif op == BININT:
                stack.append(<long><int><uint32_t>little_endian(p + at + 1, 4))
            elif op == LONG1:
                if size > 8:
                    raise ArchiveError(f"an integer of {size} bytes; at most 8 were expected")
                stack.append(int.from_bytes(p[body : body + size], "little", signed=True))
            elif op == NONE:
                stack.append(None)
            elif op == NEWTRUE:
                stack.append(True)
            elif op == NEWFALSE:
                stack.append(False)
            elif op == SHORT_BINBYTES or op == BINBYTES or op == BINBYTES8:
                stack.append(PyBytes_FromStringAndSize(<const char *>p + body, size))
            elif op == EMPTY_DICT:
                self.count_container()
                stack.append({})
                if self.streaming:
                    self.notice_records()
            elif op == EMPTY_LIST:
                self.count_container()
                stack.append([])
            elif op == EMPTY_SET:
                self.count_container()
                stack.append(set())
            elif op == EMPTY_TUPLE:
                stack.append(())
            elif op == MARK:
                if self.depth == MAX_MARKS:
                    raise ArchiveError(f"nested more than {MAX_MARKS} deep")
                self.marks[self.depth] = height
                self.depth += 1
            elif op == SETITEMS or op == APPENDS or op == ADDITEMS:
                low = self.pop_mark(1)
                item = stack[low - 1]
                self.count_items(height - low)
                if op == SETITEMS:
                    self.set_items(low, height, done)
                elif op == APPENDS:
                    if type(item) is not list:
                        raise ArchiveError(f"items appended to a {type(item).__name__}")
                    self.check_values(low, height)
                    (<list>item).extend(PyList_GetSlice(stack, low, height))
                else:
                    if type(item) is not set:
                        raise ArchiveError(f"members added to a {type(item).__name__}")
                    for member in stack[low:]:
                        self.check_key(member)
                        (<set>item).add(member)
                PyList_SetSlice(stack, low, height, NULL)
            elif op == SETITEM or op == APPEND:
                low = height - (2 if op == SETITEM else 1)
                self.need(low - 1)
                self.count_items(height - low)
                if op == SETITEM:
                    self.set_items(low, height, done)
                else:
                    item = stack[low - 1]
                    if type(item) is not list:
                        raise ArchiveError(f"an item appended to a {type(item).__name__}")
                    self.check_values(low, height)
                    (<list>item).append(stack[low])
                PyList_SetSlice(stack, low, height, NULL)
            elif op == TUPLE or op == TUPLE1 or op == TUPLE2 or op == TUPLE3:
                self.count_container()
                low = self.pop_mark(0) if op == TUPLE else height - (op - TUPLE1 + 1)
                self.need(low)
                self.count_items(height - low)
                self.check_values(low, height)
                item = tuple(PyList_GetSlice(stack, low, height))
                PyList_SetSlice(stack, low, height, NULL)
                stack.append(item)
            elif op == STACK_GLOBAL:
                self.need(height - 2)
                item = self.admitted(stack[height - 2], stack[height - 1])
                PyList_SetSlice(stack, height - 2, height, NULL)
                stack.append(item)
            elif op == GLOBAL or op == INST:
                item = p[body : body + size].decode("utf-8", "replace").split("\n")
                item = self.admitted(item[0], item[1])
                if op == INST:
                    raise refusal("the opcode INST")
                stack.append(item)
            elif op == BINPERSID:
                self.need(height - 1)
                if PERSISTENT not in self.admit:
                    raise self.unknown_opcode(op)
                item = self.reduced(_Admitted("a storage", self.admit[PERSISTENT]), (stack[height - 1],))
                PyList_SetSlice(stack, height - 1, height, NULL)
                stack.append(item)
            elif op == REDUCE or op == NEWOBJ:
                self.count_container()
                self.need(height - 2)
                item = self.reduced(stack[height - 2], stack[height - 1])
                PyList_SetSlice(stack, height - 2, height, NULL)
                stack.append(item)
                if self.streaming and type(item) is OrderedDict:
                    self.notice_records()
            elif op == BUILD:
                self.need(height - 2)
                self.build(stack[height - 2], stack[height - 1])
                PyList_SetSlice(stack, height - 1, height, NULL)
            elif op == BINPUT or op == LONG_BINPUT:
                self.need(height - 1)
                self.memo.put(<Py_ssize_t>little_endian(p + at + 1, ARGUMENT[op]), stack[height - 1])
            elif op == PROTO:
                if p[at + 1] > 5:
                    raise ArchiveError(f"pickle protocol {p[at + 1]}; at most 5 was expected")
            elif op == FRAME:
                pass  # only tells a reader of files how much to fetch
            elif op == STOP:
                if height != 1 or self.depth != 0:
                    raise ArchiveError("the pickle ends in the middle of an object")
                self.check_values(0, 1)
                self.value = stack.pop()
                self.finished = True
            else:
                raise self.unknown_opcode(op)

            at = body + size
            height = PyList_GET_SIZE(stack)
            if height > MAX_ITEMS:
                self.count_items(height)
            if self.records_at >= 0 and self.depth == 2 and self.marks[1] == self.records_at + 1:
                # A third object on top of an index and its states: the next index, or the arguments that
                # make the states an OrderedDict. A string would be an hp, of states that have only one.
                low = self.marks[1]
                if height == low + 3 and isinstance(stack[low + 1], dict) and type(stack[low + 2]) is not str:
                    self.hand_on(stack[low], stack[low + 1], done)
                    PyList_SetSlice(stack, low, low + 2, NULL)
        return at

    cdef object unknown_opcode(self, uint8_t op):
        import pickletools

        known = pickletools.code2op.get(chr(op))
        if known is None:
            return ArchiveError(f"0x{op:02x} is no pickle opcode: not a pickle, or a damaged one")
        return refusal(f"the opcode {known.name}")

    cdef Py_ssize_t name_size(self, const uint8_t *p, Py_ssize_t body, Py_ssize_t end) except -2:
        """Bytes of the two lines that name a global; -1 where more of the pickle has to be read first."""
        cdef Py_ssize_t reach = min(end - body, MAX_LINE)
        cdef const uint8_t *line = <const uint8_t *>memchr(p + body, 10, reach)
        if line != NULL:
            line = <const uint8_t *>memchr(line + 1, 10, reach - (line + 1 - (p + body)))
            if line != NULL:
                return line + 1 - (p + body)
        if reach == MAX_LINE:
            raise ArchiveError(f"a name of more than {MAX_LINE} bytes")
        return -1

    cdef int need(self, Py_ssize_t low) except -1:
        """Objects from ``low`` on may be taken: they are there, and above the last mark."""
        if low < (self.marks[self.depth - 1] if self.depth else 0):
            raise ArchiveError("the opcode needs more objects than there are")
        return 0

    cdef Py_ssize_t pop_mark(self, Py_ssize_t below) except -1:
        """Position above the last mark, which is removed; ``below`` objects must lie under it."""
        if self.depth == 0:
            raise ArchiveError("the opcode needs a mark and there is none")
        self.depth -= 1
        cdef Py_ssize_t low = self.marks[self.depth]
        if low > PyList_GET_SIZE(self.stack):
            raise ArchiveError("a mark above the stack")
        self.need(low - below)
        return low

    cdef int count_container(self) except -1:
        self.containers += 1
        if self.containers > MAX_CONTAINERS:
            raise ArchiveError(f"more than {MAX_CONTAINERS:,} containers, far above what archives hold")
        return 0

    cdef int count_items(self, Py_ssize_t count) except -1:
        self.items += count
        if self.items > MAX_ITEMS:
            raise ArchiveError(f"more than {MAX_ITEMS:,} items in its containers, far above what archives hold")
        return 0

    cdef object admitted(self, object module, object name):
        if type(module) is not str or type(name) is not str:
            raise ArchiveError("a global whose name is not text")
        found = ADMITTED.get((module, name))
        if found is None and (module, name) in self.admit:
            found = self.admit[module, name]
            if not isinstance(found, numpy.dtype):
                found = _Admitted(f"{module}.{name}", found)
        if found is None:
            raise refusal(f"{module}.{name}")
        return found

    cdef object reduced(self, object callee, object arguments):
        if type(callee) is not _Admitted or type(arguments) is not tuple:
            raise ArchiveError(f"a call of a {type(callee).__name__}")
        try:
            return (<_Admitted>callee).function(*<tuple>arguments)
        except (TypeError, ValueError) as error:
            if isinstance(error, ArchiveError):
                raise
            raise ArchiveError(f"unexpected arguments for {(<_Admitted>callee).name}: {error}") from None

    cdef int build(self, object target, object state) except -1:
        """Applies a state to the object that was just made."""
        if self.admit and type(target) is OrderedDict:
            if type(state) is not dict or list(state) != ["_metadata"] or type(state["_metadata"]) is not OrderedDict:
                raise refusal("the state of an OrderedDict other than _metadata")
            target._metadata = state["_metadata"]
            return 0
        if self.admit and type(target) is dict and type(state) is dict:
            (<dict>target).update(state)
            return 0
        return check_dtype_state(target, state)

    cdef int check_key(self, object key) except -1:
        """Keys are str, int, or tuples of these: what archives have, and what hashes without surprises."""
        if type(key) is not str and type(key) is not int and not is_plain_tuple(key):
            raise ArchiveError(f"a key of type {type(key).__name__}")
        return 0

    cdef int check_values(self, Py_ssize_t low, Py_ssize_t high) except -1:
        cdef Py_ssize_t i
        cdef object item
        for i in range(low, high):
            item = <object>PyList_GET_ITEM(self.stack, i)
            if type(item) is _Admitted:
                raise refusal(f"{(<_Admitted>item).name} as a value")
        return 0

    cdef int set_items(self, Py_ssize_t low, Py_ssize_t high, list done) except -1:
        cdef list stack = self.stack
        cdef object target = <object>PyList_GET_ITEM(stack, low - 1), key
        cdef bint exact = type(target) is dict
        cdef Py_ssize_t i
        if not exact and type(target) is not OrderedDict:
            raise ArchiveError(f"items set in a {type(target).__name__}")
        if (high - low) & 1:
            raise ArchiveError("a key without a value")
        if low - 1 == self.records_at:
            for i in range(low, high, 2):
                self.hand_on(stack[i], stack[i + 1], done)
            return 0
        for i in range(low, high, 2):
            key = <object>PyList_GET_ITEM(stack, i)
            if type(key) is not str and type(key) is not int:
                self.check_key(key)
            if type(<object>PyList_GET_ITEM(stack, i + 1)) is _Admitted:
                self.check_values(i + 1, i + 2)
            if exact:
                PyDict_SetItem(target, key, <object>PyList_GET_ITEM(stack, i + 1))
            else:
                PyObject_SetItem(target, key, <object>PyList_GET_ITEM(stack, i + 1))
        return 0

    cdef int notice_records(self) except -1:
        """Notes the dict just pushed as ``arch2infos`` if it is that key's value in the outermost dict."""
        cdef Py_ssize_t top = PyList_GET_SIZE(self.stack) - 1
        if self.depth != 1 or self.marks[0] != 1 or top < 2 or top & 1:
            return 0
        if self.stack[top - 1] != "arch2infos" or not isinstance(self.stack[0], dict):
            return 0
        if self.records_at >= 0:
            raise ArchiveError("arch2infos stands there twice")
        self.records_at = top
        self.head = {}
        for position in range(1, top - 1, 2):
            self.check_key(self.stack[position])
            self.head[self.stack[position]] = self.stack[position + 1]
        return 0

    cdef int hand_on(self, object index, object states, list done) except -1:
        if type(index) is not int or not isinstance(states, dict):
            raise ArchiveError(f"arch2infos has {index!r}: a {type(states).__name__}; an int and a dict were expected")
        done.append((index, states))
        self.origin = self.at
        self.containers = self.items = 0
        self.memo.forget()
        return 0
