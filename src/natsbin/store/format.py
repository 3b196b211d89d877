"""Every name and number of the store format, in one place; docs/format.md says what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, unquote

FORMAT_NAME = "natsbin"
FORMAT_VERSION = 2
CONVENTIONS = "CF-1.11"

MAPPED = "mapped"
PACKED = "packed"

CHUNK_ITEMS = 65536
"""Values a chunk aims at; docs/format.md has the measurements behind it."""

LEAST_CHUNK_ITEMS = 64
"""No chunk of a column with gaps is smaller: each costs an address and a checksum."""

ALIGNMENT = 64
"""Chunks start at multiples of a cache line."""

METADATA_BLOCK = 65536
"""HDF5 keeps its metadata together in blocks of this size, so that opening a store touches few pages."""

SEAL = b"natsbin\n"
"""The last bytes of every store of every version; see ``natsbin.store.seal``."""

DEFLATE_LEVEL = 9
SMALL_MEMORY, LARGE_MEMORY = (2, 8), (5,)
"""zlib's memory levels to choose from for chunks up to ``LARGE_CHUNK`` bytes, and for larger ones.

Less memory means shorter Huffman blocks, which suit the byte planes that shuffling makes.
"""
LARGE_CHUNK = 8192

# Paths of what belongs to the whole store; a table is a group /HP/DATASET.
ARCHITECTURE = "architecture"  # official indexes present, ascending
NAMES = "architecture_name"  # strings of the present architectures
META_ARCHS = "meta_archs"  # all strings of the space by index, where their order is not the official one
RECORD = "record"  # number of the form of each architecture's record
FORMS = "forms"  # the JSON text of all forms
INDEX, FORMS_BYTE = "index", "forms_byte"  # the axes of META_ARCHS and FORMS
ATTACHED = "attached"  # a group of side tables, see ``natsbin.store.attached``
CHECKSUMS = "checksums"  # in format version 1: a group that mirrors the tree, with the checksums of chunks

TEXTS = frozenset({NAMES, META_ARCHS, FORMS})
"""Datasets that are compressed in either state."""

ROOT_NAMES = frozenset({ARCHITECTURE, NAMES, META_ARCHS, RECORD, FORMS, INDEX, FORMS_BYTE, CHECKSUMS})

MOST_TABLES = 1_000
"""Tables, one for each (hp, dataset), that a writer puts into a store: each has some twenty datasets."""


def escape(name: str) -> str:
    """The name of an hp, a dataset or a set as part of a path: all but ASCII letters, digits and ``-_.~`` in percent.

    So are the first characters of names that have a meaning in HDF5 or at the root.
    """
    if name.startswith(".") or name in ROOT_NAMES:
        return f"%{ord(name[0]):02X}{quote(name[1:], safe='')}"
    return quote(name, safe="")


def unescape(part: str) -> str:
    """The inverse of ``escape``."""
    return unquote(part, errors="strict") if "%" in part else part


def table_path(hp: str, dataset: str) -> str:
    """The group of a table."""
    return f"{escape(hp)}/{escape(dataset)}"


# Names inside a table.
TRIAL = "trial"
EPOCH = "epoch"
SEED = "seed"
FORM = "form"
TAIL = "_tail"
"""Suffix of the column that counts the correct samples of the last, incomplete batch."""

PLAIN = "plain"  # the value itself
SUM = "sum"  # value = number * 2**shift / samples
COUNT = "count"  # value = correct samples in percent of samples, added up as NATS-Bench does


class Quantity(NamedTuple):
    """What a column holds: a number an epoch of a set (``per_epoch``), or one number a trial.

    Attributes:
        fields: the fields of a trial that hold it; those of sets other than ``train`` begin with ``eval_``.
        coding: the exact numbers behind its values; values that have none are stored PLAIN.
        samples: what SUM divides by, None where that is the size of the set.
        steady: most trials have the same value at every epoch, which is then stored once.
    """

    name: str
    units: str
    fields: tuple[str, ...]
    coding: str = PLAIN
    samples: int | None = None
    per_epoch: bool = True
    steady: bool = False


QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        Quantity("accuracy", "percent", ("train_acc1es", "eval_acc1es"), COUNT),
        Quantity("top5", "percent", ("train_acc5es",), COUNT),
        Quantity("loss", "1", ("train_losses", "eval_losses"), SUM),
        Quantity("time", "s", ("train_times", "eval_times"), steady=True),
        Quantity("params", "M", ("params",), SUM, samples=1_000_000, per_epoch=False),
        Quantity("flop", "M", ("flop",), SUM, samples=1_000_000, per_epoch=False),
        Quantity("latency", "s", ("latency",), per_epoch=False),
    )
}
"""Everything that is measured, by name. A new quantity is one more entry."""

CURVES = {field: one.name for one in QUANTITIES.values() if one.per_epoch for field in one.fields}
SCALARS = {field: one.name for one in QUANTITIES.values() if not one.per_epoch for field in one.fields}
"""The fields of a trial that hold quantities, and which."""


class ColumnKey(NamedTuple):
    """Names a column of a table with epochs."""

    set: str
    quantity: str

    def __str__(self) -> str:
        """The name of its dataset, e.g. ``x-valid_accuracy``."""
        return f"{escape(self.set)}_{self.quantity}"

    @staticmethod
    def parse(name: str) -> ColumnKey | None:
        """The inverse of ``str``; None for other datasets of a table."""
        set_name, _, quantity = name.rpartition("_")
        return ColumnKey(unescape(set_name), quantity) if set_name and quantity in CURVES.values() else None


def columns_among(names: Iterable[str]) -> list[ColumnKey]:
    """The columns with epochs among the names of a table's datasets."""
    return [key for key in map(ColumnKey.parse, names) if key]
