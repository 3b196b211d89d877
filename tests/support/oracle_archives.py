"""Archives to ask about: folders as they are, and records of the same shape with other numbers in every place."""

from __future__ import annotations

import bz2
import copy
import math
import pickle
import random
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from natsbin.spaces import SearchSpace


def load(path: Path) -> Any:
    """A pickle of the project's own making, or of the genuine samples."""
    return pickle.loads(bz2.decompress(path.read_bytes()))


class ArchiveSource:
    """A folder of pickles as a natsbin source, read without natsbin's own reader."""

    def __init__(self, path: Path, space: SearchSpace) -> None:
        self.path, self.space = path, space
        self.meta_archs = load(path / "meta.pickle.pbz2")["meta_archs"]
        self.total = len(self.meta_archs)
        files = sorted(path.glob("[0-9]*.pickle.pbz2"))
        self.indexes = np.array([int(file.name.split(".")[0]) for file in files], np.int32)
        self.hps = tuple(space.epochs)

    def load(self, index: int) -> OrderedDict[str, dict[str, Any]]:
        if index not in self.indexes:
            raise KeyError(index)
        record: OrderedDict[str, dict[str, Any]] = load(self.path / f"{index:06d}.pickle.pbz2")
        return record


def benchmark(folder: Path, indexes: Iterable[int] | None = None) -> dict[str, Any]:
    """The dict of a benchmark file with the architectures of a folder."""
    files = sorted(folder.glob("[0-9]*.pickle.pbz2"))
    numbers = [int(file.name.split(".")[0]) for file in files] if indexes is None else list(indexes)
    meta_archs = load(folder / "meta.pickle.pbz2")["meta_archs"]
    return {
        "meta_archs": meta_archs,
        "total_archs": len(meta_archs),
        "arch2infos": {number: load(folder / f"{number:06d}.pickle.pbz2") for number in numbers},
        "evaluated_indexes": set(numbers),
    }


def varied(record: dict[str, Any], index: int, arch: str, rng: random.Random) -> dict[str, Any]:
    """A record of the same shape with other numbers in every place, some odd: no two sums or means agree by chance."""
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


def write_folder(base: dict[str, Any], folder: Path) -> None:
    """A benchmark dict as an archive folder."""
    folder.mkdir()
    meta = {**base, "arch2infos": None, "evaluated_indexes": set()}
    for name, record in [("meta", meta), *((f"{i:06d}", one) for i, one in base["arch2infos"].items())]:
        (folder / f"{name}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(record, protocol=4), 1))
