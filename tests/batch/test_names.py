"""Architectures in any writing find the index that the scalar API finds."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsbin.api.structure import topology_str2structure
from natsbin.batch.architectures import Names
from natsbin.errors import QuestionError
from natsbin.spaces import CHANNELS, SPACES, SearchSpace

NAMES = {name: Names(space) for name, space in SPACES.items()}


@pytest.fixture(scope="module", params=["tss", "sss"])
def space(request: pytest.FixtureRequest) -> SearchSpace:
    return SPACES[request.param]


def test_every_string_of_the_space(space: SearchSpace) -> None:
    names, archs, expected = NAMES[space.name], space.architectures, np.arange(len(space))
    for given_as in (archs, tuple(archs), np.array(archs), np.array(archs, "S"), np.array(archs, object)):
        found = names.indexes(given_as)
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found, expected)
    swapped = np.array(archs[:50]).astype(np.array(archs).dtype.newbyteorder())
    np.testing.assert_array_equal(names.indexes(swapped), expected[:50])
    grid = np.array(archs[:60]).reshape(5, 4, 3)[:, ::-1]
    np.testing.assert_array_equal(names.indexes(grid), expected[:60].reshape(5, 4, 3)[:, ::-1])


def test_digits_and_channels(space: SearchSpace) -> None:
    names = NAMES[space.name]
    digits = np.array([space.digits_of_rank(rank) for rank in space.rank_of_index])
    np.testing.assert_array_equal(names.indexes(digits), np.arange(len(space)))
    np.testing.assert_array_equal(
        names.indexes(digits[:12].reshape(3, 4, -1).astype(np.uint8)), np.arange(12).reshape(3, 4)
    )
    wrong = digits[:3].copy()
    wrong[0, 0], wrong[1, -1] = -1, space.base
    assert names.indexes(wrong).tolist() == [-1, -1, 2]
    if space.name == "sss":
        channels = np.array(CHANNELS)[digits]
        np.testing.assert_array_equal(names.indexes(channels), np.arange(len(space)))
        channels[0, 0], channels[1, 1], channels[2, 2], channels[3, 3] = 0, 72, 12, 7
        assert names.indexes(channels[:5]).tolist() == [-1, -1, -1, -1, 4]
    with pytest.raises(QuestionError, match="shape"):
        names.indexes(np.zeros((2, 3), np.int64))
    with pytest.raises(QuestionError, match="float64"):
        names.indexes(digits.astype(float))


def test_single_ones_and_objects(space: SearchSpace) -> None:
    names, arch = NAMES[space.name], space.architectures[77]
    assert names.indexes(arch).shape == ()
    assert names.indexes(arch) == 77
    assert names.indexes(5) == 5
    assert names.indexes(np.array([5, 0])).tolist() == [5, 0]
    assert names.indexes([]).tolist() == []
    for wrong in (-1, len(space), [3, len(space)]):
        with pytest.raises(QuestionError, match="architecture"):
            names.indexes(wrong)
    if space.name == "tss":
        structure = topology_str2structure(arch)
        assert names.indexes(structure) == 77
        assert names.indexes([structure, arch]).tolist() == [77, 77]


@given(data=st.data())
def test_strings_that_are_almost_right(data: st.DataObject) -> None:
    space = SPACES[data.draw(st.sampled_from(["tss", "sss"]))]
    known = {arch: index for index, arch in enumerate(space.architectures[:200])}
    arch = data.draw(st.sampled_from(list(known)))
    place, letter = data.draw(st.integers(0, len(arch))), data.draw(st.sampled_from([*"|~+:01238n6 ", "é", "\0"]))
    kind = data.draw(st.sampled_from(["insert", "replace", "cut", "append"]))
    changed = {
        "insert": arch[:place] + letter + arch[place:],
        "replace": arch[:place] + letter + arch[place + 1 :],
        "cut": arch[:place],
        "append": arch + arch,
    }[kind]
    try:
        digits = space.parse(changed)
        rank = sum(digit * space.base**k for k, digit in enumerate(reversed(digits)))
        expected = space.rank_of_index.index(rank)
    except ValueError:
        expected = -1
    names = NAMES[space.name]
    assert names.indexes([changed]).tolist() == [expected]
    if not changed.endswith("\0"):  # numpy drops those
        assert names.indexes(np.array([changed, arch])).tolist() == [expected, known[arch]]
        if changed.isascii():
            assert names.indexes(np.array([changed, arch], "S")).tolist() == [expected, known[arch]]


def test_an_order_of_ones_own() -> None:
    space = SPACES["sss"]
    archs = random.Random(0).sample(space.architectures, 100)
    names = Names(space, archs)
    np.testing.assert_array_equal(names.indexes(archs), np.arange(100))
    assert names.indexes([next(arch for arch in space.architectures if arch not in archs)]).tolist() == [-1]
