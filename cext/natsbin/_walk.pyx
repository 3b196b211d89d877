"""Walks pickles of archives without making objects: opcodes become words and numbers.

A word is 32 bits: what an opcode does, and a small payload. Opcodes that say the same in other bytes give the same
word: a string and a reference to an equal one, sizes of a length field, numpy's two names, and what protocol 2
has no opcodes for: bytes are a call of ``_codecs.encode``, sets one of ``__builtin__.set``. What does not
change the object has no word (frames, memoizing). Numbers of type float and numpy.float64 stand apart, in
their order. So records with equal words differ in nothing but these numbers, and what was found out about one of them
(it passes all checks, this number goes to that column) holds for all.

The words of a record have two parts: those of each trial (each value of a dict under ``all_results``), and the
*outline*, which is all else. In both, the architecture's string and its index are replaced by words of their own.

The walker admits less than ``natsbin._pickle``, and never more. On all else it gives up without an error; the
other then reads the pickle from its beginning, or says what is wrong with it.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_ITEM
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memchr, memcmp, memcpy, memmove

from natsbin._memo cimport Pool
from natsbin._rows cimport Places
from natsbin.bits cimport big_endian_double, from_bits, little_endian

from collections import OrderedDict

import numpy

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL

cdef enum:  # opcodes
    MARK = 0x28, EMPTY_TUPLE = 0x29, STOP = 0x2E, BINBYTES = 0x42, SHORT_BINBYTES = 0x43, BINFLOAT = 0x47
    BININT = 0x4A, BININT1 = 0x4B, BININT2 = 0x4D, NONE = 0x4E, REDUCE = 0x52, BINUNICODE = 0x58
    EMPTY_LIST = 0x5D, APPEND = 0x61, BUILD = 0x62, GLOBAL = 0x63, APPENDS = 0x65, BINGET = 0x68, LONG_BINGET = 0x6A
    BINPUT = 0x71, LONG_BINPUT = 0x72, SETITEM = 0x73, TUPLE = 0x74, SETITEMS = 0x75, EMPTY_DICT = 0x7D
    PROTO = 0x80, TUPLE1 = 0x85, TUPLE2 = 0x86, TUPLE3 = 0x87, NEWTRUE = 0x88, NEWFALSE = 0x89
    SHORT_BINUNICODE = 0x8C, EMPTY_SET = 0x8F, ADDITEMS = 0x90, STACK_GLOBAL = 0x93, MEMOIZE = 0x94, FRAME = 0x95

cdef enum:  # kinds of what lies on the stack; up to the last value also of words
    A_TEXT = 1, AN_INT = 2, A_PLAIN_TUPLE = 3  # these three may be keys
    A_TUPLE = 4, A_NONE = 5, A_BOOL = 6, A_FLOAT = 7, A_FLOAT64 = 8, A_LIST = 9, A_DICT = 10, AN_ORDERED = 11
    A_SET = 12
    LAST_VALUE = 12
    ORDERED_CLASS = 13, DTYPE_CLASS = 14, SCALAR_FUNCTION = 15, ENCODE_FUNCTION = 16, SET_CLASS = 17, A_DTYPE = 18
    BYTES_OF_8 = 19, SCALAR_ARGUMENTS = 20
    LATIN_OF_8 = 21, ENCODE_ARGUMENTS = 22  # a text of eight characters that stands for eight bytes

cdef enum:  # kinds of words alone
    ITEMS = 13  # the payload is how many objects go into the container below them
    ARCHITECTURE = 14, INDEX = 15, TRIAL = 16

cdef enum:
    SHIFT = 27  # of a word's kind, above its payload
    PAYLOAD = (1 << SHIFT) - 1
    LARGEST = (1 << 26) - 1  # int in a word
    MAX_MARKS = 64, MAX_CONTAINERS = 250_000, MAX_LINE = 256  # as natsbin._pickle
    MAX_WORDS = 1 << 22, MAX_ITEMS = 1 << 20, MAX_TRIALS = 1 << 12
    MAX_RECENT = 1 << 19, MAX_AVERAGE = 1 << 15, MAX_KEPT = 1 << 28  # as natsbin._memo
    KEPT_KINDS = 0xFFF0  # a kept memo entry from here on is a kind, below it 1 + a position in the pool
    OPEN = 0xFFFFFFFF

cdef struct Item:
    uint32_t kind
    uint32_t word  # where its words begin; they end where those of the object above it begin
    uint32_t number  # likewise
    uint32_t entry  # the memo's entries from here on came after it
    int32_t memo  # its entry in `recent`, -1 for none, -2 for a container that was fetched: nothing is added to it
    bint holds_trials

cdef struct Entry:  # of the memo
    uint32_t kind
    uint32_t word  # where the words begin; of a string the word itself
    uint32_t word_end  # OPEN where items may still be added, or where the words are gone
    uint32_t number
    uint32_t number_end

cdef struct Text:  # of the pool
    const char *p
    Py_ssize_t size
    uint32_t next  # the string that followed it the last time, which is the first to be compared

cdef struct Span:
    uint32_t word
    uint32_t word_end
    uint32_t number
    uint32_t number_end


cdef inline uint64_t hash_words(const uint32_t *words, Py_ssize_t count) noexcept nogil:
    cdef uint64_t value = <uint64_t>count, pair
    cdef Py_ssize_t i
    for i in range(0, count - 1, 2):
        memcpy(&pair, words + i, 8)
        value = (value ^ pair) * <uint64_t>0x9E3779B97F4A7C15
        value ^= value >> 32
    if count & 1:
        value = (value ^ words[count - 1]) * <uint64_t>0x9E3779B97F4A7C15
        value ^= value >> 32
    return value


cdef int room(void **array, Py_ssize_t *capacity, Py_ssize_t needed, size_t size) except -1:
    cdef void *grown
    if needed > capacity[0]:
        grown = realloc(array[0], 2 * needed * size)
        if grown == NULL:
            raise MemoryError
        array[0] = grown
        capacity[0] = 2 * needed
    return 0


@cython.final
cdef class Walker:
    """Walks one pickle after another, of one record each; or, when ``streaming``, of one benchmark file.

    ``limit`` bounds the bytes of a record's pickle. Words mean the same for all pickles of a walker.
    """

    cdef readonly bint gave_up
    cdef readonly bint finished  # the whole pickle was read; `build` gives what it holds
    cdef readonly bint has_record  # when streaming: a record was read, which `take` drops
    cdef readonly long long index  # of that record
    cdef bint streaming
    cdef Py_ssize_t limit
    cdef Pool pool
    cdef Text *texts
    cdef Py_ssize_t text_count, text_room
    cdef uint32_t last_text
    cdef readonly Py_ssize_t offset  # in the pickle, of the first byte that was not walked
    cdef Py_ssize_t origin, containers
    cdef bytes tail
    cdef uint32_t *words
    cdef Py_ssize_t word_count, word_room
    cdef double *numbers
    cdef Py_ssize_t number_count, number_room
    cdef Item *stack
    cdef Py_ssize_t height, stack_room
    cdef Entry *recent  # memo entries from `base` on
    cdef Py_ssize_t recent_count, recent_room, base
    cdef uint16_t *kept  # those below
    cdef Py_ssize_t kept_room, dropped  # how many records were
    cdef Py_ssize_t marks[MAX_MARKS]
    cdef int depth
    cdef Span trials[MAX_TRIALS]
    cdef Py_ssize_t trial_count
    cdef Py_ssize_t records_at  # as in natsbin._pickle
    cdef Span record  # of `index`
    cdef uint32_t *outline
    cdef Py_ssize_t outline_count, outline_room
    cdef uint32_t all_results, arch2infos, arch_index, f8, less, collections, ordered_dict, numpy_name, dtype_name
    cdef uint32_t multiarray, new_multiarray, scalar_name, codecs, encode, latin1, builtin, set_name

    def __cinit__(self, Py_ssize_t limit, bint streaming=False):
        self.limit = limit
        self.streaming = streaming
        self.pool = Pool()
        self.all_results, self.arch2infos, self.arch_index, self.f8, self.less, self.collections = (
            self.named(text) for text in ("all_results", "arch2infos", "arch_index", "f8", "<", "collections")
        )
        self.ordered_dict, self.numpy_name, self.dtype_name, self.scalar_name, self.multiarray, self.new_multiarray = (
            self.named(text)
            for text in ("OrderedDict", "numpy", "dtype", "scalar", "numpy.core.multiarray", "numpy._core.multiarray")
        )
        self.codecs, self.encode, self.latin1, self.builtin, self.set_name = (
            self.named(text) for text in ("_codecs", "encode", "latin1", "__builtin__", "set")
        )
        self.clear()

    def __dealloc__(self):
        free(self.texts)
        free(self.words)
        free(self.numbers)
        free(self.stack)
        free(self.recent)
        free(self.kept)
        free(self.outline)

    cdef void clear(self) noexcept:
        self.gave_up = self.finished = self.has_record = False
        self.offset = self.origin = self.containers = self.dropped = 0
        self.tail = b""
        self.word_count = self.number_count = self.height = self.recent_count = self.base = 0
        self.depth = 0
        self.trial_count = 0
        self.records_at = -1

    cdef uint32_t named(self, str text) except? 0:
        """The word of a string; raises ValueError where it has none."""
        cdef bytes encoded = text.encode()
        cdef Py_ssize_t position = self.find_text(
            <const uint8_t *>PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded)
        )
        if position < 0:
            raise ValueError(f"no room for the string {text!r:.80}")
        return <uint32_t>A_TEXT << SHIFT | <uint32_t>position

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
        self.record = Span(0, <uint32_t>self.word_count, 0, <uint32_t>self.number_count)
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
        item.kind, item.word, item.number = kind, <uint32_t>self.word_count, <uint32_t>self.number_count
        item.entry, item.memo, item.holds_trials = <uint32_t>self.recent_count, -1, False
        self.height += 1
        if kind <= LAST_VALUE:
            self.add_word(kind << SHIFT | payload)
        return 0

    cdef inline int add_word(self, uint32_t word) except -1:
        if self.word_count == self.word_room:
            room(<void **>&self.words, &self.word_room, self.word_count + 1, sizeof(uint32_t))
        self.words[self.word_count] = word
        self.word_count += 1
        return 0

    cdef inline int push_number(self, uint32_t kind, double value) except -1:
        if self.number_count == self.number_room:
            room(<void **>&self.numbers, &self.number_room, self.number_count + 1, sizeof(double))
        self.push(kind, 0)
        self.numbers[self.number_count] = value
        self.number_count += 1
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
                right = self.memoize(self.base + self.recent_count)
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
                or self.word_count > MAX_WORDS
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
        cdef Py_ssize_t position = self.texts[self.last_text].next
        if self.texts[position].size != size or memcmp(self.texts[position].p, p, size) != 0:
            position = self.find_text(p, size)
            if position < 0:
                return False
            self.texts[self.last_text].next = <uint32_t>position
        self.last_text = <uint32_t>position
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

    cdef Py_ssize_t find_text(self, const uint8_t *p, Py_ssize_t size) except -2:
        """Where the pool has a string, or -1 where it has no room or the bytes are no text."""
        cdef Py_ssize_t position, length = 0
        cdef Text *text
        try:
            position = self.pool.intern(p, size)
        except UnicodeDecodeError:
            return -1
        if position < 0 or position >= KEPT_KINDS - 1:
            return -1
        if position >= self.text_count:
            room(<void **>&self.texts, &self.text_room, position + 1, sizeof(Text))
            for i in range(self.text_count, position + 1):
                text = &self.texts[i]
                text.p = PyUnicode_AsUTF8AndSize(<object>PyList_GET_ITEM(self.pool.strings, i), &length)
                text.size, text.next = length, 0
            self.text_count = position + 1
        return position

    cdef inline bint memoize(self, Py_ssize_t place) except -1:
        cdef Item *item
        cdef Entry *entry
        if self.height == 0 or place != self.base + self.recent_count:
            return False
        if self.recent_count == self.recent_room:
            if self.recent_count >= MAX_RECENT:
                return False
            room(<void **>&self.recent, &self.recent_room, self.recent_count + 1, sizeof(Entry))
        item = &self.stack[self.height - 1]
        entry = &self.recent[self.recent_count]
        entry.kind, entry.word, entry.number = item.kind, item.word, item.number
        entry.word_end, entry.number_end = <uint32_t>self.word_count, <uint32_t>self.number_count
        if item.kind == A_TEXT:
            entry.word = self.words[item.word]
        if A_LIST <= item.kind <= A_SET:
            entry.word_end = OPEN
            if item.memo == -1:
                item.memo = <int32_t>self.recent_count
        self.recent_count += 1
        return True

    cdef bint fetch(self, Py_ssize_t place) except -1:
        """A memo's entry on the stack: its words and numbers again."""
        cdef Entry entry
        cdef uint32_t kept, count
        if not 0 <= place < self.base + self.recent_count:
            return False
        if place < self.base:
            kept = self.kept[place]
            if kept == 0:
                return False
            if kept >= KEPT_KINDS:
                self.push(kept - KEPT_KINDS + ORDERED_CLASS, 0)
            else:
                self.push(A_TEXT, kept - 1)
            return True
        entry = self.recent[place - self.base]
        if entry.kind == A_TEXT:
            self.push(A_TEXT, entry.word & PAYLOAD)
            return True
        if ORDERED_CLASS <= entry.kind <= A_DTYPE:
            self.push(entry.kind, 0)
            return True
        if entry.kind > LAST_VALUE or entry.word_end == OPEN:
            return False
        self.push(entry.kind, 0)
        self.word_count -= 1  # the words of the entry begin with this one, or take its place
        count = entry.word_end - entry.word
        if self.word_count + count > MAX_WORDS:
            return False
        room(<void **>&self.words, &self.word_room, self.word_count + count, sizeof(uint32_t))
        memcpy(self.words + self.word_count, self.words + entry.word, count * sizeof(uint32_t))
        self.word_count += count
        count = entry.number_end - entry.number
        if count:
            room(<void **>&self.numbers, &self.number_room, self.number_count + count, sizeof(double))
            memcpy(self.numbers + self.number_count, self.numbers + entry.number, count * sizeof(double))
            self.number_count += count
        if A_LIST <= entry.kind <= A_SET:
            self.stack[self.height - 1].memo = -2
        return True

    cdef Py_ssize_t pop_mark(self) noexcept:
        """Position above the last mark, which is removed; below any object where there is none."""
        if self.depth == 0:
            return -1
        self.depth -= 1
        return self.marks[self.depth]

    cdef inline bint above_mark(self, Py_ssize_t low) noexcept:
        return low >= (self.marks[self.depth - 1] if self.depth else 0) and low <= self.height

    cdef inline bint close(self, Py_ssize_t low) noexcept:
        """Ends all objects from ``low`` on, which go into another; whether all are values."""
        cdef Py_ssize_t i
        cdef Item *item
        cdef Entry *entry
        for i in range(low, self.height):
            item = &self.stack[i]
            if item.kind > LAST_VALUE:
                return False
            if item.memo >= 0:
                entry = &self.recent[item.memo]
                entry.word_end = item[1].word if i + 1 < self.height else <uint32_t>self.word_count
                entry.number_end = item[1].number if i + 1 < self.height else <uint32_t>self.number_count
        return True

    cdef bint add_items(self, Py_ssize_t low, uint8_t op) except -1:
        """What lies from ``low`` on goes into the container below it."""
        cdef Py_ssize_t i, step
        cdef Item *target
        if low < 1 or low > self.height or not self.above_mark(low - 1):
            return False
        target = &self.stack[low - 1]
        if target.memo == -2:
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
        self.add_word(<uint32_t>ITEMS << SHIFT | <uint32_t>(self.height - low))
        self.height = low
        return True

    cdef bint add_trials(self, Py_ssize_t low) noexcept:
        """Notes the values of ``all_results`` from ``low`` on."""
        cdef Py_ssize_t i
        cdef Span *span
        for i in range(low + 1, self.height, 2):
            if self.trial_count == MAX_TRIALS:
                return False
            span = &self.trials[self.trial_count]
            span.word, span.number = self.stack[i].word, self.stack[i].number
            span.word_end = self.stack[i + 1].word if i + 1 < self.height else <uint32_t>self.word_count
            span.number_end = self.stack[i + 1].number if i + 1 < self.height else <uint32_t>self.number_count
            if self.trial_count and span.word < self.trials[self.trial_count - 1].word_end:
                return False  # one within another
            self.trial_count += 1
        return True

    cdef bint notice(self) noexcept:
        """Looks at what the dict just pushed is: ``all_results``, or ``arch2infos`` of a benchmark file."""
        cdef Py_ssize_t top = self.height - 1
        cdef uint32_t key
        if top < 1 or self.stack[top - 1].kind != A_TEXT:
            return True
        key = self.words[self.stack[top - 1].word]
        if key == self.all_results:
            self.stack[top].holds_trials = True
        elif self.streaming and key == self.arch2infos and self.depth == 1 and self.marks[0] == 1 and not top & 1:
            if self.records_at >= 0 or not (self.stack[0].kind == A_DICT or self.stack[0].kind == AN_ORDERED):
                return False
            self.records_at = top
            self.trial_count = 0
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
            if self.words[first[1].word] != self.latin1:
                return False
            first.kind = ENCODE_ARGUMENTS
            self.word_count = first[1].word
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
        first.kind, first.memo, first.holds_trials = kind, -1, False
        self.add_word(kind << SHIFT | <uint32_t>count)
        self.height = low + 1
        return True

    cdef Py_ssize_t push_named_global(self, const uint8_t *p, Py_ssize_t size) except -1:
        """A global that two lines name; returns how many bytes they have, 0 where it is unknown or they are not whole."""
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
        module, name = self.words[self.stack[low].word], self.words[self.stack[low + 1].word]
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
        self.word_count = self.stack[low].word
        self.height = low
        self.push(kind, 0)
        return True

    cdef void drop_from(self, Py_ssize_t low) noexcept:
        """Takes objects from the stack together with their words; nothing can refer to these any more."""
        cdef Py_ssize_t i
        for i in range(self.stack[low].entry, self.recent_count):
            if self.recent[i].kind != A_TEXT:
                self.recent[i].word_end = OPEN
        self.word_count, self.number_count = self.stack[low].word, self.stack[low].number
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
        word, count = self.words + arguments.word, self.word_count - arguments.word
        if kind == SCALAR_FUNCTION and arguments.kind == SCALAR_ARGUMENTS:
            value = self.numbers[arguments.number]
            self.drop_from(low)
            self.push_number(A_FLOAT64, value)
            return True
        if kind == ENCODE_FUNCTION and arguments.kind == ENCODE_ARGUMENTS:
            value = self.numbers[arguments.number]
            self.drop_from(low)
            self.push_number(BYTES_OF_8, value)
            return True
        if kind == SET_CLASS and arguments.kind == A_TUPLE and count > 1:
            return self.make_set(low)
        if kind == ORDERED_CLASS and count == 1 and word[0] == <uint32_t>A_PLAIN_TUPLE << SHIFT:
            self.drop_from(low)
            self.push(AN_ORDERED, 0)
            return self.notice()
        # The flags behind "f8" are of no effect, to natsbin._pickle too; four words are that string, two flags, a tuple.
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
        if self.words[self.word_count - 1] != (<uint32_t>A_TUPLE << SHIFT | 1):
            return False
        if self.words[start] != <uint32_t>A_LIST << SHIFT:
            return False
        for i in range(start + 1, self.word_count - 1):
            kind = self.words[i] >> SHIFT
            if kind != A_TEXT and kind != AN_INT and kind != ITEMS:
                return False
        for i in range(self.stack[low].entry, self.recent_count):
            if self.recent[i].kind != A_TEXT:
                self.recent[i].word_end = OPEN
        self.words[start] = <uint32_t>A_SET << SHIFT
        self.word_count -= 1
        self.height = low + 1
        self.stack[low].kind = A_SET
        return True

    cdef bint build_dtype(self) except -1:
        """The state of a dtype, which must be that of a plain little-endian one."""
        cdef Py_ssize_t low = self.height - 2
        cdef uint32_t none = <uint32_t>A_NONE << SHIFT, integer = (<uint32_t>AN_INT << SHIFT) + LARGEST
        cdef uint32_t[9] plain
        if low < 0 or not self.above_mark(low) or self.stack[low].kind != A_DTYPE:
            return False
        plain = [
            integer + 3, self.less, none, none, none, integer - 1, integer - 1, integer,
            <uint32_t>A_TUPLE << SHIFT | 8,
        ]
        low += 1
        if self.word_count - self.stack[low].word != 9 or memcmp(self.words + self.stack[low].word, plain, 36) != 0:
            return False
        self.drop_from(low)
        return True

    # -- records of a benchmark file ------------------------------------------------------------------------

    cdef bint hand_on(self, Py_ssize_t low) noexcept:
        """Stops at a record: the index and the states from ``low`` on."""
        cdef Item *states = &self.stack[low + 1]
        if self.stack[low].kind != AN_INT or not (states.kind == A_DICT or states.kind == AN_ORDERED):
            return False
        self.index = <long long>(self.words[self.stack[low].word] & PAYLOAD) - LARGEST
        self.record = Span(states.word, <uint32_t>self.word_count, states.number, <uint32_t>self.number_count)
        if self.height > low + 2:
            self.record.word_end, self.record.number_end = states[1].word, states[1].number
        self.has_record = True
        return True

    cdef int drop_record(self) except -1:
        """Forgets the record with what the memo has of it, but for strings and what numpy's numbers are made by."""
        cdef Py_ssize_t i, low = self.records_at + 1
        cdef Entry *entry
        cdef uint32_t kept, gone
        cdef Item third
        self.dropped += 1
        if self.base + self.recent_count > min(MAX_KEPT, MAX_RECENT + MAX_AVERAGE * self.dropped):
            self.gave_up = True
            return 0
        room(<void **>&self.kept, &self.kept_room, self.base + self.recent_count, sizeof(uint16_t))
        for i in range(self.recent_count):
            entry = &self.recent[i]
            kept = 0
            if entry.kind == A_TEXT:
                kept = (entry.word & PAYLOAD) + 1
            elif ORDERED_CLASS <= entry.kind <= A_DTYPE:
                kept = KEPT_KINDS + entry.kind - ORDERED_CLASS
            self.kept[self.base + i] = <uint16_t>kept
        self.base += self.recent_count
        self.recent_count = 0
        if self.height > low + 2:
            third = self.stack[low + 2]
            gone = third.word - self.stack[low].word
            memmove(
                self.words + self.stack[low].word,
                self.words + third.word,
                (self.word_count - third.word) * sizeof(uint32_t),
            )
            self.word_count -= gone
            third.word = self.stack[low].word
            self.number_count = third.number = self.stack[low].number
            self.stack[low] = third
            self.height = low + 1
        else:
            self.word_count, self.number_count = self.stack[low].word, self.stack[low].number
            self.height = low
        for i in range(self.height):
            self.stack[i].memo, self.stack[i].entry = -1, 0
        self.trial_count = 0
        self.containers = 0
        self.origin = self.offset
        self.has_record = False
        return 0

    # -- what a record is -----------------------------------------------------------------------------------

    def find_record(self, dict known not None, long long index, str arch not None):
        """What ``known`` has for the outline of the record, of the architecture ``arch`` with ``index``; else None."""
        cdef Py_ssize_t i = self.record.word, trial = 0, count = 0
        cdef uint32_t word, arch_word = self.named(arch), number = 0
        cdef bint has_number = -LARGEST <= index <= LARGEST
        if has_number:
            number = (<uint32_t>AN_INT << SHIFT) + <uint32_t>(index + LARGEST)
        room(
            <void **>&self.outline,
            &self.outline_room,
            self.record.word_end - self.record.word + 1,
            sizeof(uint32_t),
        )
        for i in range(self.record.word, self.record.word_end):
            if self.words[i] == arch_word:
                self.words[i] = <uint32_t>ARCHITECTURE << SHIFT
        i = self.record.word
        while i < self.record.word_end:
            if trial < self.trial_count and i == self.trials[trial].word:
                word = <uint32_t>TRIAL << SHIFT | self.words[i] >> SHIFT
                i = self.trials[trial].word_end
                trial += 1
            else:
                word = self.words[i]
                if has_number and word == number and count and self.outline[count - 1] == self.arch_index:
                    word = <uint32_t>INDEX << SHIFT
                i += 1
            self.outline[count] = word
            count += 1
        self.outline_count = count
        return found_in(known, self.outline, count)

    def find_trial(self, dict known not None, Py_ssize_t trial):
        """What ``known`` has for the words of a trial of the record, else None; after ``find_record``."""
        cdef Span *span = self.trial(trial)
        return found_in(known, self.words + span.word, span.word_end - span.word)

    def remember_record(self, dict known not None, object value):
        """Let ``known`` have ``value`` for the record's outline."""
        put_into(known, self.outline, self.outline_count, value)

    def remember_trial(self, dict known not None, Py_ssize_t trial, object value):
        """Let ``known`` have ``value`` for the words of a trial."""
        cdef Span *span = self.trial(trial)
        put_into(known, self.words + span.word, span.word_end - span.word, value)

    cdef Span *trial(self, Py_ssize_t trial) except NULL:
        if not 0 <= trial < self.trial_count:
            raise IndexError(f"trial {trial} of {self.trial_count}")
        return &self.trials[trial]

    def number_ranges(self):
        """Where the numbers of each trial start and end among the record's, and of the record itself, last."""
        cdef Py_ssize_t i
        cdef uint32_t first = self.record.number
        ranges = [(self.trials[i].number - first, self.trials[i].number_end - first) for i in range(self.trial_count)]
        return [*ranges, (0, self.record.number_end - first)]

    def take(self, dict records not None, long long index, str arch not None):
        """Puts the record's numbers where they belong, if its form and those of all its trials are known.

        Returns the form, or None, and then has put nothing anywhere. ``records`` has values (form, seeds of the
        trials, the trials that are known of each one's table), and of a known trial the value is a ``Places``.
        """
        cdef tuple record = self.find_record(records, index, arch)
        cdef list found = []
        cdef Py_ssize_t i
        cdef Span *span
        cdef Places places
        if record is None:
            return None
        form, seeds, known = record
        if len(seeds) != self.trial_count:
            raise ValueError(f"{self.trial_count} trials, {len(seeds)} were expected")
        for i in range(self.trial_count):
            one = self.find_trial(known[i], i)
            if type(one) is not Places:
                return None
            found.append(one)
        for i in range(self.trial_count):
            span, places = &self.trials[i], <Places>found[i]
            places.put(<int32_t>index, seeds[i], self.numbers + span.number, span.number_end - span.number)
        return form

    def build(self, str arch=None, bint numbered=False):
        """The record as objects; or, once ``finished``, all that a benchmark file holds but its records.

        ``arch`` is the string that ``find_record`` was given. With ``numbered`` each float is its place among
        the record's numbers.
        """
        cdef Py_ssize_t i, number, first
        cdef Py_ssize_t word_end = self.word_count
        cdef uint32_t kind, payload
        cdef list stack = [], items
        if self.has_record or not self.streaming:
            i, word_end, first = self.record.word, self.record.word_end, self.record.number
        else:
            i, first = 0, 0
        number = first
        while i < word_end:
            kind, payload = self.words[i] >> SHIFT, self.words[i] & PAYLOAD
            i += 1
            if kind == A_FLOAT or kind == A_FLOAT64:
                item = <double>(number - first) if numbered else self.numbers[number]
                number += 1
                stack.append(item if kind == A_FLOAT else numpy.float64(item))
            elif kind == A_TEXT:
                stack.append(self.pool.strings[payload])
            elif kind == AN_INT:
                stack.append(<long long>payload - LARGEST)
            elif kind == ARCHITECTURE:
                stack.append(arch)
            elif kind == A_NONE:
                stack.append(None)
            elif kind == A_BOOL:
                stack.append(payload == 1)
            elif kind == A_DICT:
                stack.append({})
            elif kind == AN_ORDERED:
                stack.append(OrderedDict())
            elif kind == A_LIST:
                stack.append([])
            elif kind == A_SET:
                stack.append(set())
            else:
                items = stack[len(stack) - payload :]
                del stack[len(stack) - payload :]
                if kind == A_TUPLE or kind == A_PLAIN_TUPLE:
                    stack.append(tuple(items))
                    continue
                item = stack[len(stack) - 1]
                if type(item) is list:
                    item.extend(items)
                elif type(item) is set:
                    item.update(items)
                else:
                    item.update(zip(items[::2], items[1::2]))
        (item,) = stack
        return item


cdef object found_in(dict known, const uint32_t *words, Py_ssize_t count):
    cdef bytes text
    for text, value in known.get(hash_words(words, count), ()):
        if PyBytes_GET_SIZE(text) == 4 * count and memcmp(PyBytes_AS_STRING(text), words, 4 * count) == 0:
            return value
    return None


cdef int put_into(dict known, const uint32_t *words, Py_ssize_t count, object value) except -1:
    cdef bytes text = PyBytes_FromStringAndSize(<const char *>words, 4 * count)
    known.setdefault(hash_words(words, count), []).append((text, value))
    return 0
