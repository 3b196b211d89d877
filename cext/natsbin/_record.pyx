"""A record that was walked: whether others like it are known, and where its numbers go.

Its words have two parts: those of each trial (each value of a dict under ``all_results``), and the *outline*, which is
all else. In both, the architecture's string and its index are replaced by words of their own. So what a dict has for
equal words holds for all architectures.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcmp, memcpy

from natsbin._rows cimport Places
from natsbin._words cimport AN_INT, ARCHITECTURE, INDEX, LARGEST, SHIFT, TRIAL, Span, Words, room


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


@cython.final
cdef class WalkedRecord:
    """The record that a walker read last, until it reads on."""

    def __cinit__(self, Words words not None):
        self.words = words
        self.arch_index = words.named("arch_index")

    def __dealloc__(self):
        free(self.outline)

    cdef void clear(self) noexcept:
        self.trial_count = 0
        self.span = Span(0, 0, 0, 0)

    cdef bint add_trial(self, Span span) noexcept:
        """Notes where a trial is; False where there are too many, or it is within another."""
        if self.trial_count == MAX_TRIALS:
            return False
        if self.trial_count and span.word < self.trials[self.trial_count - 1].word_end:
            return False
        self.trials[self.trial_count] = span
        self.trial_count += 1
        return True

    def find(self, dict known not None, long long index, str arch not None):
        """What ``known`` has for the outline of the record, of the architecture ``arch`` with ``index``; else None."""
        cdef Py_ssize_t i, trial = 0, count = 0
        cdef uint32_t word, arch_word = self.words.named(arch), number = 0
        cdef uint32_t *words = self.words.word
        cdef bint has_number = -LARGEST <= index <= LARGEST
        if has_number:
            number = (<uint32_t>AN_INT << SHIFT) + <uint32_t>(index + LARGEST)
        room(
            <void **>&self.outline, &self.outline_room, self.span.word_end - self.span.word + 1, sizeof(uint32_t)
        )
        for i in range(self.span.word, self.span.word_end):
            if words[i] == arch_word:
                words[i] = <uint32_t>ARCHITECTURE << SHIFT
        i = self.span.word
        while i < self.span.word_end:
            if trial < self.trial_count and i == self.trials[trial].word:
                word = <uint32_t>TRIAL << SHIFT | words[i] >> SHIFT
                i = self.trials[trial].word_end
                trial += 1
            else:
                word = words[i]
                if has_number and word == number and count and self.outline[count - 1] == self.arch_index:
                    word = <uint32_t>INDEX << SHIFT
                i += 1
            self.outline[count] = word
            count += 1
        self.outline_count = count
        return found_in(known, self.outline, count)

    def find_trial(self, dict known not None, Py_ssize_t trial):
        """What ``known`` has for the words of a trial, else None; after ``find``."""
        cdef Span *span = self.trial(trial)
        return found_in(known, self.words.word + span.word, span.word_end - span.word)

    def remember(self, dict known not None, object value):
        """Let ``known`` have ``value`` for the outline that ``find`` looked for."""
        put_into(known, self.outline, self.outline_count, value)

    def remember_trial(self, dict known not None, Py_ssize_t trial, object value):
        """Let ``known`` have ``value`` for the words of a trial; after ``find``."""
        cdef Span *span = self.trial(trial)
        put_into(known, self.words.word + span.word, span.word_end - span.word, value)

    cdef Span *trial(self, Py_ssize_t trial) except NULL:
        if not 0 <= trial < self.trial_count:
            raise IndexError(f"trial {trial} of {self.trial_count}")
        return &self.trials[trial]

    def number_ranges(self):
        """Where the numbers of each trial start and end among the record's, and of the record itself, last."""
        cdef Py_ssize_t i
        cdef uint32_t first = self.span.number
        ranges = [(self.trials[i].number - first, self.trials[i].number_end - first) for i in range(self.trial_count)]
        return [*ranges, (0, self.span.number_end - first)]

    def take(self, dict records not None, long long index, str arch not None):
        """Puts the record's numbers where they belong, if its form and those of all its trials are known.

        Returns the form, or None, and then has put nothing anywhere. ``records`` has values (form, seeds of the
        trials, the trials that are known of each one's table), and of a known trial the value is a ``Places``.
        """
        cdef tuple record = self.find(records, index, arch)
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
            places.put(
                <int32_t>index, seeds[i], self.words.number + span.number, span.number_end - span.number
            )
        return form

    def build(self, str arch=None, bint numbered=False):
        """The record as objects; ``arch`` is the string that ``find`` was given.

        With ``numbered`` each float is its place among the record's numbers.
        """
        return self.words.build(self.span, arch, numbered)
