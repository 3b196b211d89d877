"""Types of searching and scheduling; cext/natsbin/_search.pyx documents each name."""

import numpy as np
import numpy.typing as npt

_Doubles = npt.NDArray[np.float64]

def pareto(costs: _Doubles, out: npt.NDArray[np.uint8]) -> None: ...
def queue(durations: _Doubles, workers: int, finished: _Doubles, by: npt.NDArray[np.int32]) -> None: ...
