"""Every name and number of the store format, in one place; docs/format.md says what they mean."""

from __future__ import annotations

FORMAT_NAME = "natsbin"
FORMAT_VERSION = 1
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
CHECKSUMS = "checksums"  # a group that mirrors the tree: xxh3_64 of each dataset's chunks

TEXTS = frozenset({NAMES, META_ARCHS, FORMS})
"""Datasets that are compressed in either state."""

# Names inside a table.
TRIAL = "trial"
EPOCH = "epoch"
SEED = "seed"
FORM = "form"
SCALARS = {"params": "M", "flop": "M", "latency": "s"}
MILLION = 1_000_000  # params and flop are counts over this
UNITS = {"accuracy": "percent", "top5": "percent", "loss": "1", "time": "s"}

TAIL = "_tail"
"""Suffix of the column that counts the correct samples of the last, incomplete batch."""
