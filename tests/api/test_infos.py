"""``arch2infos_dict``: an OrderedDict in everything a program can see, that makes objects only when touched."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.oracle import ask, plain

from natsbin.api.lazy_dict import ABSENT, LOADED, UNLOADED, ArchitectureDict, Results, results_of

SIZE = 6


def record(index: int) -> OrderedDict[str, dict[str, Any]]:
    return OrderedDict({"12": {"arch_index": index, "arch_str": f"arch {index}"}})


def infos(present: list[int]) -> tuple[ArchitectureDict, list[int]]:
    """A dictionary of some architectures, and the list of those whose object was made."""
    made: list[int] = []

    def make(index: int) -> Results:
        made.append(index)
        return results_of(record(index))

    return ArchitectureDict(bytearray(UNLOADED if index in present else ABSENT for index in range(SIZE)), make), made


def like(found: ArchitectureDict) -> OrderedDict[int, Any]:
    """The same architectures in a plain OrderedDict, all made."""
    return OrderedDict((index, found.make(index)) for index in found)


index = st.integers(0, SIZE - 1)
operations = st.one_of(
    st.tuples(st.just("get"), index),
    st.tuples(st.just("__getitem__"), index),
    st.tuples(st.just("__contains__"), index),
    st.tuples(st.just("__delitem__"), index),
    st.tuples(st.just("__setitem__"), index, st.just("mine")),
    st.tuples(st.just("setdefault"), index, st.just("mine")),
    st.tuples(st.just("pop"), index),
    st.tuples(st.just("pop"), index, st.just("default")),
    st.tuples(st.just("popitem"), st.booleans()),
    st.tuples(st.just("move_to_end"), index, st.booleans()),
    st.tuples(st.just("update"), st.dictionaries(index, st.just("mine"), max_size=2)),
    st.tuples(st.just("clear")),
)


@given(st.sets(index), st.lists(operations, max_size=12))
def test_it_does_what_an_ordereddict_does(present: set[int], done: list[tuple[Any, ...]]) -> None:
    ours, _ = infos(sorted(present))
    theirs = like(ours)
    for name, *args in done:
        first, second = ask(lambda: getattr(theirs, name)(*args)), ask(lambda: getattr(ours, name)(*args))  # noqa: B023
        assert type(first.error) is type(second.error)
        assert plain(first.value) == plain(second.value)
        assert list(ours) == list(theirs)
        assert list(reversed(ours)) == list(reversed(theirs))
        assert len(ours) == len(theirs)
        assert [ours.states[i] == ABSENT for i in range(SIZE)] == [i not in theirs for i in range(SIZE)]
    assert plain(list(ours.items())) == plain(list(theirs.items()))
    assert plain(list(ours.values())) == plain(list(theirs.values()))
    assert repr(ours) == repr(theirs)
    assert plain(dict(ours)) == plain(dict(theirs))
    assert plain({**ours}) == plain({**theirs})


def test_objects_are_made_when_touched_and_kept() -> None:
    ours, loaded = infos([1, 4])
    assert list(ours.keys()) == [1, 4]
    assert 4 in ours
    assert len(ours) == 2
    assert loaded == []
    made = ours[4]
    assert ours[4] is made
    assert loaded == [4]
    assert bytes(ours.states) == bytes([0, UNLOADED, 0, 0, LOADED, 0])
    assert plain(ours.peek(1)) == plain(ours.make(1))
    assert ours.states[1] == UNLOADED
    assert not ours.is_live(1)


def test_numpy_integers_are_integers() -> None:
    ours, _ = infos([1, 4])
    del ours[np.int64(4)]
    assert ours.states[4] == ABSENT
    assert np.int32(1) in ours
    ours[np.int64(2)] = ours[np.int64(1)]
    assert ours.states[2] == LOADED


def test_copies_are_plain_ordereddicts_of_the_objects() -> None:
    ours, _ = infos([1, 4])
    made = ours[1]
    for copied in (ours.copy(), copy.copy(ours)):
        assert type(copied) is OrderedDict
        assert copied[1] is made
    assert plain(copy.deepcopy(ours)) == plain(pickle.loads(pickle.dumps(ours))) == plain(ours.copy())
    assert ours == ours.copy()
    assert ours != OrderedDict()
    assert list(ours | {9: made}) == [1, 4, 9]
    assert list({9: made} | ours) == [9, 1, 4]


def test_an_empty_one_says_so() -> None:
    ours, _ = infos([])
    with pytest.raises(KeyError, match="empty"):
        ours.popitem()
    assert ours.get(1) is None
