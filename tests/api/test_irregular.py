"""Irregular records by the hundred, drawn by hypothesis: both libraries answer every question about them alike."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny import ask_everything, open_both, state, trial, write_archive

import natsbin
from natsbin._util.compare import difference
from natsbin.spaces import SPACES
from natsbin.store import open_store

SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "mnist 5%": ("x-valid", "corrupted"),
}
PUBLISHED = {"x-valid", "x-test", "ori-test"}
LATENCIES: list[Any] = [
    *[None, [], [-1], [np.float64(-1)], -1, 0.25, [0.25, 0.5], [np.float32(0.3)], [1]],
    *[[np.float64(0.1)], [0.2], [np.float64("nan")], np.float64(0.7), 3],
]
CURVES = ("train_acc1es", "train_losses", "train_times", "eval_acc1es", "eval_losses", "eval_times")
KINDS: dict[str, Any] = {"int": round, "float32": np.float32, "float64": np.float64, "nan": lambda _: float("nan")}
CHANGES = (
    "none",
    "none",
    "type",
    "first",
    "lacks",
    "empty",
    "top5",
    "order",
    "extra",
    "names",
    "costs",
    "epochs",
    "later",
)


def change(draw: Any, one: dict[str, Any]) -> dict[str, Any]:
    """A training made irregular in one way."""
    how, field = draw(st.sampled_from(CHANGES)), draw(st.sampled_from(CURVES))
    keys = list(one[field])
    if how in ("type", "first"):
        kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
        for key in keys[: 1 if how == "first" else None]:
            one[field][key] = kind(one[field][key])
    elif how == "lacks" and keys:
        del one[field][draw(st.sampled_from(keys))]
    elif how == "empty":
        one[field].clear()
    elif how == "top5":
        one["train_acc5es"] = draw(st.sampled_from([None, {}, {0: 50.0}]))
    elif how == "order":
        one[field] = dict(reversed(one[field].items()))
        return dict(draw(st.permutations(list(one.items()))))
    elif how == "extra":
        one["calibration"] = draw(st.sampled_from([None, 0.5, {"bins": [1, 2]}, "text"]))
    elif how == "names":
        names = one["eval_names"]
        fewer = [[]] if set(names) <= PUBLISHED else []  # sets of other names are those that a training lists
        one["eval_names"] = draw(st.sampled_from([names[::-1], [*names, "never"], *fewer]))
    elif how == "costs":
        one["params"] = draw(st.sampled_from([1, 0.5, np.float64(0.25), np.float32(0.5)]))
        one["flop"] = draw(st.sampled_from([7, 0.5, np.float64(0.25)]))
    elif how == "epochs":
        one["epochs"] += 1
    elif how == "later":  # as where only the last epochs were evaluated
        for name in ("eval_acc1es", "eval_losses"):
            one[name] = {key: value for key, value in one[name].items() if not key.endswith("@0")}
    return one


@st.composite
def archives(draw: st.DrawFn) -> tuple[str, dict[int, Any]]:
    """A space, and the records of two architectures of it."""
    space = draw(st.sampled_from(["tss", "sss"]))
    rng = random.Random(draw(st.integers(0, 10**6)))
    hps = draw(st.lists(st.sampled_from(["01", "12", "200", "5", "aug"]), min_size=1, max_size=2, unique=True))
    records: dict[int, Any] = {}
    for index in (0, 2):
        arch = SPACES[space].architectures[index]
        records[index] = {}
        for hp in hps[: draw(st.integers(1, 2))]:
            trials: dict[tuple[str, int], Any] = {}
            for dataset in draw(st.lists(st.sampled_from(sorted(SETS)), min_size=1, max_size=3, unique=True)):
                for seed in draw(st.lists(st.sampled_from([777, 888, 999, 5]), min_size=1, max_size=2, unique=True)):
                    one = trial(arch, SETS[dataset], seed, 3, rng)
                    one["latency"] = draw(st.sampled_from(LATENCIES))
                    trials[dataset, seed] = change(draw, one)
            records[index][hp] = state(index, arch, trials)
            if draw(st.booleans()):
                records[index][hp]["dataset_seed"] = dict(reversed(records[index][hp]["dataset_seed"].items()))
            if draw(st.integers(0, 5)) == 0:
                records[index][hp]["remark"] = "extra"
    return space, records


def both_answer_alike(archive: tuple[str, dict[int, Any]]) -> None:
    name, records = archive
    space = SPACES[name]
    archs = space.architectures[:3]
    with tempfile.TemporaryDirectory() as parent:
        folder = write_archive(Path(parent) / "NATS-simple", archs, records)
        store = natsbin.convert(folder, Path(parent) / "store.h5", jobs=1)
        for index, record in records.items():
            assert difference(record, open_store(store).load(index)) is None
        random.seed(0)
        for pair in open_both(space, archs, records, folder, store):
            ask_everything(pair, archs, records)
            # in fast mode natsbin lists the store's hps from the first architecture on (docs/compatibility.md)
            assert [one for one in pair.differences if "avaliable_hps" not in one] == []


@settings(max_examples=10)
@given(archives())
def test_both_answer_alike(archive: tuple[str, dict[int, Any]]) -> None:
    both_answer_alike(archive)


@pytest.mark.soak
@settings(max_examples=100)
@given(archives())
def test_both_answer_alike_of_hundreds(archive: tuple[str, dict[int, Any]]) -> None:
    both_answer_alike(archive)
