"""The storages that the pickle in a file of ``torch.save`` names, whose numbers lie elsewhere in the file.

A pickle names a storage by a persistent id: a tuple of a word, a class of torch, a key, a device and a number of
items. The numbers are read when the pickle has ended, since its legacy container has them behind it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from natsbin._pickle import PERSISTENT
from natsbin.archive.tensors import DTYPES, MOST_TENSOR_BYTES, Storage, counted_tensors
from natsbin.errors import ArchiveError

_CLASSES = {("torch", f"{name.decode()}Storage"): dtype for name, dtype in DTYPES.items()}
_LONGEST_KEY = 32  # characters; a key is a number


class Storages:
    """Collects the storages of one file, each once.

    Attributes:
        named: each storage by its key. Its numbers are zeros until ``torch_file.Value.finish`` fills them in.
    """

    def __init__(self, file_bytes: int, *, read: bool) -> None:
        """``file_bytes``: the size of the file, which bounds the memory. ``read``: whether the numbers are wanted."""
        self._limit = min(file_bytes, MOST_TENSOR_BYTES)
        self._read = read
        self._size = 0
        self.named: dict[str, Storage] = {}

    def admit(self) -> dict[tuple[str, str], Any]:
        """What an unpickler of the file admits besides."""
        return {PERSISTENT: self._storage, ("torch._utils", "_rebuild_tensor_v2"): counted_tensors(), **_CLASSES}

    def _storage(self, identity: object) -> Storage:
        """The storage of a persistent id."""
        if type(identity) is not tuple or len(identity) not in (5, 6) or identity[0] != "storage":
            raise ValueError(f"{identity!r:.80}; ('storage', class, key, device, number of items) was expected")
        dtype, key, _, count, *view = identity[1:]
        if not isinstance(dtype, np.dtype):
            raise ValueError(f"{dtype!r:.80}; a class of torch's storages was expected")
        if type(key) is not str or not 0 < len(key) <= _LONGEST_KEY:
            raise ValueError(f"the key {key!r:.80}; text of 1 to {_LONGEST_KEY} characters was expected")
        if type(count) is not int or count < 0 or view not in ([], [None]):
            raise ValueError(f"storage {key}: {count!r:.40} items, {view!r:.40}; a number of items alone was expected")
        found = self.named.get(key)
        if found is None:
            found = self.named[key] = self._new(key, dtype, count)
        elif (found.dtype, found.count) != (dtype, count):
            raise ValueError(f"storage {key}: {count} items of {dtype}, and before {found.count} of {found.dtype}")
        return found

    def _new(self, key: str, dtype: np.dtype[Any], count: int) -> Storage:
        size = count * dtype.itemsize
        self._size += size
        if self._size > self._limit:
            raise ArchiveError(
                f"storage {key}: with its {size:,} bytes the tensors have {self._size:,}; at most {self._limit:,}, "
                "what the file holds or archives have, were expected"
            )
        return Storage(bytearray(size) if self._read else None, 0, dtype, count)
