"""Search in batches equals plain loops over the scalar API."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import Case, answer

from natsbin import _search

few = settings(max_examples=20)
SETS = [
    ("cifar10", "valid"),
    ("cifar10", "test"),
    ("cifar100", "valid"),
    ("cifar100", "x-test"),
    ("ImageNet16-120", "test"),
    ("cifar10-valid", "train"),
]


def kept(dataset: str, setname: str) -> tuple[str, str]:
    if setname in ("valid", "test"):
        setname = {"valid": "x-valid", "test": "x-test"}[setname]
        if dataset == "cifar10":
            return ("cifar10-valid", "x-valid") if setname == "x-valid" else ("cifar10", "ori-test")
    return dataset, setname


def table_of(case: Case, hp: str, dataset: str, setname: str) -> dict[int, dict[str, Any]]:
    """All that a search may look at, from the scalar API's objects."""
    dataset, setname = kept(dataset, setname)
    found = {}
    for index in case.indexes:
        results = case.scalar.arch2infos_dict[index][hp]
        metrics = answer(lambda r=results: r.get_metrics(dataset, setname)) or {}
        costs = answer(lambda r=results: r.get_compute_costs(dataset)) or {}
        found[index] = {
            "accuracy": metrics.get("accuracy"),
            "loss": metrics.get("loss"),
            **{name: costs.get(name) for name in ("flops", "params", "latency")},
            "time": costs.get("T-train@total"),
        }
    return found


def draw_search(data: st.DataObject, case: Case, wide: bool = True) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
    """Arguments, limits, and the candidates as (index, accuracy) that a plain loop finds."""
    hp = data.draw(st.sampled_from(case.store.hps))
    dataset, setname = data.draw(st.sampled_from(SETS))
    table = table_of(case, hp, dataset, setname)
    limits = {}
    names = {"flops": "flop_max", "params": "param_max"}
    names |= {"latency": "latency_max", "time": "time_max"} if wide else {}
    for name, argument in names.items():
        values = sorted(row[name] for row in table.values() if row[name] is not None)
        limits[argument] = data.draw(st.one_of(st.none(), st.sampled_from(values), st.just(-1.0))) if values else None
    names_back = {argument: name for name, argument in names.items()}

    def within(row: dict[str, Any]) -> bool:
        for argument, limit in limits.items():
            value = row[names_back[argument]]
            if limit is not None and (value is None or value > limit):
                return False
        return row["accuracy"] is not None

    candidates = [(index, row) for index, row in table.items() if within(row)]
    return (dataset, setname), {**limits, "hp": hp}, candidates


@few
@given(data=st.data())
def test_best_top_rank_and_regret(case: Case, data: st.DataObject) -> None:
    sets, limits, candidates = draw_search(data, case)
    ranked = sorted(candidates, key=lambda pair: -pair[1]["accuracy"])
    index, value = case.batch.find_best(*sets, **limits)
    assert (index, value) == ((ranked[0][0], ranked[0][1]["accuracy"]) if ranked else (-1, None))
    k = data.draw(st.integers(0, 20))
    top, values = case.batch.top_k(k, *sets, **limits)
    assert top.tolist() == [one for one, _ in ranked[:k]]
    assert values.tolist() == [row["accuracy"] for _, row in ranked[:k]]

    unlimited = table_of(case, limits["hp"], *sets)
    ranks = case.batch.rank(case.indexes, *sets, **limits)
    for one, rank in zip(case.indexes, ranks.tolist(), strict=True):
        own = unlimited[one]["accuracy"]
        assert rank == (-1 if own is None else 1 + sum(row["accuracy"] > own for _, row in candidates))

    trajectory = data.draw(st.lists(st.sampled_from(case.indexes), min_size=1, max_size=8))
    counts = dict(candidates)
    regrets = case.batch.regret(trajectory, *sets, **limits)
    so_far = None
    for one, regret in zip(trajectory, regrets.tolist(), strict=True):
        if one in counts and (so_far is None or counts[one]["accuracy"] > so_far):
            so_far = counts[one]["accuracy"]
        assert np.isnan(regret) if so_far is None else regret == ranked[0][1]["accuracy"] - so_far


@few
@given(data=st.data())
def test_find_best_is_the_scalar_one(case: Case, data: st.DataObject) -> None:
    sets, limits, _ = draw_search(data, case, wide=False)
    expected = answer(lambda: case.scalar.find_best(*sets, **limits))
    if expected is not None:  # the scalar one refuses where one architecture lacks a number
        assert case.batch.find_best(*sets, **limits) == expected


@few
@given(data=st.data())
def test_pareto_front_of_any_metrics(case: Case, data: st.DataObject) -> None:
    sets, limits, candidates = draw_search(data, case)
    metrics = st.sampled_from(["accuracy", "loss", "flops", "params", "latency", "time"])
    names = data.draw(st.lists(metrics, min_size=1, max_size=4, unique=True))
    found = case.batch.pareto_front(names, *sets, **limits)
    # without an accuracy an architecture still takes part in a front that does not ask for one
    table = table_of(case, limits["hp"], *sets)
    if "accuracy" not in names and "loss" not in names:
        taking_part = {i for i, row in table.items() if row["accuracy"] is None}
        if taking_part:
            return
    rows = {
        index: [-row[name] if name == "accuracy" else row[name] for name in names]
        for index, row in candidates
        if all(row[name] is not None and row[name] == row[name] for name in names)
    }
    expected = [
        index
        for index, row in rows.items()
        if not any(all(a <= b for a, b in zip(other, row, strict=True)) and other != row for other in rows.values())
    ]
    assert found.tolist() == sorted(expected)
    upside_down = case.batch.pareto_front(dict.fromkeys(names, "max"), *sets, **limits)
    assert set(upside_down.tolist()) <= set(rows)


@given(rows=st.lists(st.tuples(*[st.integers(0, 4)] * 3), max_size=40))
def test_pareto_kernel_with_ties(rows: list[tuple[int, int, int]]) -> None:
    rows.sort()
    out = np.zeros(len(rows), np.uint8)
    _search.pareto(np.array(rows, np.float64).reshape(-1, 3), out)
    expected = [not any(all(a <= b for a, b in zip(o, r, strict=True)) and o != r for o in rows) for r in rows]
    assert out.astype(bool).tolist() == expected
