"""Types of the native kernel; cext/_kernel.pyx documents each name."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

_Doubles = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int32]
_Bytes = npt.NDArray[np.uint8]

def repeated_sum(term: float, n: int, compensated: bool) -> float: ...

class Column:
    epochs: int
    trials: int
    def __init__(
        self,
        shape: tuple[int, ...],
        chunk: tuple[int, ...],
        layout: tuple[int, ...],
        kind: str,
        samples: float,
        shift: int,
        last_batch: list[float],
        tail: Column | None,
        load: Callable[[int], _Bytes],
    ) -> None: ...
    def points(self, epochs: _Ints, trials: _Ints, out: _Doubles) -> None: ...
    def curve(self, trial: int) -> list[float]: ...

class SetColumns:
    name: str
    accuracy: Column | None
    loss: Column | None
    time: Column
    def __init__(self, name: str, accuracy: Column | None, loss: Column | None, time: Column) -> None: ...

class Table:
    epochs: int
    sets: dict[str, SetColumns]
    def __init__(
        self,
        epochs: int,
        first: _Ints,
        row: _Ints,
        seed: npt.NDArray[np.int64],
        regular: _Bytes,
        scalars: dict[str, _Doubles],
        order: _Ints,
        orders: list[tuple[str, ...]],
        sets: dict[str, SetColumns],
    ) -> None: ...
    def seeds(self, index: int) -> list[int]: ...
    def row_of(self, index: int, seed: int) -> int: ...

class Part:
    columns: SetColumns
    loss: str
    accuracy: str
    per_time: str
    all_time: str
    required: bool
    def __init__(self, label: str, columns: SetColumns, required: bool = False) -> None: ...

class ScalarTable:
    table: Table
    def __init__(self, table: Table, train: Part, comment: str | None, parts: list[Part]) -> None: ...

class Answers:
    def __init__(self, states: bytearray, lazy: int, open: Callable[[str, str], ScalarTable | None]) -> None: ...
    def more_info(self, index: Any, dataset: Any, iepoch: Any, hp: Any, is_random: Any) -> dict[str, Any] | None: ...
    def cost_info(self, index: Any, dataset: Any, hp: Any) -> dict[str, Any] | None: ...
    def simulate(self, index: Any, dataset: Any, iepoch: Any, hp: Any) -> tuple[float, Any, float] | None: ...
    def find_best(
        self, indexes: _Ints, dataset: Any, setname: Any, hp: Any, flop_max: Any, param_max: Any
    ) -> tuple[int, float | None] | None: ...

_Longs = npt.NDArray[np.int64]

class TrialGrid:
    table: Table
    total: int
    def __init__(self, table: Table) -> None: ...
    def counts(self) -> bytearray: ...
    def costs(self, flops: _Doubles, params: _Doubles) -> None: ...

class NativeQuestions:
    n: int
    def __init__(
        self,
        grid: TrialGrid,
        n: int,
        index: _Longs,
        epoch: _Longs,
        seed: _Longs | None,
        position: _Longs | None,
        chance: _Doubles | None,
    ) -> None: ...

class ColumnBatch:
    def __init__(
        self, grid: TrialGrid, column: Column, kinds: npt.NDArray[np.uint16], covers: _Bytes, whole: _Bytes
    ) -> None: ...
    def values(self, asked: NativeQuestions, out: _Doubles) -> None: ...

class ElapsedTime:
    def __init__(self, grid: TrialGrid, columns: SetColumns) -> None: ...
    def seconds(self, asked: NativeQuestions, by: float, out: _Doubles) -> None: ...

def trainings(
    asked: NativeQuestions,
    again: NativeQuestions,
    valid: ColumnBatch,
    valtest: ColumnBatch | None,
    train: ElapsedTime,
    validation: ElapsedTime,
    latencies: _Doubles,
    refused: npt.NDArray[np.bool_],
    accuracy: _Doubles,
    latency: _Doubles,
    seconds: _Doubles,
) -> None: ...
def running(seconds: _Doubles, start: float, out: _Doubles) -> None: ...
def first_outside(values: _Longs, low: int, limit: int) -> int: ...
def choices(
    counts: _Longs, twice: _Bytes, key: npt.NDArray[np.uint32], place: int, first: _Longs, second: _Longs
) -> int: ...
def pareto(costs: _Doubles, out: _Bytes) -> None: ...
def queue(durations: _Doubles, workers: int, finished: _Doubles, by: _Ints) -> None: ...
def ranks_of_texts(raw: _Bytes, width: int, wide: bool, cells: bool, out: _Ints) -> None: ...
def ranks_of_strings(texts: list[Any], cells: bool, out: _Ints) -> None: ...
def ranks_of_digits(rows: _Longs, base: int, step: int, out: _Ints) -> None: ...
