"""Archives of odd numbers: other types, gaps, empty latencies, datasets that are not there, many seeds."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from natsbin.spaces import SearchSpace
from support.records import record
from support.varied import varied


def whole(value: float) -> int:
    """An int, also of what is no number."""
    return int(value) if math.isfinite(value) else 0


NUMBERS: tuple[Callable[[float], Any], ...] = (
    *(float, np.float64, np.float32, np.float16, whole),
    lambda value: np.int64(whole(value)),
)
LATENCIES: tuple[Callable[[float], Any], ...] = (
    lambda value: [],
    lambda value: None,
    lambda value: [value],
    lambda value: [np.float32(value)],
    lambda value: [np.float64(value), value],
    lambda value: -1,
    lambda value: [-1],
    lambda value: value,
)
CURVES = ("train_acc1es", "train_losses", "train_times", "eval_acc1es", "eval_losses", "eval_times")


def odd_record(space: SearchSpace, index: int, hp: str, rng: random.Random) -> dict[str, Any]:
    """A record of one hyper-parameter set in which something is odd."""
    states: dict[str, Any] = varied({hp: record(space, 0, hp)[hp]}, index, space.architectures[index], rng)
    state = states[hp]
    for trial in state["all_results"].values():
        for name in CURVES:
            if rng.random() < 0.15:
                kind = rng.choice(NUMBERS)
                trial[name] = {key: kind(value) for key, value in trial[name].items()}
            elif rng.random() < 0.1 and trial[name]:
                trial[name][rng.choice(list(trial[name]))] = rng.choice(NUMBERS)(rng.random() * 100)
        if rng.random() < 0.25:
            trial["latency"] = rng.choice(LATENCIES)(rng.random())
        if rng.random() < 0.1:
            trial["params"], trial["flop"] = rng.choice(NUMBERS)(3.7), rng.choice(NUMBERS)(70.1)
    if rng.random() < 0.3:  # a dataset that is not there
        gone = rng.choice(list(state["dataset_seed"]))
        del state["dataset_seed"][gone]
        state["all_results"] = {key: trial for key, trial in state["all_results"].items() if key[0] != gone}
    return states


def odd_records(space: SearchSpace, indexes: Iterable[int], seed: int) -> dict[int, dict[str, Any]]:
    """Records of one archive; at times all of them lack a dataset."""
    rng = random.Random(seed)
    hp = rng.choice([*list(space.epochs)[:-1], *space.epochs])
    found = {index: odd_record(space, index, hp, rng) for index in indexes}
    if rng.random() < 0.4:
        gone = rng.choice(("cifar10", "cifar100", "ImageNet16-120"))
        for states in found.values():
            for state in states.values():
                state["dataset_seed"].pop(gone, None)
                state["all_results"] = {key: one for key, one in state["all_results"].items() if key[0] != gone}
    return found
