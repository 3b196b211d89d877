"""Answers straight from a store's chunks: one value, one query, or arrays of them.

A ``Column`` knows where each chunk lies and how its bytes become a value; a ``Table`` is one (hp, dataset) with
its trials. Both are told what they need by ``natsbin.store.reader`` and check every index before the loops run
without the GIL. Chunks are asked for on first touch through ``load``; loops that meet one stop, fetch it and go on.

Plain references: ``natsbin.store.codec``, ``natsbin.store.layouts``, and the object path of ``natsbin.api``.
"""

from libc.math cimport INFINITY, fabs, isfinite
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

cdef enum:  # how bytes become a number
    UNSIGNED1
    UNSIGNED2
    SMALL_FLOAT
    FLOAT8

cdef enum:  # how numbers become a value; see natsbin.store.codec
    PLAIN
    SUM
    COUNT

cdef dict KINDS = {"plain": PLAIN, "sum": SUM, "count": COUNT}

include "bits.pxi"
include "sums.pxi"
include "values.pxi"
include "columns.pxi"
include "tables.pxi"
include "answers.pxi"
include "batch.pxi"
include "lanes.pxi"
include "meters.pxi"
include "trainings.pxi"
include "draws.pxi"
include "search.pxi"
include "names.pxi"
