"""Types of questions over arrays; cext/natsbin/_questions.pyx documents each name."""

from typing import final

import numpy as np
import numpy.typing as npt

from natsbin._table import Table

_Longs = npt.NDArray[np.int64]

def first_outside(values: _Longs, low: int, limit: int) -> int: ...
@final
class TrialGrid:
    @property
    def table(self) -> Table: ...
    @property
    def total(self) -> int: ...
    def __new__(cls, table: Table) -> TrialGrid: ...
    def counts(self) -> bytearray: ...

@final
class Questions:
    @property
    def n(self) -> int: ...
    def __new__(
        cls,
        grid: TrialGrid,
        n: int,
        index: _Longs,
        epoch: _Longs,
        seed: _Longs | None,
        position: _Longs | None,
        chance: npt.NDArray[np.float64] | None,
    ) -> Questions: ...
