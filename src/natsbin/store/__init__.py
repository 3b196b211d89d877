"""The store: one HDF5 file a search space, written whole and read through a memory map. docs/format.md specifies it."""

from typing import TYPE_CHECKING

import natsbin._util.forks  # noqa: F401 - before anything has a lock
from natsbin.store.reader import Store, open_store
from natsbin.store.table import Table

if TYPE_CHECKING:
    from natsbin.store.writer import StoreWriter

__all__ = ["Store", "StoreWriter", "Table", "open_store"]


def __getattr__(name: str) -> object:
    if name != "StoreWriter":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from natsbin.store.writer import StoreWriter  # only writers need h5py, which is slow to import

    return StoreWriter
