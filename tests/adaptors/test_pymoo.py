"""NSGA-II through pymoo: objectives as the scalar API gives them, and the front that the batch finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.small_spaces import CHOICES, scalar_api

from natsbin.errors import QuestionError
from natsbin.store import Store

pytest.importorskip("pymoo")

from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import IntegerRandomSampling
from pymoo.optimize import minimize

from natsbin.adaptors.pymoo import ArchitectureProblem


def test_nsga2_finds_the_front(sss: Store, said: Any) -> None:
    problem = ArchitectureProblem(sss, objectives=("accuracy", "params"), hp="12", choices=CHOICES["sss"])
    repair = RoundingRepair()
    algorithm = NSGA2(
        16,
        sampling=IntegerRandomSampling(),
        crossover=SBX(vtype=float, repair=repair),
        mutation=PM(vtype=float, repair=repair),
    )
    result = minimize(problem, algorithm, ("n_gen", 20), seed=1)
    api, index = scalar_api(sss), problem.indexes(result.X)
    for one, (negative, params) in zip(index.tolist(), result.F.tolist(), strict=True):
        assert -negative == said(one, 11)[0]
        assert params == api.get_cost_info(one, "cifar10", hp="12")["params"]
    everything = {
        one: (said(one, 11)[0], api.get_cost_info(one, "cifar10", hp="12")["params"]) for one in sss.indexes.tolist()
    }
    front = {
        one
        for one, (a, p) in everything.items()
        if not any(x >= a and q <= p and (x, q) != (a, p) for x, q in everything.values())
    }
    assert {everything[one] for one in index.tolist()} == {everything[one] for one in front}


def test_a_population_is_asked_at_once_and_timed(tss: Store) -> None:
    names = ["accuracy", "time", "latency", "flops", "params"]
    problem = ArchitectureProblem(tss, "cifar100", names, hp="12", choices=CHOICES["tss"])
    rows = np.random.default_rng(0).integers(0, 2, (10, 6))
    found = problem.evaluate(rows)
    assert found.shape == (10, 5)
    assert [CHOICES["tss"][column] for column in rows[0]] == [
        part.partition("~")[0] for part in tss.space.architectures[problem.indexes(rows)[0]].split("|") if "~" in part
    ]
    assert problem.used_time == found[:, 1].sum()
    with pytest.raises(QuestionError, match="expected some of accuracy"):
        ArchitectureProblem(tss, objectives=["error"])
