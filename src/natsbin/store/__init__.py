"""The store: one HDF5 file a search space, written whole and read through a memory map. docs/format.md specifies it."""

import natsbin._util.forks  # noqa: F401 - before anything has a lock
from natsbin.store.reader import Store, open_store
from natsbin.store.table import Table
from natsbin.store.writer import StoreWriter

__all__ = ["Store", "StoreWriter", "Table", "open_store"]
