"""Types of the fast path of the compatible API; cext/natsbin/_scalar.pyx documents each name."""

from collections.abc import Callable, Iterable
from typing import Any, final

import numpy as np
import numpy.typing as npt

from natsbin._column import SetColumns
from natsbin._table import Table

@final
class LabelledSet:
    @property
    def columns(self) -> SetColumns: ...
    @property
    def loss(self) -> str: ...
    @property
    def accuracy(self) -> str: ...
    @property
    def per_time(self) -> str: ...
    @property
    def all_time(self) -> str: ...
    @property
    def required(self) -> bool: ...
    def __init__(self, label: str, columns: SetColumns, required: bool = False) -> None: ...

@final
class ScalarTable:
    @property
    def table(self) -> Table: ...
    def __init__(
        self,
        table: Table,
        train: LabelledSet,
        comment: str | None,
        others: list[LabelledSet],
        searched: bool = True,
    ) -> None: ...

@final
class ScalarAnswers:
    def __init__(self, states: bytearray, unloaded: int, open: Callable[[str, str], ScalarTable | None]) -> None: ...
    def more_info(self, index: Any, dataset: Any, iepoch: Any, hp: Any, is_random: Any) -> dict[str, Any] | None: ...
    def cost_info(self, index: Any, dataset: Any, hp: Any) -> dict[str, Any] | None: ...
    def seed_counts(
        self, evaluated: Iterable[int], hp: Any, dataset: Any, ask: Callable[[int], int]
    ) -> dict[int, int]: ...
    def page_numbers(self, index: Any, hp: Any, sets: tuple[tuple[str, tuple[str, ...]], ...]) -> list[Any] | None: ...
    def find_best(
        self, indexes: npt.NDArray[np.int32], dataset: Any, setname: Any, hp: Any, flop_max: Any, param_max: Any
    ) -> tuple[int, float | None] | None: ...
