"""Words and numbers that stand for objects, and the objects that they stand for.

A word is 32 bits: its kind, and a small payload. That of a string is its number among all strings of a walker, that of
an int is its value, that of a tuple is how many of the objects before it are its items. The word of a container stands
before its items, and after each group of these is one that says how many they are. Floats are numbers apart, in their
order; their words say the type only.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_ITEM
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from natsbin._memo cimport Pool

from collections import OrderedDict

import numpy

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL


@cython.final
cdef class Words:
    """Grows by words and numbers; strings keep their words when these are dropped."""

    def __cinit__(self):
        self.pool = Pool()

    def __dealloc__(self):
        free(self.texts)
        free(self.word)
        free(self.number)

    cdef uint32_t named(self, str text) except? 0:
        """The word of a string; raises ValueError where it has none."""
        cdef bytes encoded = text.encode()
        cdef Py_ssize_t position = self.find_text(
            <const uint8_t *>PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded)
        )
        if position < 0:
            raise ValueError(f"no room for the string {text!r:.80}")
        return <uint32_t>A_TEXT << SHIFT | <uint32_t>position

    cdef Py_ssize_t find_text(self, const uint8_t *p, Py_ssize_t size) except -2:
        """Where the pool has a string, or -1 where it has no room or the bytes are no text."""
        cdef Py_ssize_t position, length = 0
        cdef Text *text
        try:
            position = self.pool.intern(p, size)
        except UnicodeDecodeError:
            return -1
        if position < 0 or position >= MAX_TEXTS:
            return -1
        if position >= self.text_count:
            room(<void **>&self.texts, &self.text_room, position + 1, sizeof(Text))
            for i in range(self.text_count, position + 1):
                text = &self.texts[i]
                text.p = PyUnicode_AsUTF8AndSize(<object>PyList_GET_ITEM(self.pool.strings, i), &length)
                text.size, text.next = length, 0
            self.text_count = position + 1
        return position

    cdef bint repeat(self, Span span) except -1:
        """Adds the words and numbers of ``span`` again; False where that would be too many words."""
        cdef uint32_t count = span.word_end - span.word
        if self.count + count > MAX_WORDS:
            return False
        room(<void **>&self.word, &self.word_room, self.count + count, sizeof(uint32_t))
        memcpy(self.word + self.count, self.word + span.word, count * sizeof(uint32_t))
        self.count += count
        count = span.number_end - span.number
        if count:
            room(<void **>&self.number, &self.number_room, self.number_count + count, sizeof(double))
            memcpy(self.number + self.number_count, self.number + span.number, count * sizeof(double))
            self.number_count += count
        return True

    cdef object build(self, Span span, str arch, bint numbered):
        """The object that the words of ``span`` stand for.

        ``arch`` is what ARCHITECTURE stands for. With ``numbered`` each float is its place among the numbers.
        """
        cdef Py_ssize_t i = span.word, number = span.number
        cdef uint32_t kind, payload
        cdef list stack = [], items
        while i < span.word_end:
            kind, payload = self.word[i] >> SHIFT, self.word[i] & PAYLOAD
            i += 1
            if kind == A_FLOAT or kind == A_FLOAT64:
                item = <double>(number - span.number) if numbered else self.number[number]
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
