"""Types of the columns of a store; cext/natsbin/_column.pyx documents each name."""

from collections.abc import Callable
from typing import final

import numpy as np
import numpy.typing as npt

_Doubles = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int32]

def repeated_sum(term: float, n: int, compensated: bool) -> float: ...
@final
class Column:
    @property
    def epochs(self) -> int: ...
    @property
    def trials(self) -> int: ...
    def __new__(
        cls,
        shape: tuple[int, ...],
        chunk: tuple[int, ...],
        layout: tuple[int, ...],
        kind: str,
        samples: float,
        shift: int,
        last_batch: list[float],
        tail: Column | None,
        load: Callable[[int], npt.NDArray[np.uint8]],
    ) -> Column: ...
    def points(self, epochs: _Ints, trials: _Ints, out: _Doubles) -> None: ...
    def curve(self, trial: int) -> list[float]: ...

@final
class SetColumns:
    @property
    def name(self) -> str: ...
    @property
    def accuracy(self) -> Column | None: ...
    @property
    def loss(self) -> Column | None: ...
    @property
    def time(self) -> Column: ...
    def __init__(self, name: str, accuracy: Column | None, loss: Column | None, time: Column) -> None: ...
