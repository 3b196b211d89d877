"""Packed arrays read back the same, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.packed import unpack

from natsbin.explore.pack import pack

RNG = np.random.default_rng(0)
CASES: dict[str, Any] = {
    "few values": RNG.integers(0, 50, 4000) / 7,
    "all different": RNG.normal(size=4000),
    "more values than codes": np.repeat(RNG.normal(size=70_000), 2),
    "not numbers": np.array([np.nan, -0.0, 0.0, np.inf, -np.inf, np.nan] * 9),
    "matrix": RNG.normal(size=(3, 4, 5)),
    "float32": RNG.normal(size=77).astype(np.float32),
    "int32": RNG.integers(-(2**31), 2**31, 100).astype(np.int32),
    "uint8": RNG.integers(0, 256, (9, 6)).astype(np.uint8),
    "empty": np.empty(0),
}


@pytest.mark.parametrize("level", [1, 9])
def test_round_trip(level: int) -> None:
    found = unpack(pack(CASES, level))
    assert list(found) == list(CASES)
    for name, array in CASES.items():
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()


def test_columns_of_few_values_are_small_and_bytes_repeat() -> None:
    column = RNG.integers(0, 2000, 32_768) / 20
    assert len(pack({"values": column}, 6)) < 80_000
    assert pack({"values": column}, 6) == pack({"values": column.copy()}, 6)


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="int64"):
        pack({"x": np.arange(3)}, 1)
