"""Literals and keys of curves as forms, and back."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import same

from natsbin.spaces import TSS
from natsbin.store import forms, literals

ARCH = TSS.architectures[5]


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just(ARCH)
    | st.floats().map(np.float64)
    | st.floats(width=32).map(np.float32)
    | st.integers(-(2**31), 2**31 - 1).map(np.int32)
    | st.booleans().map(np.bool_)
)
KEYS = st.integers() | st.text() | st.tuples(st.text(), st.integers()) | st.just(ARCH)
LITERALS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.sets(st.integers() | st.text())
        | st.frozensets(st.integers())
        | st.dictionaries(KEYS, inner)
        | st.dictionaries(KEYS, inner).map(OrderedDict)
    ),
    max_leaves=12,
)


@given(LITERALS)
def test_literals_come_back(value: Any) -> None:
    spec = literals.freeze(value, ARCH)
    hash(spec)
    assert same(literals.thaw(spec, ARCH), value)
    assert same(literals.thaw(json.loads(json.dumps(spec)), ARCH), value)


@given(LITERALS | st.lists(st.floats().map(np.float64), max_size=2))
def test_scalars_come_back(value: Any) -> None:
    spec, number = literals.freeze_scalar(value, ARCH)
    read = json.loads(json.dumps(spec))
    assert same(literals.thaw_scalar(read, math.nan if number is None else number, ARCH), value)


def test_an_architecture_is_not_spelled_out() -> None:
    """Records that differ in their architecture alone have one form."""
    assert literals.freeze({"arch_str": ARCH}, ARCH) == literals.freeze({"arch_str": "other"}, "other")


@pytest.mark.parametrize("value", [b"bytes", 1j, object(), np.array([1.0]), [range(3)], {1: Ellipsis}])
def test_what_no_archive_holds_has_no_form(value: Any) -> None:
    with pytest.raises(TypeError, match="has no form"):
        literals.freeze(value, ARCH)


@given(st.lists(st.tuples(st.sampled_from(["x-valid", "ori-test", "a@b"]), st.integers(0, 30)), unique=True))
def test_keys_of_curves_come_back(pairs: list[tuple[str, int]]) -> None:
    keys = tuple(f"{name}@{epoch}" for name, epoch in pairs)
    runs = forms.curve_runs("eval_losses", keys)
    assert runs is not None
    assert tuple(forms.run_keys("eval_losses", runs)) == keys


@pytest.mark.parametrize(
    ("field", "keys"),
    [
        ("train_losses", ("0",)),
        ("train_losses", (0, 0.0)),
        ("train_losses", (True,)),
        ("train_losses", (-1,)),
        ("train_losses", (100_000,)),
        ("eval_losses", (3,)),
        ("eval_losses", ("x-valid",)),
        ("eval_losses", ("x-valid@03",)),
        ("eval_losses", ("x-valid@٣",)),
        ("eval_losses", ("@3",)),
        ("eval_losses", ("train@3",)),
    ],
)
def test_other_keys_are_kept_as_they_are(field: str, keys: tuple[Any, ...]) -> None:
    assert forms.curve_runs(field, keys) is None


def curve_form(runs: list[list[Any]]) -> bytes:
    return json.dumps([{"type": "dict", "epochs": 12, "trial": [["train_times", "curve", "dict", runs]]}]).encode()


def test_a_short_text_cannot_list_any_number_of_epochs() -> None:
    assert forms.Forms.loads(curve_form([["train", 0, 100_000]])).trial(0).epochs_of["train", "time"] == ((0, 100_000),)
    with pytest.raises(ValueError, match="a curve of 200,000 values; at most 100,000"):
        forms.Forms.loads(curve_form([["train", 0, 100_000], ["test", 0, 100_000]])).trial(0)
    with pytest.raises(ValueError, match="epoch 1 of 'train' twice in a curve"):
        forms.Forms.loads(curve_form([["train", 0, 2], ["train", 1, 3]])).trial(0)


def test_a_curve_of_more_keys_than_a_form_lists_is_no_curve() -> None:
    names = [f"{name}@{epoch}" for name in ("valid", "test") for epoch in range(50_000)]
    assert forms.curve_runs("eval_times", tuple(names)) == (("valid", 0, 50_000), ("test", 0, 50_000))
    assert forms.curve_runs("eval_times", (*names, "other@0")) is None
