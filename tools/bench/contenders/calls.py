"""The work as a program written for ``nats_bench`` does it: call by call, public methods only."""

from __future__ import annotations

import random
from typing import Any

from questions import DATASET, SEARCHED, Ints, Questions, halving

from contenders import Work


def works_of(api: Any, questions: Questions) -> dict[str, Work]:
    """All work, over an API with the methods of ``nats_bench``."""
    hp = questions.hp
    calls: list[list[int]] = questions.calls.tolist()
    points: list[list[int]] = questions.points.tolist()
    pool: list[int] = questions.pool.tolist()

    def get_more_info() -> list[float]:
        return [
            api.get_more_info(arch, DATASET, iepoch=epoch, hp=hp, is_random=False)["valid-accuracy"]
            for arch, epoch in calls
        ]

    def simulate_train_eval() -> list[float]:
        random.seed(0)
        return [api.simulate_train_eval(arch, SEARCHED, iepoch=epoch, hp=hp)[2] for arch, epoch in calls]

    def get_cost_info() -> list[float]:
        return [api.get_cost_info(arch, DATASET, hp=hp)["latency"] for arch, _ in calls]

    def find_best() -> list[float]:
        if len(api.evaluated_indexes) < len(pool):  # it looks at what was asked for before
            for arch in pool:
                api.get_cost_info(arch, DATASET, hp=hp)
        return [api.find_best(SEARCHED, "valid", hp=hp, enforce_all=False)[1]]

    def ask_points() -> list[float]:
        return [
            api.get_more_info(arch, DATASET, iepoch=epoch, hp=hp, is_random=seed)["valid-accuracy"]
            for arch, seed, epoch in points
        ]

    def rung(archs: Ints, epoch: int) -> tuple[list[float], list[float]]:
        infos = [api.get_more_info(arch, DATASET, iepoch=epoch, hp=hp, is_random=False) for arch in archs.tolist()]
        return [info["valid-accuracy"] for info in infos], [info["train-all-time"] for info in infos]

    return {
        "get_more_info": get_more_info,
        "simulate_train_eval": simulate_train_eval,
        "get_cost_info": get_cost_info,
        "find_best, pool": find_best,
        "points": ask_points,
        "curves": lambda: curves_of_copies(api, questions),
        "halving sweep": lambda: halving(questions, rung),
    }


def curves_of_copies(api: Any, questions: Questions) -> list[float]:
    """Curves from a copy of each architecture's objects: the quick way in ``nats_bench``."""
    answers: list[float] = []
    for arch, seed in questions.curves.tolist():
        trial = api.query_by_index(arch, DATASET, questions.hp)[seed]
        answers += [trial.get_eval("x-valid", epoch)["accuracy"] for epoch in range(questions.epochs)]
    return answers


def curves_of_calls(api: Any, questions: Questions) -> list[float]:
    """Curves from a call an epoch: the quick way where a call takes a microsecond."""
    hp, epochs = questions.hp, range(questions.epochs)
    return [
        api.get_more_info(arch, DATASET, iepoch=epoch, hp=hp, is_random=seed)["valid-accuracy"]
        for arch, seed in questions.curves.tolist()
        for epoch in epochs
    ]
