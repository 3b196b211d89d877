"""Writing the files of an archive: the counterpart of ``files`` and ``meta``, which know their names."""

from __future__ import annotations

import bz2
import pickle
from typing import Any

PROTOCOL = 4
"""The pickle protocol of the published archives."""


def meta_record(archs: list[str]) -> dict[str, Any]:
    """What the ``meta`` file of a published archive holds: all architectures of the space, and nothing evaluated."""
    return {"meta_archs": archs, "total_archs": len(archs), "arch2infos": None, "evaluated_indexes": set()}


def compress(pickled: bytes) -> bytes:
    """A file of an archive from its pickle."""
    return bz2.compress(pickled)


def file_bytes(record: object) -> bytes:
    """A file of an archive from the ``meta`` record, or from the ``{hp: state}`` of an architecture."""
    return compress(pickle.dumps(record, PROTOCOL))
