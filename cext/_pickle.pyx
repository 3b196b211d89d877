"""A strict unpickler for what NATS-Bench archives contain, and nothing else.

It walks the opcodes itself: nothing is imported, called or executed on behalf of a pickle. Admitted are
None, bool, int, float, str, bytes, list, tuple, dict, set, OrderedDict and numpy's numeric scalars. A
pickle can be fed in pieces; with ``streaming`` it hands on one architecture of a benchmark file at a time
and keeps of it what later ones may refer back to: strings, numbers and plain tuples, no containers.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Next, PyDict_SetItem
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE, PyList_GetSlice
from cpython.object cimport PyObject, PyObject_SetItem
from cpython.set cimport PySet_Contains
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memchr, memcmp, memcpy, memset

from collections import OrderedDict

import numpy

from natsbin.errors import ArchiveError, UnsafePickleError

cdef extern from "Python.h":
    int PyList_SetSlice(object list, Py_ssize_t low, Py_ssize_t high, PyObject *items) except -1
    object PyUnicode_DecodeUTF8(const char *text, Py_ssize_t size, const char *errors)
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL

cdef enum:
    MARK = 0x28, EMPTY_TUPLE = 0x29, STOP = 0x2E, BINBYTES = 0x42, SHORT_BINBYTES = 0x43, BINFLOAT = 0x47
    BININT = 0x4A, BININT1 = 0x4B, BININT2 = 0x4D, NONE = 0x4E, REDUCE = 0x52, BINUNICODE = 0x58
    EMPTY_LIST = 0x5D, APPEND = 0x61, BUILD = 0x62, GLOBAL = 0x63, APPENDS = 0x65, BINGET = 0x68
    INST = 0x69, LONG_BINGET = 0x6A, BINPUT = 0x71, LONG_BINPUT = 0x72, SETITEM = 0x73, TUPLE = 0x74
    SETITEMS = 0x75, EMPTY_DICT = 0x7D, PROTO = 0x80, TUPLE1 = 0x85, TUPLE2 = 0x86, TUPLE3 = 0x87
    NEWTRUE = 0x88, NEWFALSE = 0x89, LONG1 = 0x8A, SHORT_BINUNICODE = 0x8C, BINUNICODE8 = 0x8D
    BINBYTES8 = 0x8E, EMPTY_SET = 0x8F, ADDITEMS = 0x90, STACK_GLOBAL = 0x93, MEMOIZE = 0x94, FRAME = 0x95

cdef enum:
    MAX_MARKS = 64  # genuine pickles nest 9 deep
    MAX_STACK = 1 << 20
    MAX_CONTAINERS = 250_000  # of one architecture; genuine ones have under 1,000
    MAX_LINE = 256  # of a name in a GLOBAL opcode
    MAX_PROBES = 32  # bounds what crafted hash collisions can cost
    MAX_POOLED_LENGTH = 128
    MAX_POOL = 0xFFFE
    DROPPED = 0, APART = 0xFFFF  # entries of `kept` that are not 1 + a position in the pool

cdef struct Slot:
    uint32_t hash
    uint32_t entry  # 1 + position in the pool, 0 where free

# Bytes of fixed size behind each opcode: an argument, or the length of what follows.
cdef uint8_t ARGUMENT[256]
memset(ARGUMENT, 0, sizeof(ARGUMENT))
for _opcode, _size in (
    (PROTO, 1), (FRAME, 8), (BININT, 4), (BININT1, 1), (BININT2, 2), (LONG1, 1), (BINFLOAT, 8),
    (SHORT_BINUNICODE, 1), (BINUNICODE, 4), (BINUNICODE8, 8), (SHORT_BINBYTES, 1), (BINBYTES, 4),
    (BINBYTES8, 8), (BINGET, 1), (LONG_BINGET, 4), (BINPUT, 1), (LONG_BINPUT, 4),
):
    ARGUMENT[_opcode] = _size

cdef object DTYPES = {
    code: numpy.dtype(code)
    for code in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
}


cdef class _Admitted:
    """Stands on the stack where a pickle names something that it may reduce."""

    cdef str name

    def __init__(self, str name):
        self.name = name


cdef _Admitted ORDERED_DICT = _Admitted("collections.OrderedDict")
cdef _Admitted SCALAR = _Admitted("numpy scalar")
cdef _Admitted DTYPE = _Admitted("numpy.dtype")
cdef object ADMITTED = {
    ("collections", "OrderedDict"): ORDERED_DICT,
    ("numpy.core.multiarray", "scalar"): SCALAR,
    ("numpy._core.multiarray", "scalar"): SCALAR,
    ("numpy", "dtype"): DTYPE,
}


cdef inline uint64_t little_endian(const uint8_t *p, Py_ssize_t size) noexcept nogil:
    cdef uint64_t value = 0
    cdef Py_ssize_t i
    for i in range(size):
        value |= <uint64_t>p[i] << (8 * i)
    return value


cdef inline double big_endian_double(const uint8_t *p) noexcept nogil:
    cdef uint64_t bits = 0
    cdef double value
    cdef int i
    for i in range(8):
        bits = bits << 8 | p[i]
    memcpy(&value, &bits, 8)
    return value


cdef inline uint32_t hash_bytes(const uint8_t *p, Py_ssize_t size) noexcept nogil:
    cdef uint64_t value = <uint64_t>size, word
    while size > 0:
        word = 0
        memcpy(&word, p, 8 if size >= 8 else size)
        value = (value ^ word) * <uint64_t>0x9E3779B97F4A7C15
        value ^= value >> 32
        p += 8
        size -= 8
    return <uint32_t>value


cdef inline bint is_plain_tuple(object value) noexcept:
    """Whether a tuple holds str and int alone: what may be a key, and what may be shared by architectures."""
    cdef object item
    if type(value) is not tuple:
        return False
    for item in <tuple>value:
        if type(item) is not str and type(item) is not int:
            return False
    return True


def first_misfit(object column, frozenset keys not None, frozenset kinds not None):
    """The first item of a dict whose key is not among ``keys``, or whose value is of no type in ``kinds``, or None."""
    if not isinstance(column, dict):
        raise TypeError("a dict was expected")
    cdef PyObject *key
    cdef PyObject *value
    cdef Py_ssize_t position = 0
    while PyDict_Next(column, &position, &key, &value):
        if type(<object>value) is not float and type(<object>value) not in kinds or not PySet_Contains(keys, <object>key):
            return <object>key, <object>value
    return None


cdef class Unpickler:
    """Unpickles one pickle, fed in pieces, under the name ``source`` in errors.

    ``limit`` bounds the bytes of the pickle (of the whole; when ``streaming``, of each architecture).
    """

    cdef readonly str source
    cdef readonly bint finished  # the pickle's last opcode was read: `value` is there
    cdef readonly object value
    cdef readonly dict head  # what stands before `arch2infos` in a streamed pickle; None until that is reached
    cdef bint streaming
    cdef Py_ssize_t limit
    cdef Py_ssize_t offset  # in the pickle, of the first byte of `tail`
    cdef Py_ssize_t origin  # in the pickle, where the current architecture began
    cdef Py_ssize_t containers
    cdef bytes tail  # an opcode that still lacks bytes
    cdef list stack
    cdef Py_ssize_t marks[MAX_MARKS]
    cdef int depth
    cdef Py_ssize_t records_at  # where `arch2infos` lies on the stack, or -1
    cdef list recent  # the memo from `base` on
    cdef Py_ssize_t base
    cdef uint16_t *kept  # the memo below `base`
    cdef Py_ssize_t kept_capacity
    cdef dict apart  # memo entries below `base` that are no pooled strings
    cdef list pool  # equal strings become one object
    cdef Slot *slots
    cdef uint32_t slots_mask

    def __cinit__(self, str source, Py_ssize_t limit, bint streaming=False):
        self.source = source
        self.limit = limit
        self.streaming = streaming
        self.tail = b""
        self.stack = []
        self.records_at = -1
        self.recent = []
        self.apart = {}
        self.pool = []
        self.slots_mask = 2047
        self.slots = <Slot *>calloc(self.slots_mask + 1, sizeof(Slot))
        if self.slots == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.kept)
        free(self.slots)

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
        except UnicodeDecodeError as error:
            raise ArchiveError(f"{self.source}: a string of the pickle is not UTF-8: {error}") from None
        self.offset += at
        self.tail = data[at:] if at < size else b""
        if self.finished and self.tail:
            raise self.problem(0, f"{len(self.tail)} bytes or more follow the end of the pickle")
        if last and not self.finished:
            raise self.problem(len(self.tail), "the pickle is cut short")
        return done

    cdef object problem(self, Py_ssize_t at, str text):
        return ArchiveError(f"{self.source}: byte {self.offset + at} of the pickle: {text}")

    cdef object refusal(self, Py_ssize_t at, str text):
        return UnsafePickleError(
            f"{self.source}: byte {self.offset + at} of the pickle asks for {text}, which no archive contains"
        )

    cdef Py_ssize_t walk(self, const uint8_t *p, Py_ssize_t end, list done) except -1:
        """Executes all complete opcodes of ``p[:end]``; returns where the first incomplete one begins."""
        cdef list stack = self.stack
        cdef Py_ssize_t at = 0, body, size, height, low
        cdef uint8_t op
        cdef object item, member
        while at < end and not self.finished:
            op = p[at]
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
                raise self.problem(at, f"more than {self.limit:,} bytes, far above what archives hold")
            if size > end - body:
                break
            height = PyList_GET_SIZE(stack)

            if op == BINFLOAT:
                stack.append(big_endian_double(p + at + 1))
            elif op == SHORT_BINUNICODE or op == BINUNICODE or op == BINUNICODE8:
                stack.append(self.text(p + body, size))
            elif op == MEMOIZE:
                if height == 0:
                    raise self.problem(at, "nothing to memoize")
                self.recent.append(<object>PyList_GET_ITEM(stack, height - 1))
            elif op == BININT1:
                stack.append(p[at + 1])
            elif op == BINGET:
                stack.append(self.recall(at, p[at + 1]))
            elif op == LONG_BINGET:
                stack.append(self.recall(at, <Py_ssize_t>little_endian(p + at + 1, 4)))
            elif op == BININT2:
                stack.append(<long>little_endian(p + at + 1, 2))
            elif op == BININT:
                stack.append(<long><int><uint32_t>little_endian(p + at + 1, 4))
            elif op == LONG1:
                if size > 8:
                    raise self.problem(at, f"an integer of {size} bytes; at most 8 were expected")
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
                self.count_container(at)
                stack.append({})
                if self.streaming:
                    self.notice_records(at)
            elif op == EMPTY_LIST:
                self.count_container(at)
                stack.append([])
            elif op == EMPTY_SET:
                self.count_container(at)
                stack.append(set())
            elif op == EMPTY_TUPLE:
                stack.append(())
            elif op == MARK:
                if self.depth == MAX_MARKS:
                    raise self.problem(at, f"nested more than {MAX_MARKS} deep")
                self.marks[self.depth] = height
                self.depth += 1
            elif op == SETITEMS or op == APPENDS or op == ADDITEMS:
                low = self.pop_mark(at, 1)
                item = stack[low - 1]
                if op == SETITEMS:
                    self.set_items(at, low, height, done)
                elif op == APPENDS:
                    if type(item) is not list:
                        raise self.problem(at, f"items appended to a {type(item).__name__}")
                    self.check_values(at, low, height)
                    (<list>item).extend(PyList_GetSlice(stack, low, height))
                else:
                    if type(item) is not set:
                        raise self.problem(at, f"members added to a {type(item).__name__}")
                    for member in stack[low:]:
                        self.check_key(at, member)
                        (<set>item).add(member)
                PyList_SetSlice(stack, low, height, NULL)
            elif op == SETITEM or op == APPEND:
                low = height - (2 if op == SETITEM else 1)
                self.need(at, low - 1)
                if op == SETITEM:
                    self.set_items(at, low, height, done)
                else:
                    item = stack[low - 1]
                    if type(item) is not list:
                        raise self.problem(at, f"an item appended to a {type(item).__name__}")
                    self.check_values(at, low, height)
                    (<list>item).append(stack[low])
                PyList_SetSlice(stack, low, height, NULL)
            elif op == TUPLE or op == TUPLE1 or op == TUPLE2 or op == TUPLE3:
                self.count_container(at)
                low = self.pop_mark(at, 0) if op == TUPLE else height - (op - TUPLE1 + 1)
                self.need(at, low)
                self.check_values(at, low, height)
                item = tuple(PyList_GetSlice(stack, low, height))
                PyList_SetSlice(stack, low, height, NULL)
                stack.append(item)
            elif op == STACK_GLOBAL:
                self.need(at, height - 2)
                item = self.admitted(at, stack[height - 2], stack[height - 1])
                PyList_SetSlice(stack, height - 2, height, NULL)
                stack.append(item)
            elif op == GLOBAL or op == INST:
                item = p[body : body + size].decode("utf-8", "replace").split("\n")
                item = self.admitted(at, item[0], item[1])
                if op == INST:
                    raise self.refusal(at, "the opcode INST")
                stack.append(item)
            elif op == REDUCE:
                self.count_container(at)
                self.need(at, height - 2)
                item = self.reduced(at, stack[height - 2], stack[height - 1])
                PyList_SetSlice(stack, height - 2, height, NULL)
                stack.append(item)
                if self.streaming and type(item) is OrderedDict:
                    self.notice_records(at)
            elif op == BUILD:
                self.need(at, height - 2)
                self.check_dtype_state(at, stack[height - 2], stack[height - 1])
                PyList_SetSlice(stack, height - 1, height, NULL)
            elif op == BINPUT or op == LONG_BINPUT:
                self.need(at, height - 1)
                self.put(at, <Py_ssize_t>little_endian(p + at + 1, ARGUMENT[op]), stack[height - 1])
            elif op == PROTO:
                if p[at + 1] > 5:
                    raise self.problem(at, f"pickle protocol {p[at + 1]}; at most 5 was expected")
            elif op == FRAME:
                pass  # only tells a reader of files how much to fetch
            elif op == STOP:
                if height != 1 or self.depth != 0:
                    raise self.problem(at, "the pickle ends in the middle of an object")
                self.check_values(at, 0, 1)
                self.value = stack.pop()
                self.finished = True
            else:
                raise self.unknown_opcode(at, op)

            at = body + size
            height = PyList_GET_SIZE(stack)
            if height > MAX_STACK:
                raise self.problem(at, f"more than {MAX_STACK:,} objects in one container")
            if self.records_at >= 0 and self.depth == 2 and self.marks[1] == self.records_at + 1:
                # A third object on top of an index and its states: the next index, or the arguments that
                # make the states an OrderedDict.
                low = self.marks[1]
                if height == low + 3 and isinstance(stack[low + 1], dict):
                    self.hand_on(at, stack[low], stack[low + 1], done)
                    PyList_SetSlice(stack, low, low + 2, NULL)
        return at

    cdef object unknown_opcode(self, Py_ssize_t at, uint8_t op):
        import pickletools

        known = pickletools.code2op.get(chr(op))
        if known is None:
            return self.problem(at, f"0x{op:02x} is no pickle opcode: not a pickle, or a damaged one")
        return self.refusal(at, f"the opcode {known.name}")

    cdef Py_ssize_t name_size(self, const uint8_t *p, Py_ssize_t body, Py_ssize_t end) except -2:
        """Bytes of the two lines that name a global; -1 where more of the pickle has to be read first."""
        cdef Py_ssize_t reach = min(end - body, MAX_LINE)
        cdef const uint8_t *line = <const uint8_t *>memchr(p + body, 10, reach)
        if line != NULL:
            line = <const uint8_t *>memchr(line + 1, 10, reach - (line + 1 - (p + body)))
            if line != NULL:
                return line + 1 - (p + body)
        if reach == MAX_LINE:
            raise self.problem(body - 1, f"a name of more than {MAX_LINE} bytes")
        return -1

    cdef int need(self, Py_ssize_t at, Py_ssize_t low) except -1:
        """Objects from ``low`` on may be taken: they are there, and above the last mark."""
        if low < (self.marks[self.depth - 1] if self.depth else 0):
            raise self.problem(at, "the opcode needs more objects than there are")
        return 0

    cdef Py_ssize_t pop_mark(self, Py_ssize_t at, Py_ssize_t below) except -1:
        """Position above the last mark, which is removed; ``below`` objects must lie under it."""
        if self.depth == 0:
            raise self.problem(at, "the opcode needs a mark and there is none")
        self.depth -= 1
        cdef Py_ssize_t low = self.marks[self.depth]
        if low > PyList_GET_SIZE(self.stack):
            raise self.problem(at, "a mark above the stack")
        self.need(at, low - below)
        return low

    cdef int count_container(self, Py_ssize_t at) except -1:
        self.containers += 1
        if self.containers > MAX_CONTAINERS:
            raise self.problem(at, f"more than {MAX_CONTAINERS:,} containers, far above what archives hold")
        return 0

    cdef object text(self, const uint8_t *p, Py_ssize_t size):
        """A str; equal short ones are one object, which saves most of the time and memory."""
        if size > MAX_POOLED_LENGTH:
            return PyUnicode_DecodeUTF8(<const char *>p, size, NULL)
        cdef uint32_t hash = hash_bytes(p, size)
        cdef Slot *free_slot = NULL
        cdef Py_ssize_t position = self.find(p, size, hash, &free_slot)
        if position >= 0:
            return <object>PyList_GET_ITEM(self.pool, position)
        cdef str text = PyUnicode_DecodeUTF8(<const char *>p, size, NULL)
        if free_slot != NULL and PyList_GET_SIZE(self.pool) < MAX_POOL:
            self.pool.append(text)
            free_slot.hash = hash
            free_slot.entry = <uint32_t>PyList_GET_SIZE(self.pool)
            if 2 * <uint32_t>PyList_GET_SIZE(self.pool) > self.slots_mask:
                self.grow_slots()
        return text

    cdef Py_ssize_t find(self, const uint8_t *p, Py_ssize_t size, uint32_t hash, Slot **free_slot) except -2:
        """Position in the pool, or -1 and, where the probing met one, the slot that is free for it."""
        cdef Slot *slot
        cdef Py_ssize_t length = 0
        cdef const char *text
        cdef int probe
        for probe in range(MAX_PROBES):
            slot = &self.slots[(hash + <uint32_t>probe) & self.slots_mask]
            if slot.entry == 0:
                free_slot[0] = slot
                return -1
            if slot.hash == hash:
                text = PyUnicode_AsUTF8AndSize(<object>PyList_GET_ITEM(self.pool, slot.entry - 1), &length)
                if length == size and memcmp(text, p, size) == 0:
                    return slot.entry - 1
        return -1

    cdef int grow_slots(self) except -1:
        cdef Slot *old = self.slots
        cdef uint32_t old_size = self.slots_mask + 1, mask = 4 * old_size - 1, i
        cdef int probe
        cdef Slot *slots = <Slot *>calloc(mask + 1, sizeof(Slot))
        cdef Slot *slot
        if slots == NULL:
            raise MemoryError
        for i in range(old_size):
            if old[i].entry:
                for probe in range(MAX_PROBES):  # an entry that finds no place is merely not found again
                    slot = &slots[(old[i].hash + <uint32_t>probe) & mask]
                    if slot.entry == 0:
                        slot[0] = old[i]
                        break
        self.slots = slots
        self.slots_mask = mask
        free(old)
        return 0

    cdef object recall(self, Py_ssize_t at, Py_ssize_t index):
        cdef uint16_t entry
        if index < self.base:
            entry = self.kept[index]
            if entry == APART:
                return self.apart[index]
            if entry == DROPPED:
                raise self.problem(at, f"memo {index} is a container of an earlier architecture, not kept")
            return <object>PyList_GET_ITEM(self.pool, entry - 1)
        if index - self.base >= PyList_GET_SIZE(self.recent):
            raise self.problem(at, f"memo {index} is not there")
        return <object>PyList_GET_ITEM(self.recent, index - self.base)

    cdef int put(self, Py_ssize_t at, Py_ssize_t index, object item) except -1:
        cdef Py_ssize_t next_index = self.base + PyList_GET_SIZE(self.recent)
        if index == next_index:
            self.recent.append(item)
        elif self.base <= index < next_index:
            self.recent[index - self.base] = item
        else:
            raise self.problem(at, f"memo {index} is put out of order; {next_index} was expected")
        return 0

    cdef object admitted(self, Py_ssize_t at, object module, object name):
        if type(module) is not str or type(name) is not str:
            raise self.problem(at, "a global whose name is not text")
        found = ADMITTED.get((module, name))
        if found is None:
            raise self.refusal(at, f"{module}.{name}")
        return found

    cdef object reduced(self, Py_ssize_t at, object callee, object arguments):
        if type(callee) is not _Admitted or type(arguments) is not tuple:
            raise self.problem(at, f"a call of a {type(callee).__name__}")
        cdef tuple given = <tuple>arguments
        if callee is ORDERED_DICT:
            if len(given) == 0:
                return OrderedDict()
        elif callee is DTYPE:
            if len(given) in (1, 3) and type(given[0]) is str and all([type(flag) in (int, bool) for flag in given[1:]]):
                if given[0] in DTYPES:
                    return DTYPES[given[0]]
                raise self.refusal(at, f"the dtype {given[0]!r}")
        elif len(given) == 2 and isinstance(given[0], numpy.dtype) and type(given[1]) is bytes:
            if len(<bytes>given[1]) == given[0].itemsize:
                return numpy.frombuffer(given[1], given[0])[0]
        raise self.problem(at, f"unexpected arguments for {(<_Admitted>callee).name}")

    cdef int check_dtype_state(self, Py_ssize_t at, object target, object state) except -1:
        """The state that numpy writes for a plain numeric dtype changes nothing; any other is refused."""
        if not isinstance(target, numpy.dtype) or type(state) is not tuple:
            raise self.refusal(at, f"the state of a {type(target).__name__}")
        if (<tuple>state)[:1] != (3,) or (<tuple>state)[2:] != (None, None, None, -1, -1, 0):
            raise self.refusal(at, "a dtype with structure")
        order = (<tuple>state)[1]
        if type(order) is not str or order != numpy.dtype(target).newbyteorder("<").str[0]:
            raise self.refusal(at, f"a dtype of byte order {order!r}")
        return 0

    cdef int check_key(self, Py_ssize_t at, object key) except -1:
        """Keys are str, int, or tuples of these: what archives have, and what hashes without surprises."""
        if type(key) is not str and type(key) is not int and not is_plain_tuple(key):
            raise self.problem(at, f"a key of type {type(key).__name__}")
        return 0

    cdef int check_values(self, Py_ssize_t at, Py_ssize_t low, Py_ssize_t high) except -1:
        cdef Py_ssize_t i
        for i in range(low, high):
            if type(<object>PyList_GET_ITEM(self.stack, i)) is _Admitted:
                raise self.refusal(at, f"{(<_Admitted>self.stack[i]).name} as a value")
        return 0

    cdef int set_items(self, Py_ssize_t at, Py_ssize_t low, Py_ssize_t high, list done) except -1:
        cdef list stack = self.stack
        cdef object target = <object>PyList_GET_ITEM(stack, low - 1), key
        cdef bint exact = type(target) is dict
        cdef Py_ssize_t i
        if not exact and type(target) is not OrderedDict:
            raise self.problem(at, f"items set in a {type(target).__name__}")
        if (high - low) & 1:
            raise self.problem(at, "a key without a value")
        if low - 1 == self.records_at:
            for i in range(low, high, 2):
                self.hand_on(at, stack[i], stack[i + 1], done)
            return 0
        for i in range(low, high, 2):
            key = <object>PyList_GET_ITEM(stack, i)
            if type(key) is not str and type(key) is not int:
                self.check_key(at, key)
            if type(<object>PyList_GET_ITEM(stack, i + 1)) is _Admitted:
                self.check_values(at, i + 1, i + 2)
            if exact:
                PyDict_SetItem(target, key, <object>PyList_GET_ITEM(stack, i + 1))
            else:
                PyObject_SetItem(target, key, <object>PyList_GET_ITEM(stack, i + 1))
        return 0

    cdef int notice_records(self, Py_ssize_t at) except -1:
        """Notes the dict just pushed as ``arch2infos`` if it is that key's value in the outermost dict."""
        cdef Py_ssize_t top = PyList_GET_SIZE(self.stack) - 1
        if self.depth != 1 or self.marks[0] != 1 or top < 2 or top & 1:
            return 0
        if self.stack[top - 1] != "arch2infos" or not isinstance(self.stack[0], dict):
            return 0
        if self.records_at >= 0:
            raise self.problem(at, "arch2infos stands there twice")
        self.records_at = top
        cdef list before = self.stack[1 : top - 1]
        self.head = dict(zip(before[::2], before[1::2], strict=True))
        return 0

    cdef int hand_on(self, Py_ssize_t at, object index, object states, list done) except -1:
        if type(index) is not int or not isinstance(states, dict):
            raise self.problem(
                at, f"arch2infos has {index!r}: a {type(states).__name__}; an int and a dict were expected"
            )
        done.append((index, states))
        self.origin = self.offset + at
        self.containers = 0
        self.forget()
        return 0

    cdef int forget(self) except -1:
        """Moves the memo of a finished architecture to `kept`: 2 bytes an entry, without its containers."""
        cdef Py_ssize_t count = PyList_GET_SIZE(self.recent), needed = self.base + count, i
        cdef uint16_t *grown
        if needed > self.kept_capacity:
            self.kept_capacity = needed + needed // 4
            grown = <uint16_t *>realloc(self.kept, self.kept_capacity * sizeof(uint16_t))
            if grown == NULL:
                raise MemoryError
            self.kept = grown
        for i in range(count):
            self.kept[self.base + i] = self.keep(self.base + i, <object>PyList_GET_ITEM(self.recent, i))
        self.base = needed
        self.recent.clear()
        return 0

    cdef int keep(self, Py_ssize_t index, object item) except -1:
        cdef Py_ssize_t size = 0, position
        cdef const uint8_t *text
        cdef Slot *unused
        if type(item) is str:
            text = <const uint8_t *>PyUnicode_AsUTF8AndSize(item, &size)
            position = self.find(text, size, hash_bytes(text, size), &unused) if size <= MAX_POOLED_LENGTH else -1
            if position >= 0:
                return <int>position + 1
        elif not (is_plain_tuple(item) or isinstance(item, (_Admitted, numpy.generic, numpy.dtype))):
            return DROPPED
        self.apart[index] = item
        return APART
