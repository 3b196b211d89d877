"""Types of ASHA's native rungs; cext/natsbin/_lockstep.pyx documents each function."""

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Longs = npt.NDArray[np.int64]
_Ints = npt.NDArray[np.int32]

def add(
    rows: _Longs, values: _Floats, eta: int, accuracy: _Floats, top: _Ints, rest: _Ints, waiting: _Ints, sizes: _Longs
) -> None: ...
def promote(
    undecided: npt.NDArray[np.uint8], accuracy: _Floats, top: _Ints, waiting: _Ints, sizes: _Longs, places: _Longs
) -> None: ...
