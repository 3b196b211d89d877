"""Columns on their way from splits to chunks, kept in an anonymous temporary file.

Archives are ordered by architecture, a store by epoch. The spool holds the blocks of all splits until the last one
has come. The file has no name, so it disappears with the process, however that ends.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from natsbin._rows import scatter
from natsbin._util.system import read_at
from natsbin.store.format import ColumnKey
from natsbin.store.forms import Epochs
from natsbin.store.layouts import MISSING, Floats
from natsbin.store.split import Block


class SpooledBlock(NamedTuple):
    """Where a block lies in the spool, and which trials (numbers within their table) its rows are."""

    offset: int
    epochs: Epochs
    constant: bool
    trials: npt.NDArray[np.int32]


class Spool:
    """Blocks of float64 by (table, column); a table is (hp, dataset)."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, prefix=".natsbin-spool-")  # noqa: SIM115 - closed by __exit__
        self._end = 0
        self._blocks: dict[tuple[str, str], dict[ColumnKey, list[SpooledBlock]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a full disk could not take everything, but nothing of it is needed any more
            self._file.close()

    def add(self, table: tuple[str, str], block: Block, first_trial: int) -> None:
        """Append a block whose row 0 of its group is trial ``first_trial`` of the table."""
        self._file.write(block.values.data)
        trials = (first_trial + block.rows).astype(np.int32)
        self._blocks[table][block.column].append(SpooledBlock(self._end, block.epochs, block.constant, trials))
        self._end += block.values.nbytes

    def flush(self) -> None:
        """To be called between the last ``add`` and the first ``gather``, which other processes may do."""
        self._file.flush()

    def columns(self, table: tuple[str, str]) -> list[ColumnKey]:
        """The columns of a table, by name."""
        return sorted(self._blocks[table], key=str)

    def epochs(self, table: tuple[str, str]) -> int:
        """The number of epochs that holds every value of a table."""
        blocks = (block for column in self._blocks[table].values() for block in column)
        return max((stop for block in blocks for _, stop in block.epochs), default=0)

    def is_constant(self, table: tuple[str, str], column: ColumnKey) -> bool:
        """Whether a column needs only one number for each trial."""
        return all(block.constant for block in self._blocks[table][column])

    def gather(
        self, table: tuple[str, str], column: ColumnKey, shape: tuple[int, ...], row_of: npt.NDArray[np.int32]
    ) -> Floats:
        """A column as an array of shape (epochs, trials) or (trials,); ``row_of[trial]`` is a trial's place in it."""
        out = np.full(shape, MISSING)
        for block in self._blocks[table][column]:
            epochs = np.concatenate([np.arange(*run, dtype=np.int32) for run in block.epochs])
            width = 1 if block.constant else len(epochs)
            # not seek and read: processes that were forked share the file's position
            raw = read_at(self._file.fileno(), 8 * width * len(block.trials), block.offset)
            values = np.frombuffer(raw, np.float64).reshape(len(block.trials), width)
            rows = row_of[block.trials]
            if out.ndim == 1:
                out[rows] = values[:, 0]
            else:
                scatter(values, epochs, rows, out)
        return out
