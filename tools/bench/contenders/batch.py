"""natsbin asked for arrays."""

from __future__ import annotations

import numpy as np
from questions import DATASET, SEARCHED, Doubles, Ints, halving

from contenders import Setting, Work


def open_works(setting: Setting) -> dict[str, Work]:
    """All work, one call each."""
    from natsbin import Batch
    from natsbin.store import open_store

    questions = setting.questions
    hp, pool = questions.hp, questions.pool
    batch = Batch(open_store(setting.store))
    (archs, at), (curved, curve_seeds) = questions.calls.T, questions.curves.T
    pointed, point_seeds, point_epochs = questions.points.T

    def rung(archs: Ints, epoch: int) -> tuple[Doubles, Doubles]:
        accuracy: Doubles = batch.points(archs, DATASET, "x-valid", iepoch=epoch, hp=hp)
        return accuracy, batch.train_time(archs, epoch + 1, dataset=DATASET, hp=hp)

    def get_more_info() -> Doubles:
        answers: Doubles = batch.get_more_info(archs, DATASET, iepoch=at, hp=hp)["valid-accuracy"]
        return answers

    def simulate_train_eval() -> Doubles:
        seconds: Doubles = batch.simulate_train_eval(archs, SEARCHED, iepoch=at, hp=hp, rng=np.random.default_rng(0))[2]
        return seconds

    def points() -> Doubles:
        answers: Doubles = batch.points(pointed, DATASET, "x-valid", iepoch=point_epochs, hp=hp, is_random=point_seeds)
        return answers

    return {
        "get_more_info": get_more_info,
        "simulate_train_eval": simulate_train_eval,
        "get_cost_info": lambda: batch.get_cost_info(archs, DATASET, hp=hp)["latency"],
        "find_best, pool": lambda: [batch.points(pool, DATASET, "x-valid", hp=hp).max()],
        "find_best, all": lambda: [batch.find_best(SEARCHED, "valid", hp=hp)[1] or np.nan],
        "points": points,
        "curves": lambda: batch.curves(curved, DATASET, "x-valid", hp=hp, seed=curve_seeds),
        "halving sweep": lambda: halving(questions, rung),
    }
