"""Types of architecture strings and digits; cext/natsbin/_names.pyx documents each name."""

from typing import Any

import numpy as np
import numpy.typing as npt

_Ints = npt.NDArray[np.int32]

def ranks_of_texts(raw: npt.NDArray[np.uint8], width: int, wide: bool, cells: bool, out: _Ints) -> None: ...
def ranks_of_strings(texts: list[Any], cells: bool, out: _Ints) -> None: ...
def ranks_of_digits(rows: npt.NDArray[np.int64], base: int, step: int, out: _Ints) -> None: ...
