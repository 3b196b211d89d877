"""The store: one HDF5 file a search space, written whole and read through a memory map. docs/format.md specifies it."""

import importlib
from typing import TYPE_CHECKING

import natsbin._util.forks  # noqa: F401 - before anything has a lock
from natsbin.store.reader import Store, open_store

if TYPE_CHECKING:
    from natsbin.store.table import Table
    from natsbin.store.writer import StoreWriter

__all__ = ["Store", "StoreWriter", "Table", "open_store"]

_LATER = {"StoreWriter": "natsbin.store.writer", "Table": "natsbin.store.table"}  # numpy and h5py are slow to import


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)
