"""The stream of the random module, drawn natively."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsbin import _random
from natsbin.batch.draws import choices


@given(
    seed=st.integers(0, 2**64),
    before=st.integers(0, 1300),
    questions=st.lists(st.tuples(st.sampled_from([0, 1, 2, 3, 4, 5, 7, 1000]), st.booleans()), max_size=400),
)
def test_choices_are_those_of_the_random_module(seed: int, before: int, questions: list[tuple[int, bool]]) -> None:
    random.seed(seed)
    random.gauss(0, 1)  # leaves a number behind, which the state holds too
    for _ in range(before):
        random.getrandbits(32)
    state = random.getstate()
    expected = []
    for count, twice in questions:
        first = random.choice(range(count)) if count else 0
        expected.append((first, random.choice(range(count)) if count and twice else 0))
    after = random.getstate()
    random.setstate(state)
    counts = np.array([count for count, _ in questions], np.int64)
    found = choices(counts, np.array([twice for _, twice in questions], np.bool_))
    assert list(zip(*(array.tolist() for array in found), strict=True)) == expected
    assert random.getstate() == after


def test_the_kernel_refuses_a_state_that_is_none() -> None:
    one, key = np.zeros(1, np.int64), np.zeros(624, np.uint32)
    for place in (-1, 625):
        with pytest.raises(ValueError, match="place"):
            _random.choices(one, np.zeros(1, np.uint8), key, place, one.copy(), one.copy())
    with pytest.raises(ValueError, match="lengths"):
        _random.choices(one, np.zeros(1, np.uint8), key[:-1].copy(), 0, one.copy(), one.copy())
