"""Types of draws from the stream of Python's random module; cext/natsbin/_random.pyx documents each name."""

import numpy as np
import numpy.typing as npt

_Longs = npt.NDArray[np.int64]

def choices(
    counts: _Longs,
    twice: npt.NDArray[np.uint8],
    key: npt.NDArray[np.uint32],
    place: int,
    first: _Longs,
    second: _Longs,
) -> int: ...
