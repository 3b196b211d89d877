"""Words and numbers that stand for objects; see ``_words.pyx``."""

cimport cython
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport realloc
from libc.string cimport memcmp

from natsbin._memo cimport Pool

cdef enum:  # kinds of words, and of what lies on the walker's stack
    A_TEXT = 1, AN_INT = 2, A_PLAIN_TUPLE = 3  # these three may be keys
    A_TUPLE = 4, A_NONE = 5, A_BOOL = 6, A_FLOAT = 7, A_FLOAT64 = 8, A_LIST = 9, A_DICT = 10, AN_ORDERED = 11
    A_SET = 12
    LAST_VALUE = 12

cdef enum:  # kinds of words alone
    ITEMS = 13  # the payload is how many objects go into the container below them
    ARCHITECTURE = 14, INDEX = 15, TRIAL = 16

cdef enum:
    SHIFT = 27  # of a word's kind, above its payload
    PAYLOAD = (1 << SHIFT) - 1
    LARGEST = (1 << 26) - 1  # int in a word
    MAX_WORDS = 1 << 22
    MAX_TEXTS = 0xFFEF  # the memo keeps a text in 16 bits, see _walk_memo.pxd

cdef struct Span:  # of words and of numbers
    uint32_t word
    uint32_t word_end
    uint32_t number
    uint32_t number_end

cdef struct Text:  # of the pool
    const char *p
    Py_ssize_t size
    uint32_t next  # the string that followed it the last time, which is the first to be compared


cdef inline int room(void **array, Py_ssize_t *capacity, Py_ssize_t needed, size_t size) except -1:
    """Makes room for so many elements of ``size`` bytes, and as many more."""
    cdef void *grown
    if needed > capacity[0]:
        grown = realloc(array[0], 2 * needed * size)
        if grown == NULL:
            raise MemoryError
        array[0] = grown
        capacity[0] = 2 * needed
    return 0


@cython.final
cdef class Words:
    cdef Pool pool
    cdef Text *texts
    cdef Py_ssize_t text_count, text_room
    cdef uint32_t last_text
    cdef uint32_t *word
    cdef Py_ssize_t count, word_room
    cdef double *number
    cdef Py_ssize_t number_count, number_room
    cdef Py_ssize_t find_text(self, const uint8_t *p, Py_ssize_t size) except -2
    cdef uint32_t named(self, str text) except? 0
    cdef bint repeat(self, Span span) except -1
    cdef object build(self, Span span, str arch, bint numbered)

    cdef inline int add(self, uint32_t word) except -1:
        if self.count == self.word_room:
            room(<void **>&self.word, &self.word_room, self.count + 1, sizeof(uint32_t))
        self.word[self.count] = word
        self.count += 1
        return 0

    cdef inline int add_number(self, double value) except -1:
        if self.number_count == self.number_room:
            room(<void **>&self.number, &self.number_room, self.number_count + 1, sizeof(double))
        self.number[self.number_count] = value
        self.number_count += 1
        return 0

    cdef inline void cut(self, uint32_t word, uint32_t number) noexcept:
        """Drops all words and numbers from these on."""
        self.count, self.number_count = word, number

    cdef inline Py_ssize_t text(self, const uint8_t *p, Py_ssize_t size) except -2:
        """The payload of a string, or -1 as ``find_text``."""
        cdef Py_ssize_t position = self.texts[self.last_text].next
        if self.texts[position].size != size or memcmp(self.texts[position].p, p, size) != 0:
            position = self.find_text(p, size)
            if position < 0:
                return -1
            self.texts[self.last_text].next = <uint32_t>position
        self.last_text = <uint32_t>position
        return position
