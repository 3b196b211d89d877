"""natsbin asked for arrays."""

from __future__ import annotations

import numpy as np
from questions import DATASET, SEARCHED, Doubles, Ints, halving

from contenders import Setting, Work


def open_works(setting: Setting) -> dict[str, Work]:
    """All work, one call each."""
    from natsbin.batch import Batch
    from natsbin.store import open_store

    questions = setting.questions
    hp, pool = questions.hp, questions.pool
    batch = Batch(open_store(setting.store))
    (archs, at), (curved, curve_seeds) = questions.calls.T, questions.curves.T
    pointed, point_seeds, point_epochs = questions.points.T

    def rung(archs: Ints, epoch: int) -> tuple[Doubles, Doubles]:
        infos = batch.get_more_info(archs, DATASET, iepoch=epoch, hp=hp, is_random=False)
        return infos["valid-accuracy"], infos["train-all-time"]

    def find_best(archs: Ints | None) -> list[float]:
        return [float(batch.find_best(SEARCHED, "valid", hp=hp, archs=archs)[1])]

    return {
        "get_more_info": lambda: batch.get_more_info(archs, DATASET, iepoch=at, hp=hp, is_random=False)[
            "valid-accuracy"
        ],
        "simulate_train_eval": lambda: batch.simulate_train_eval(
            archs, SEARCHED, iepoch=at, hp=hp, rng=np.random.default_rng(0)
        )[2],
        "get_cost_info": lambda: batch.get_cost_info(archs, DATASET, hp=hp)["flops"],
        "find_best, pool": lambda: find_best(pool),
        "find_best, all": lambda: find_best(None),
        "points": lambda: batch.get_more_info(pointed, DATASET, iepoch=point_epochs, hp=hp, is_random=point_seeds)[
            "valid-accuracy"
        ],
        "curves": lambda: batch.curves(curved, DATASET, "x-valid", hp=hp, seeds=curve_seeds).reshape(-1),
        "halving sweep": lambda: halving(questions, rung),
    }
