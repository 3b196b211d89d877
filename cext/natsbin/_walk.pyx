"""Walks pickles of archives without making objects: opcodes become words and numbers.

Opcodes that say the same in other bytes give the same word (``natsbin._words``): a string and a reference to an equal
one, sizes of a length field, numpy's two names, and what protocol 2 has no opcodes for: bytes are a call of
``_codecs.encode``, sets one of ``__builtin__.set``. What does not change the object has no word (frames, memoizing).
Numbers of type float and numpy.float64 stand apart, in their order. So records with equal words differ in nothing but
these numbers, and what was found out about one of them (it passes all checks, this number goes to that column) holds
for all: ``natsbin._record``.

The walker admits less than ``natsbin._pickle``, and never more. On all else it gives up without an error; the
other then reads the pickle from its beginning, or says what is wrong with it.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memchr, memcmp, memmove

from natsbin._record cimport WalkedRecord
from natsbin._walk_memo cimport (
    A_DTYPE, BYTES_OF_8, DTYPE_CLASS, ENCODE_ARGUMENTS, ENCODE_FUNCTION, Entry, LATIN_OF_8, OPEN, ORDERED_CLASS,
    SCALAR_ARGUMENTS, SCALAR_FUNCTION, SET_CLASS, WalkMemo,
)
from natsbin._words cimport (
    A_BOOL, A_DICT, A_FLOAT, A_FLOAT64, A_LIST, A_NONE, A_PLAIN_TUPLE, A_SET, A_TEXT, A_TUPLE, AN_INT, AN_ORDERED,
    ITEMS, LARGEST, LAST_VALUE, MAX_WORDS, PAYLOAD, SHIFT, Span, Words, room,
)
from natsbin.bits cimport big_endian_double, from_bits, little_endian

cdef enum:  # opcodes
    MARK = 0x28, EMPTY_TUPLE = 0x29, STOP = 0x2E, BINBYTES = 0x42, SHORT_BINBYTES = 0x43, BINFLOAT = 0x47
    BININT = 0x4A, BININT1 = 0x4B, BININT2 = 0x4D, NONE = 0x4E, REDUCE = 0x52, BINUNICODE = 0x58
    EMPTY_LIST = 0x5D, APPEND = 0x61, BUILD = 0x62, GLOBAL = 0x63, APPENDS = 0x65, BINGET = 0x68, LONG_BINGET = 0x6A
    BINPUT = 0x71, LONG_BINPUT = 0x72, SETITEM = 0x73, TUPLE = 0x74, SETITEMS = 0x75, EMPTY_DICT = 0x7D
    PROTO = 0x80, TUPLE1 = 0x85, TUPLE2 = 0x86, TUPLE3 = 0x87, NEWTRUE = 0x88, NEWFALSE = 0x89
    SHORT_BINUNICODE = 0x8C, EMPTY_SET = 0x8F, ADDITEMS = 0x90, STACK_GLOBAL = 0x93, MEMOIZE = 0x94, FRAME = 0x95

cdef enum:
    MAX_MARKS = 64, MAX_CONTAINERS = 250_000, MAX_LINE = 256  # as natsbin._pickle
    MAX_ITEMS = 1 << 20
    NO_MEMO = -1, FETCHED = -2  # of Item.memo; to a container that was fetched, nothing is added

cdef struct Item:
    uint32_t kind
    uint32_t word  # where its words begin; they end where those of the object above it begin
    uint32_t number  # likewise
    uint32_t entry  # the memo's entries from here on came after it
    int32_t memo  # its recent entry, if it is a container
    bint holds_trials


@cython.final
cdef class Walker:
    """Walks one pickle after another, of one record each; or, when ``streaming``, of one benchmark file.

    ``limit`` bounds the bytes of a record's pickle. Words mean the same for all pickles of a walker.
    """

    cdef readonly bint gave_up
    cdef readonly bint finished  # the whole pickle was read
    cdef readonly bint has_record  # when streaming: `record` was read, which `feed` drops
    cdef readonly long long index  # of that record
    cdef readonly Py_ssize_t offset  # in the pickle, of the first byte that was not walked
    cdef readonly WalkedRecord record
    cdef bint streaming
    cdef Py_ssize_t limit
    cdef Py_ssize_t origin, containers  # where the record began, and how many containers it has made
    cdef bytes tail
    cdef Words words
    cdef WalkMemo memo
    cdef Item *stack
    cdef Py_ssize_t height, stack_room
    cdef Py_ssize_t marks[MAX_MARKS]
    cdef int depth
    cdef Py_ssize_t records_at  # as in natsbin._pickle
    cdef uint32_t all_results, arch2infos, f8, less, collections, ordered_dict, numpy_name, dtype_name
    cdef uint32_t multiarray, new_multiarray, scalar_name, codecs, encode, latin1, builtin, set_name

    def __cinit__(self, Py_ssize_t limit, bint streaming=False):
        self.limit = limit
        self.streaming = streaming
        self.words = Words()
        self.memo = WalkMemo()
        self.record = WalkedRecord(self.words)
        self.all_results, self.arch2infos, self.f8, self.less, self.collections = (
            self.words.named(text) for text in ("all_results", "arch2infos", "f8", "<", "collections")
        )
        self.ordered_dict, self.numpy_name, self.dtype_name, self.scalar_name, self.multiarray, self.new_multiarray = (
            self.words.named(text)
            for text in ("OrderedDict", "numpy", "dtype", "scalar", "numpy.core.multiarray", "numpy._core.multiarray")
        )
        self.codecs, self.encode, self.latin1, self.builtin, self.set_name = (
            self.words.named(text) for text in ("_codecs", "encode", "latin1", "__builtin__", "set")
        )
        self.clear()

    def __dealloc__(self):
        free(self.stack)

    cdef void clear(self) noexcept:
        self.gave_up = self.finished = self.has_record = False
        self.offset = self.origin = self.containers = 0
        self.tail = b""
        self.words.cut(0, 0)
        self.memo.clear()
        self.record.clear()
        self.height = self.depth = 0
        self.records_at = -1

    # -- walking --------------------------------------------------------------------------------------------

    def read(self, bytes data not None):
        """Walks a whole pickle of one record; whether it could. Forgets the one before."""
        self.clear()
        if PyBytes_GET_SIZE(data) > self.limit:
            self.gave_up = True
        else:
            self.walk(<const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        if self.gave_up or not self.finished or self.offset != PyBytes_GET_SIZE(data):
            self.gave_up = True
            return False
        self.record.span = self.span(0)
        return True

    def feed(self, bytes data not None):
        """Walks on, to the end of the next record or of all that is there; False if it gave up.

        To be called with b"" after each record, until none comes; and then with what follows. Once ``finished``,
        ``rest`` is what was fed after the end.
        """
        if self.has_record:
            self.drop_record()
        if self.tail:
            data = self.tail + data
        cdef Py_ssize_t before = self.offset
        self.walk(<const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        cdef Py_ssize_t used = self.offset - before
        self.tail = data[used:] if used else data
        return not self.gave_up

    @property
    def rest(self):
        return self.tail if self.finished else b""

    cdef inline int push(self, uint32_t kind, uint32_t payload) except -1:
        """An object on the stack, with its first word if it is a value."""
        cdef Item *item
        if self.height == self.stack_room:
            room(<void **>&self.stack, &self.stack_room, self.height + 1, sizeof(Item))
        item = &self.stack[self.height]
        item.kind, item.word, item.number = kind, <uint32_t>self.words.count, <uint32_t>self.words.number_count
        item.entry, item.memo, item.holds_trials = <uint32_t>self.memo.count, NO_MEMO, False
        self.height += 1
        if kind <= LAST_VALUE:
            self.words.add(kind << SHIFT | payload)
        return 0

    cdef inline int push_number(self, uint32_t kind, double value) except -1:
        self.push(kind, 0)
        self.words.add_number(value)
        return 0

    cdef int walk(self, const uint8_t *p, Py_ssize_t end) except -1:
        """Walks the complete opcodes of ``p[:end]``, which begins at ``offset``, and moves that on."""
        cdef Py_ssize_t start = self.offset, at = 0, body, size, low
        cdef uint8_t op
        cdef int64_t value
        cdef bint right
        while at < end and not (self.gave_up or self.finished or self.has_record):
            op = p[at]
            body = at + 1
            right = True
            if op == BINFLOAT:
                body += 8
                if body > end:
                    break
                self.push_number(A_FLOAT, big_endian_double(p + at + 1))
            elif op == SHORT_BINUNICODE or op == BINUNICODE:
                size = 1 if op == SHORT_BINUNICODE else 4
                body += size
                if body > end:
                    break
                size = <Py_ssize_t>little_endian(p + at + 1, size)
                if size > self.limit:
                    right = False
                elif size > end - body:
                    break
                elif self.height and self.stack[self.height - 1].kind == ENCODE_FUNCTION:
                    right = self.push_latin(p + body, size)
                else:
                    right = self.push_text(p + body, size)
                body += size
            elif op == MEMOIZE:
                right = self.memoize(self.memo.base + self.memo.count)
            elif op == BININT1 or op == BININT2 or op == BININT:
                size = 1 if op == BININT1 else 2 if op == BININT2 else 4
                body += size
                if body > end:
                    break
                value = <int64_t>little_endian(p + at + 1, size)
                if op == BININT:
                    value = <int32_t><uint32_t>value
                right = -LARGEST <= value <= LARGEST
                if right:
                    self.push(AN_INT, <uint32_t>(value + LARGEST))
            elif op == BINGET or op == LONG_BINGET or op == BINPUT or op == LONG_BINPUT:
                size = 1 if op == BINGET or op == BINPUT else 4
                body += size
                if body > end:
                    break
                value = <int64_t>little_endian(p + at + 1, size)
                right = self.fetch(value) if op == BINGET or op == LONG_BINGET else self.memoize(value)
            elif op == SETITEMS or op == APPENDS or op == ADDITEMS or op == SETITEM or op == APPEND:
                if op == SETITEM or op == APPEND:
                    low = self.height - (2 if op == SETITEM else 1)
                else:
                    low = self.pop_mark()
                right = self.add_items(low, op)
            elif op == EMPTY_DICT or op == EMPTY_LIST or op == EMPTY_SET:
                self.containers += 1
                self.push(A_DICT if op == EMPTY_DICT else A_LIST if op == EMPTY_LIST else A_SET, 0)
                if op == EMPTY_DICT:
                    right = self.notice()
            elif op == MARK:
                right = self.depth < MAX_MARKS
                if right:
                    self.marks[self.depth] = self.height
                    self.depth += 1
            elif op == NONE:
                self.push(A_NONE, 0)
            elif op == NEWTRUE or op == NEWFALSE:
                self.push(A_BOOL, op == NEWTRUE)
            elif op == EMPTY_TUPLE:
                self.push(A_PLAIN_TUPLE, 0)
            elif op == TUPLE or op == TUPLE1 or op == TUPLE2 or op == TUPLE3:
                self.containers += 1
                right = self.make_tuple(self.pop_mark() if op == TUPLE else self.height - (op - TUPLE1 + 1))
            elif op == SHORT_BINBYTES or op == BINBYTES:
                size = 1 if op == SHORT_BINBYTES else 4
                body += size
                if body > end:
                    break
                right = little_endian(p + at + 1, size) == 8
                if right:
                    if end - body < 8:
                        break
                    self.push_number(BYTES_OF_8, from_bits(little_endian(p + body, 8)))
                    body += 8
            elif op == STACK_GLOBAL:
                right = self.push_global()
            elif op == GLOBAL:
                size = self.push_named_global(p + body, end - body)
                if size == 0 and end - body < MAX_LINE:
                    break
                right = size > 0
                body += size
            elif op == REDUCE:
                self.containers += 1
                right = self.reduce()
            elif op == BUILD:
                right = self.build_dtype()
            elif op == PROTO:
                body += 1
                if body > end:
                    break
                right = p[at + 1] <= 5
            elif op == FRAME:
                body += 8
                if body > end:
                    break
            elif op == STOP:
                right = self.height == 1 and self.depth == 0 and self.stack[0].kind <= LAST_VALUE
                self.finished = right
            else:
                right = False
            at = body
            if (
                not right
                or self.words.count > MAX_WORDS
                or self.height > MAX_ITEMS
                or self.containers > MAX_CONTAINERS
                or start + at - self.origin > self.limit
            ):
                self.gave_up = True
            elif self.records_at >= 0 and self.depth == 2 and self.marks[1] == self.records_at + 1:
                # A third object on top of an index and its states, as in natsbin._pickle.
                low = self.marks[1]
                if self.height == low + 3 and self.stack[low + 1].kind in (A_DICT, AN_ORDERED):
                    if self.stack[low + 2].kind != A_TEXT:
                        self.gave_up = not self.hand_on(low)
        self.offset = start + at
        return 0

    cdef inline bint push_text(self, const uint8_t *p, Py_ssize_t size) except -1:
        cdef Py_ssize_t position = self.words.text(p, size)
        if position < 0:
            return False
        self.push(A_TEXT, <uint32_t>position)
        return True

    cdef bint push_latin(self, const uint8_t *p, Py_ssize_t size) except -1:
        """A text that ``_codecs.encode`` turns into bytes, of which there must be eight."""
        cdef uint64_t bits = 0
        cdef Py_ssize_t at = 0, count = 0
        while at < size:
            if count == 8:
                return False
            if p[at] < 0x80:
                bits |= <uint64_t>p[at] << (8 * count)
                at += 1
            elif (p[at] == 0xC2 or p[at] == 0xC3) and at + 1 < size and p[at + 1] & 0xC0 == 0x80:
                bits |= <uint64_t>((p[at] & 0x03) << 6 | p[at + 1] & 0x3F) << (8 * count)
                at += 2
            else:
                return False
            count += 1
        if count < 8:
            return False
        self.push_number(LATIN_OF_8, from_bits(bits))
        return True

    cdef inline bint memoize(self, Py_ssize_t place) except -1:
        cdef Item *item
        cdef Span span
        if self.height == 0 or place != self.memo.base + self.memo.count:
            return False
        item = &self.stack[self.height - 1]
        span = self.span(self.height - 1)
        if item.kind == A_TEXT:
            span.word = self.words.word[item.word]
        if A_LIST <= item.kind <= A_SET:
            span.word_end = OPEN
            if item.memo == NO_MEMO:
                item.memo = <int32_t>self.memo.count
        return self.memo.add(item.kind, span)

    cdef bint fetch(self, Py_ssize_t place) except -1:
        """A memo's entry on the stack: its words and numbers again."""
        cdef Entry entry
        if not self.memo.get(place, &entry):
            return False
        if entry.kind == A_TEXT:
            self.push(A_TEXT, entry.span.word & PAYLOAD)
            return True
        self.push(entry.kind, 0)
        if entry.kind > LAST_VALUE:
            return True
        self.words.count -= 1  # the words of the entry begin with this one, or take its place
        if not self.words.repeat(entry.span):
            return False
        if A_LIST <= entry.kind <= A_SET:
            self.stack[self.height - 1].memo = FETCHED
        return True

    cdef Py_ssize_t pop_mark(self) noexcept:
        """Position above the last mark, which is removed; below any object where there is none."""
        if self.depth == 0:
            return -1
        self.depth -= 1
        return self.marks[self.depth]

    cdef inline bint above_mark(self, Py_ssize_t low) noexcept:
        return low >= (self.marks[self.depth - 1] if self.depth else 0) and low <= self.height

    cdef inline Span span(self, Py_ssize_t i) noexcept:
        """The words and numbers of an object on the stack."""
        cdef Item *item = &self.stack[i]
        if i + 1 < self.height:
            return Span(item.word, item[1].word, item.number, item[1].number)
        return Span(item.word, <uint32_t>self.words.count, item.number, <uint32_t>self.words.number_count)

    cdef inline bint close(self, Py_ssize_t low) noexcept:
        """Ends all objects from ``low`` on, which go into another; whether all are values."""
        cdef Py_ssize_t i
        cdef Span span
        for i in range(low, self.height):
            if self.stack[i].kind > LAST_VALUE:
                return False
            if self.stack[i].memo >= 0:
                span = self.span(i)
                self.memo.close(self.stack[i].memo, span.word_end, span.number_end)
        return True

    cdef bint add_items(self, Py_ssize_t low, uint8_t op) except -1:
        """What lies from ``low`` on goes into the container below it."""
        cdef Py_ssize_t i, step
        cdef Item *target
        if low < 1 or low > self.height or not self.above_mark(low - 1):
            return False
        target = &self.stack[low - 1]
        if target.memo == FETCHED:
            return False
        if op == SETITEMS or op == SETITEM:
            if not (target.kind == A_DICT or target.kind == AN_ORDERED) or (self.height - low) & 1:
                return False
            step = 2
        else:
            if target.kind != <uint32_t>(A_SET if op == ADDITEMS else A_LIST):
                return False
            step = 1
        if not self.close(low):
            return False
        if target.kind != A_LIST:
            for i in range(low, self.height, step):
                if self.stack[i].kind > A_PLAIN_TUPLE:
                    return False
        if low - 1 == self.records_at:
            return self.height == low or (self.height == low + 2 and self.hand_on(low))
        if target.holds_trials and not self.add_trials(low):
            return False
        self.words.add(<uint32_t>ITEMS << SHIFT | <uint32_t>(self.height - low))
        self.height = low
        return True

    cdef bint add_trials(self, Py_ssize_t low) noexcept:
        """Notes the values of ``all_results`` from ``low`` on."""
        cdef Py_ssize_t i
        for i in range(low + 1, self.height, 2):
            if not self.record.add_trial(self.span(i)):
                return False
        return True

    cdef bint notice(self) noexcept:
        """Looks at what the dict just pushed is: ``all_results``, or ``arch2infos`` of a benchmark file."""
        cdef Py_ssize_t top = self.height - 1
        cdef uint32_t key
        if top < 1 or self.stack[top - 1].kind != A_TEXT:
            return True
        key = self.words.word[self.stack[top - 1].word]
        if key == self.all_results:
            self.stack[top].holds_trials = True
        elif self.streaming and key == self.arch2infos and self.depth == 1 and self.marks[0] == 1 and not top & 1:
            if self.records_at >= 0 or not (self.stack[0].kind == A_DICT or self.stack[0].kind == AN_ORDERED):
                return False
            self.records_at = top
            self.record.clear()
        return True

    cdef bint make_tuple(self, Py_ssize_t low) except -1:
        cdef Py_ssize_t i, count = self.height - low
        cdef Item *first
        cdef uint32_t kind = A_PLAIN_TUPLE
        if low < 0 or count < 0 or not self.above_mark(low):
            return False
        first = &self.stack[low]
        if count == 2 and first.kind == A_DTYPE and first[1].kind == BYTES_OF_8:
            first.kind, first.number = SCALAR_ARGUMENTS, first[1].number
            self.height -= 1
            return True
        if count == 2 and first.kind == LATIN_OF_8 and first[1].kind == A_TEXT:
            if self.words.word[first[1].word] != self.latin1:
                return False
            first.kind = ENCODE_ARGUMENTS
            self.words.count = first[1].word
            self.height -= 1
            return True
        if not self.close(low):
            return False
        for i in range(low, self.height):
            if self.stack[i].kind != A_TEXT and self.stack[i].kind != AN_INT:
                kind = A_TUPLE
        if count == 0:
            self.push(kind, 0)
            return True
        first.kind, first.memo, first.holds_trials = kind, NO_MEMO, False
        self.words.add(kind << SHIFT | <uint32_t>count)
        self.height = low + 1
        return True

    cdef Py_ssize_t push_named_global(self, const uint8_t *p, Py_ssize_t size) except -1:
        """A global that two lines name; returns how many bytes they have, 0 if it is unknown or they are not whole."""
        cdef Py_ssize_t reach = min(size, MAX_LINE), module, name
        cdef const uint8_t *line = <const uint8_t *>memchr(p, 10, reach)
        if line == NULL:
            return 0
        module = line - p
        line = <const uint8_t *>memchr(p + module + 1, 10, reach - module - 1)
        if line == NULL:
            return 0
        name = line - p - module - 1
        if not self.push_text(p, module) or not self.push_text(p + module + 1, name) or not self.push_global():
            self.gave_up = True
            return 0
        return module + name + 2

    cdef bint push_global(self) except -1:
        cdef Py_ssize_t low = self.height - 2
        cdef uint32_t module, name, kind
        if low < 0 or not self.above_mark(low) or self.stack[low].kind != A_TEXT or self.stack[low + 1].kind != A_TEXT:
            return False
        module, name = self.words.word[self.stack[low].word], self.words.word[self.stack[low + 1].word]
        if module == self.collections and name == self.ordered_dict:
            kind = ORDERED_CLASS
        elif module == self.numpy_name and name == self.dtype_name:
            kind = DTYPE_CLASS
        elif (module == self.multiarray or module == self.new_multiarray) and name == self.scalar_name:
            kind = SCALAR_FUNCTION
        elif module == self.codecs and name == self.encode:
            kind = ENCODE_FUNCTION
        elif module == self.builtin and name == self.set_name:
            kind = SET_CLASS
        else:
            return False
        self.words.count = self.stack[low].word
        self.height = low
        self.push(kind, 0)
        return True

    cdef void drop_from(self, Py_ssize_t low) noexcept:
        """Takes objects from the stack together with their words; nothing can refer to these any more."""
        self.memo.lose_words(self.stack[low].entry)
        self.words.cut(self.stack[low].word, self.stack[low].number)
        self.height = low

    cdef bint reduce(self) except -1:
        """A call: of OrderedDict without arguments, of dtype for "f8", of the function that makes a float64, or of
        what protocol 2 has for eight bytes and for sets."""
        cdef Py_ssize_t low = self.height - 2
        cdef Item *arguments
        cdef uint32_t *word
        cdef uint32_t kind
        cdef Py_ssize_t count
        cdef double value
        if low < 0 or not self.above_mark(low):
            return False
        kind, arguments = self.stack[low].kind, &self.stack[low + 1]
        word, count = self.words.word + arguments.word, self.words.count - arguments.word
        if kind == SCALAR_FUNCTION and arguments.kind == SCALAR_ARGUMENTS:
            value = self.words.number[arguments.number]
            self.drop_from(low)
            self.push_number(A_FLOAT64, value)
            return True
        if kind == ENCODE_FUNCTION and arguments.kind == ENCODE_ARGUMENTS:
            value = self.words.number[arguments.number]
            self.drop_from(low)
            self.push_number(BYTES_OF_8, value)
            return True
        if kind == SET_CLASS and arguments.kind == A_TUPLE and count > 1:
            return self.make_set(low)
        if kind == ORDERED_CLASS and count == 1 and word[0] == <uint32_t>A_PLAIN_TUPLE << SHIFT:
            self.drop_from(low)
            self.push(AN_ORDERED, 0)
            return self.notice()
        # The flags behind "f8" are of no effect, to natsbin._pickle too; so there are four words: that string, two
        # flags, a tuple.
        if kind == DTYPE_CLASS and count == 4 and word[0] == self.f8 and word[3] & PAYLOAD == 3:
            if word[3] >> SHIFT == A_TUPLE or word[3] >> SHIFT == A_PLAIN_TUPLE:
                self.drop_from(low)
                self.push(A_DTYPE, 0)
                return True
        return False

    cdef bint make_set(self, Py_ssize_t low) except -1:
        """The set of what is in a list of texts and numbers, which is the only argument."""
        cdef Py_ssize_t i, start = self.stack[low].word
        cdef uint32_t kind
        if self.words.word[self.words.count - 1] != (<uint32_t>A_TUPLE << SHIFT | 1):
            return False
        if self.words.word[start] != <uint32_t>A_LIST << SHIFT:
            return False
        for i in range(start + 1, self.words.count - 1):
            kind = self.words.word[i] >> SHIFT
            if kind != A_TEXT and kind != AN_INT and kind != ITEMS:
                return False
        self.memo.lose_words(self.stack[low].entry)
        self.words.word[start] = <uint32_t>A_SET << SHIFT
        self.words.count -= 1
        self.height = low + 1
        self.stack[low].kind = A_SET
        return True

    cdef bint build_dtype(self) except -1:
        """The state of a dtype, which must be that of a plain little-endian one."""
        cdef Py_ssize_t low = self.height - 2, start
        cdef uint32_t none = <uint32_t>A_NONE << SHIFT, integer = (<uint32_t>AN_INT << SHIFT) + LARGEST
        cdef uint32_t[9] plain
        if low < 0 or not self.above_mark(low) or self.stack[low].kind != A_DTYPE:
            return False
        plain = [
            integer + 3, self.less, none, none, none, integer - 1, integer - 1, integer,
            <uint32_t>A_TUPLE << SHIFT | 8,
        ]
        low += 1
        start = self.stack[low].word
        if self.words.count - start != 9 or memcmp(self.words.word + start, plain, 36) != 0:
            return False
        self.drop_from(low)
        return True

    # -- records of a benchmark file ------------------------------------------------------------------------

    cdef bint hand_on(self, Py_ssize_t low) noexcept:
        """Stops at a record: the index and the states from ``low`` on."""
        cdef uint32_t kind = self.stack[low + 1].kind
        if self.stack[low].kind != AN_INT or not (kind == A_DICT or kind == AN_ORDERED):
            return False
        self.index = <long long>(self.words.word[self.stack[low].word] & PAYLOAD) - LARGEST
        self.record.span = self.span(low + 1)
        self.has_record = True
        return True

    cdef int drop_record(self) except -1:
        """Forgets the record with what the memo has of it, but for strings and what numpy's numbers are made by."""
        cdef Py_ssize_t i, low = self.records_at + 1
        cdef Item *index = &self.stack[low]
        cdef Item *third = index + 2
        cdef bint has_third = self.height > low + 2
        cdef Py_ssize_t count = self.words.count - third.word if has_third else 0
        if not self.memo.forget():
            self.gave_up = True
            return 0
        if has_third:  # takes the place of the index
            memmove(
                self.words.word + index.word, self.words.word + third.word, count * sizeof(uint32_t)
            )
            third.word, third.number = index.word, index.number
        self.words.cut(index.word + <uint32_t>count, index.number)
        if has_third:
            index[0] = third[0]
        self.height = low + has_third
        for i in range(self.height):
            self.stack[i].memo, self.stack[i].entry = NO_MEMO, 0
        self.record.clear()
        self.containers = 0
        self.origin = self.offset
        self.has_record = False
        return 0

    def build(self):
        """Once ``finished``, all that the pickle of a benchmark file holds but its records."""
        return self.words.build(Span(0, <uint32_t>self.words.count, 0, <uint32_t>self.words.number_count), None, False)
