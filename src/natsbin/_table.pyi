"""Types of a table; cext/natsbin/_table.pyx documents each name."""

from typing import final

import numpy as np
import numpy.typing as npt

from natsbin._column import SetColumns

_Doubles = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int32]
_Bytes = npt.NDArray[np.uint8]

@final
class Table:
    @property
    def epochs(self) -> int: ...
    @property
    def sets(self) -> dict[str, SetColumns]: ...
    def __new__(
        cls,
        epochs: int,
        first: _Ints,
        row: _Ints,
        seed: npt.NDArray[np.int64],
        regular: _Bytes,
        scalars: dict[str, _Doubles],
        latency_is_float64: _Bytes,
        order: _Ints,
        orders: list[tuple[str, ...]],
        sets: dict[str, SetColumns],
    ) -> Table: ...
    def seeds(self, index: int) -> list[int]: ...
    def row_of(self, index: int, seed: int) -> int: ...
    def all_costs(
        self, flops: _Doubles, params: _Doubles, latency: _Doubles, no_costs: npt.NDArray[np.bool_]
    ) -> None: ...
    def all_times(self, name: str, per_epoch: _Doubles, whole: _Doubles) -> None: ...
