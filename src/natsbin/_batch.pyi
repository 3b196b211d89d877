"""Types of columns asked for arrays of values; cext/natsbin/_batch.pyx documents each name."""

from typing import final

import numpy as np
import numpy.typing as npt

from natsbin._column import Column
from natsbin._questions import Questions, TrialGrid

def divided(numbers: npt.NDArray[np.uint32], by: int, out: npt.NDArray[np.uint32]) -> None: ...
@final
class ColumnBatch:
    def __new__(
        cls,
        grid: TrialGrid,
        column: Column,
        kinds: npt.NDArray[np.uint16],
        covers: npt.NDArray[np.uint8],
        whole: npt.NDArray[np.uint8],
    ) -> ColumnBatch: ...
    def values(self, asked: Questions, out: npt.NDArray[np.float64]) -> None: ...
