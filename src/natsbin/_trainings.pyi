"""Types of simulated trainings over arrays; cext/natsbin/_trainings.pyx documents each name."""

from typing import final

import numpy as np
import numpy.typing as npt

from natsbin._batch import ColumnBatch
from natsbin._column import SetColumns
from natsbin._questions import Questions, TrialGrid

_Doubles = npt.NDArray[np.float64]

@final
class ElapsedTime:
    def __new__(cls, grid: TrialGrid, columns: SetColumns) -> ElapsedTime: ...
    def seconds(self, asked: Questions, by: float, out: _Doubles) -> None: ...

def trainings(
    asked: Questions,
    again: Questions,
    valid: ColumnBatch,
    valtest: ColumnBatch | None,
    train: ElapsedTime,
    validation: ElapsedTime,
    latencies: _Doubles,
    no_costs: npt.NDArray[np.bool_],
    accuracy: _Doubles,
    latency: _Doubles,
    seconds: _Doubles,
) -> None: ...
def running(seconds: _Doubles, start: float, out: _Doubles) -> None: ...
