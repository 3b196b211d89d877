"""Records of the generated shape with other numbers in every place, some odd: no two sums or means agree by chance."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from natsbin.spaces import SearchSpace
from support.files import benchmark, write_folder


def varied(record: dict[str, Any], index: int, arch: str, rng: random.Random) -> dict[str, Any]:
    """A record of the same shape as architecture ``index``, with other numbers and here and there another seed."""
    record = copy.deepcopy(record)
    for state in record.values():
        state["arch_index"], state["arch_str"] = index, arch
        for dataset, seeds in state["dataset_seed"].items():
            for seed in (222, 888):
                if seed not in seeds and rng.random() < 0.4:
                    state["all_results"][dataset, seed] = copy.deepcopy(state["all_results"][dataset, seeds[0]])
                    state["all_results"][dataset, seed]["seed"] = f"{seed:04d}"
                    seeds.append(seed)
            seeds.sort()
        for trial in state["all_results"].values():
            _vary(trial, rng)
            trial["arch_config"]["arch_str"] = arch
    return record


def _vary(trial: dict[str, Any], rng: random.Random) -> None:
    for name in ("train_acc1es", "train_losses", "train_times", "eval_acc1es", "eval_losses", "eval_times"):
        for key in trial[name]:
            trial[name][key] = rng.random() * 10 ** rng.randint(-2, 3)
    if rng.random() < 0.3:
        trial["params"], trial["flop"] = np.float64(rng.random()), rng.random() * 100
    trial["latency"] = rng.choice(
        [[np.float64(rng.random())], [np.float64(rng.random())], [np.float64(-1)], None, [rng.random(), rng.random()]]
    )
    if trial["eval_losses"] and rng.random() < 0.2:
        trial["eval_losses"][rng.choice(list(trial["eval_losses"]))] = math.nan
    if rng.random() < 0.2:
        for name in ("eval_acc1es", "eval_losses"):
            gone = rng.choice(sorted(trial[name] or ["none"]))
            trial["eval_acc1es"].pop(gone, None)
            trial["eval_losses"].pop(gone, None)
    if rng.random() < 0.05:
        name = rng.choice(["train_acc1es", "train_losses", "train_times"])
        del trial[name][rng.choice(sorted(trial[name]))]
    if rng.random() < 0.1:
        rng.shuffle(trial["eval_names"])


def varied_benchmark(folder: Path, indexes: Iterable[int], seed: int) -> dict[str, Any]:
    """A benchmark dict of varied records, made from a folder's records."""
    rng, base = random.Random(seed), benchmark(folder)
    records = list(base["arch2infos"].values())
    base["arch2infos"] = {
        index: varied(rng.choice(records), index, base["meta_archs"][index], rng) for index in indexes
    }
    base["evaluated_indexes"] = set(base["arch2infos"])
    return base


def varied_folder(folder: Path, base: Path, space: SearchSpace, indexes: Iterable[int], seed: int) -> Path:
    """The same as an archive folder."""
    return write_folder(folder, space, varied_benchmark(base, indexes, seed)["arch2infos"])
