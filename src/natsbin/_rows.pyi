"""Types of the native rows; cext/natsbin/_rows.pyx documents each."""

from typing import final

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Numbers = npt.NDArray[np.int32]

@final
class Rows:
    width: int
    count: int
    def __new__(cls, width: int) -> Rows: ...
    def add(self, index: int, seed: int, row: _Floats) -> None: ...
    def labels(self) -> tuple[_Numbers, npt.NDArray[np.int64]]: ...
    def clear(self) -> None: ...

@final
class Places:
    rows: Rows
    needed: int
    def __new__(cls, rows: Rows, places: _Numbers) -> Places: ...

def spread(pieces: list[tuple[Rows, int, _Numbers]], steady: bool) -> list[tuple[_Numbers, _Floats]]: ...
def scatter(values: _Floats, epochs: _Numbers, trials: _Numbers, out: _Floats) -> None: ...
