"""Questions that have no answer are refused in words: which argument, which value, and what was expected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.batches import Case

from natsbin.errors import QuestionError

NAN, BIG = float("nan"), np.array([2**63], np.uint64)
INFO = [
    ({"index": [0, 40_000]}, "architecture 40000 at place 1"),
    ({"index": [-1]}, "architecture -1"),
    ({"index": [1.0]}, "float64"),
    ({"index": [NAN]}, "float64"),
    ({"index": [True]}, "bool"),
    ({"index": ["|none~0|"]}, "place 0: '|none~0|'"),
    ({"index": [[1], [2, 3]]}, "no array"),
    ({"index": None}, "None"),
    ({"index": BIG}, "uint64"),
    ({"iepoch": 500}, "iepoch 500"),
    ({"iepoch": -1}, "iepoch -1"),
    ({"iepoch": [0.0]}, "float64"),
    ({"iepoch": NAN}, "float64"),
    ({"iepoch": [0, 1, 2]}, "iepoch (3,)"),
    ({"is_random": [1.5, 2.5]}, "seed is of float64"),
    ({"is_random": [1, 2, 3]}, "seed (3,)"),
    ({"is_random": "777"}, "seed is of"),
    ({"dataset": "cifar11"}, "'cifar11'"),
    ({"hp": "300"}, "'300'"),
    ({"hp": 300}, "300"),
    ({"missing": "zero"}, "missing='zero'"),
]
OTHERS = [
    ("train_time", (0, 13), {"dataset": "cifar10", "hp": "12"}, "epochs 13"),
    ("train_time", (0, 3), {"resume_from": 4, "dataset": "cifar10", "hp": "12"}, "resume_from"),
    ("train_time", (0, [1.0]), {"dataset": "cifar10", "hp": "12"}, "float64"),
    ("train_time", (0, 1), {"dataset": "cifar10", "setname": "x-valid", "hp": "12"}, "no set"),
    *(("queue", ([wrong], 2), {}, "duration") for wrong in (-1.0, NAN, float("inf"))),
    *(("queue", ([1.0], workers), {}, "workers") for workers in (0, -1, 1.5, True)),
    ("queue", (np.zeros((2, 2, 2)), 2), {}, "shape"),
    ("queue", (["soon"], 2), {}, "numbers"),
    ("top_k", (-1, "cifar10", "valid"), {}, "k=-1"),
    ("pareto_front", (["speed"], "cifar10"), {}, "'speed'"),
    ("pareto_front", ({"accuracy": "up"}, "cifar10"), {}, "'up'"),
    ("pareto_front", ([], "cifar10"), {}, "metrics"),
    ("regret", (0, "cifar10", "valid"), {}, "trajectory"),
    ("find_best", ("cifar10", "valid"), {"flop_max": NAN}, "limit of flops"),
    ("find_best", ("cifar100", "x-train"), {}, "no set 'x-train'"),
    ("get_more_info", ([0, 3], "cifar10", None, "12"), {"missing": "raise"}, "no train-loss"),
    ("get_more_info", ([0, 3], "cifar10", None, "12"), {"missing": "raise"}, "at place 1 (1 of 2 missing)"),
    ("simulate_train_eval", ([0, 3], "cifar10", None, "12"), {"missing": "raise"}, "no accuracy"),
    *(
        ("curves", ([0, 3], "cifar100", "train", "loss", "12"), {"missing": missing}, told)
        for missing, told in (("raise", "no loss of train"), ("zero", "missing='zero'"))
    ),
]
USUAL = {"index": [0, 1], "dataset": "cifar10", "iepoch": [0], "hp": "12"}


@pytest.mark.parametrize(
    ("method", "args", "kwargs", "told"),
    [*(("get_more_info", (), USUAL | changes, told) for changes, told in INFO), *OTHERS],
)
def test_refusals(regular: Case, method: str, args: tuple[Any, ...], kwargs: dict[str, Any], told: str) -> None:
    with pytest.raises(QuestionError) as caught:
        getattr(regular.batch, method)(*args, **kwargs)
    assert told in str(caught.value)
    assert isinstance(caught.value, (KeyError, ValueError))
