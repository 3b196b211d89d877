"""Architectures as strings, digits, channels or indexes, to official indexes: by their digits and one table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin import _names
from natsbin.batch.arrays import Longs, longs, within
from natsbin.errors import QuestionError
from natsbin.spaces import CHANNELS, SearchSpace

Ints = npt.NDArray[np.int32]

_STEP = CHANNELS[0]  # channels are multiples of it


class Names:
    """Finds the index of architecture strings, digits or channels of one space."""

    def __init__(self, space: SearchSpace, names: list[str] | None = None) -> None:
        """``names`` are the space's strings by index, where their order is not the official one."""
        self.space = space
        self._cells = space.name == "tss"
        if names is None:
            ranks = np.array(space.rank_of_index, np.int32)
        else:
            ranks = np.empty(len(names), np.int32)
            _names.ranks_of_strings(list(names), self._cells, ranks)
        self._total = len(ranks)
        # one more place, which -1 finds: the rank of what is not in this space
        self._index_of_rank = np.full(len(space) + 1, -1, np.int32)
        self._index_of_rank[ranks[ranks >= 0]] = np.flatnonzero(ranks >= 0)

    def indexes(self, archs: Any) -> npt.NDArray[Any]:
        """Indexes of architectures, -1 if not in this space. ``Batch.query_index_by_arch`` says what may be given."""
        if isinstance(archs, str) or hasattr(archs, "tostr"):
            return self._of_list([archs if isinstance(archs, str) else archs.tostr()]).reshape(())
        if isinstance(archs, (list, tuple)) and any(isinstance(one, str) or hasattr(one, "tostr") for one in archs):
            return self._of_list([one.tostr() if hasattr(one, "tostr") else one for one in archs])
        found = np.asarray(archs)
        if found.dtype.kind in "US":
            return self._of_texts(found)
        if found.dtype.kind == "O":
            return self._of_list(found.reshape(-1).tolist()).reshape(found.shape)
        numbers = longs("architecture", found)
        if numbers.ndim < 2:
            return within("architecture", numbers, self._total).astype(np.int32)
        return self._of_digits(numbers)

    def existing(self, archs: Any) -> Longs:
        """Indexes of architectures, where digits must not be. QuestionError names what is not in this space."""
        found = np.asarray(archs) if not isinstance(archs, (str, list, tuple)) else archs
        if isinstance(found, np.ndarray) and found.dtype.kind in "iu":
            return within("architecture", longs("architecture", found), self._total)
        if isinstance(found, (list, tuple)) and found and isinstance(found[0], (list, tuple)):
            return within("architecture", longs("architecture", found), self._total)
        indexes = np.asarray(self.indexes(archs))
        if indexes.size and int(indexes.min()) < 0:
            at = int(np.argmax(indexes.reshape(-1) < 0))
            what = archs if isinstance(archs, str) else np.asarray(archs, object).reshape(-1)[at]
            raise QuestionError(f"no architecture of the {self.space.title} space at place {at}: {what!r}")
        return indexes.astype(np.int64)

    def _of_list(self, texts: list[Any]) -> Ints:
        ranks = np.empty(len(texts), np.int32)
        _names.ranks_of_strings(texts, self._cells, ranks)
        return self._index_of_rank[ranks]

    def _of_texts(self, texts: npt.NDArray[Any]) -> Ints:
        ranks = np.full(texts.size, -1, np.int32)
        wide = texts.dtype.kind == "U"
        width = texts.dtype.itemsize // (4 if wide else 1)
        if width and texts.size:
            native = np.require(texts, texts.dtype.newbyteorder("="), ["C", "A"])
            raw = native.reshape(-1).view(np.uint8)
            _names.ranks_of_texts(raw, width, wide, self._cells, ranks)
        return self._index_of_rank[ranks].reshape(texts.shape)

    def _of_digits(self, rows: npt.NDArray[np.int64]) -> Ints:
        digits = self.space.digits
        if rows.shape[-1] != digits:
            raise QuestionError(
                f"digits of shape {rows.shape}: expected (..., {digits}), one architecture of the "
                f"{self.space.title} space a row; indexes come in one dimension"
            )
        flat = np.ascontiguousarray(rows).reshape(-1, digits)
        ranks = np.empty(len(flat), np.int32)
        _names.ranks_of_digits(flat, self.space.base, 0 if self._cells else _STEP, ranks)
        return self._index_of_rank[ranks].reshape(rows.shape[:-1])
