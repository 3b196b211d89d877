"""ASHA's native rungs: promotions are those of a sorted list, and arrays that do not fit are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsbin import _lockstep


def rung(runs: int, room: int) -> dict[str, Any]:
    heaps = np.zeros((3, runs, room), np.int32)
    return {
        "accuracy": np.zeros((runs, room)),
        "top": heaps[0],
        "rest": heaps[1],
        "waiting": heaps[2],
        "sizes": np.zeros((runs, 4), np.int64),
    }


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6), st.booleans()), max_size=80), st.integers(2, 4))
def test_promotions_are_those_of_a_sorted_list(steps: list[tuple[int, int, bool]], eta: int) -> None:
    arrays = rung(2, 80)
    plain: list[list[int]] = [[], []]
    promoted: list[set[int]] = [set(), set()]
    for row, value, ask in steps:
        _lockstep.add(np.array([row]), np.array([float(value)]), eta, **arrays)
        plain[row].append(value)
        if not ask:
            continue
        undecided, places = np.ones(2, np.uint8), np.empty(2, np.int64)
        _lockstep.promote(undecided, arrays["accuracy"], arrays["top"], arrays["waiting"], arrays["sizes"], places)
        for run, values in enumerate(plain):
            order = sorted(range(len(values)), key=lambda place: -values[place])
            expected = next((place for place in order[: len(order) // eta] if place not in promoted[run]), -1)
            assert places[run] == expected
            assert undecided[run] == (expected < 0)
            promoted[run].add(expected)


def test_what_does_not_fit() -> None:
    arrays, one, half = rung(2, 1), np.zeros(1, np.int64), np.array([0.5])
    for rows in (np.array([2]), np.array([-1])):
        with pytest.raises(ValueError, match="not there, or full"):
            _lockstep.add(rows, half, 3, **arrays)
    _lockstep.add(one, half, 3, **arrays)
    with pytest.raises(ValueError, match="row 0 of 2: not there, or full"):
        _lockstep.add(one, half, 3, **arrays)
    with pytest.raises(ValueError, match="do not fit the rung"):
        _lockstep.add(np.array([1]), half, 1, **arrays)
    with pytest.raises(ValueError, match="heaps do not fit"):
        _lockstep.add(np.array([1]), half, 3, **{**arrays, "rest": np.zeros((2, 2), np.int32)})
    with pytest.raises(ValueError, match="do not fit the rung"):
        _lockstep.promote(
            np.ones(3, np.uint8), arrays["accuracy"], arrays["top"], arrays["waiting"], arrays["sizes"], one
        )
