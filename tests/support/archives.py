"""Small archives of made-up numbers, in the published schema, for the tests of their reading."""

from __future__ import annotations

import bz2
import pickle
import tarfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from natsbin.spaces import SAMPLES, SearchSpace, sets_of

SEEDS = {"12": (777, 111), "200": (888, 777), "01": (777,), "90": (777,)}


def make_trial(index: int, arch: str, dataset: str, seed: int, epochs: int) -> dict[str, Any]:
    rng = np.random.default_rng([index, seed, epochs, len(dataset)])
    sets = sets_of(dataset)[1:]

    def train() -> dict[int, float]:
        return dict(enumerate(rng.random(epochs).tolist()))

    def evaluated(kept: range) -> dict[str, float]:
        return {f"{name}@{epoch}": rng.random() for name in sets for epoch in kept}

    return {
        "name": dataset,
        "train_acc1es": train(),
        "train_acc5es": None if epochs == 200 else train(),
        "train_losses": train(),
        "train_times": OrderedDict(train()),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": arch, "class_num": 10},
        "params": np.float64(rng.random()),
        "flop": rng.random(),
        "seed": f"{seed:04d}",
        "epochs": epochs,
        "latency": [np.float64(rng.random())],
        "eval_names": list(sets),
        "eval_acc1es": evaluated(range(epochs - 1, epochs)),
        "eval_times": evaluated(range(epochs)),
        "eval_losses": evaluated(range(epochs - 1, epochs)),
        "net_state_dict": None,
    }


def make_states(space: SearchSpace, index: int) -> OrderedDict[str, dict[str, Any]]:
    arch = space.architectures[index]
    datasets = list(dict.fromkeys(dataset for dataset, _ in SAMPLES))
    states = OrderedDict()
    for hp, epochs in space.epochs.items():
        states[hp] = {
            "arch_index": index,
            "arch_str": arch,
            "all_results": {
                (dataset, seed): make_trial(index, arch, dataset, seed, epochs)
                for seed in SEEDS[hp]
                for dataset in datasets
            },
            "dataset_seed": {dataset: sorted(SEEDS[hp]) for dataset in datasets},
            "clear_net_done": True,
        }
    return states


def make_meta(space: SearchSpace) -> dict[str, Any]:
    archs = space.architectures
    return {"meta_archs": archs, "total_archs": len(archs), "arch2infos": None, "evaluated_indexes": set()}


def dump(value: object, path: Path) -> Path:
    path.write_bytes(bz2.compress(pickle.dumps(value, 4), 1))
    return path


def make_folder(path: Path, space: SearchSpace, indexes: tuple[int, ...]) -> Path:
    path.mkdir()
    dump(make_meta(space), path / "meta.pickle.pbz2")
    for index in indexes:
        dump(make_states(space, index), path / f"{index:06d}.pickle.pbz2")
    return path


def make_tar(folder: Path, path: Path, inner: str) -> Path:
    """A tar of the folder's files, in it a folder of the name ``inner``, or none where that is empty."""
    with tarfile.open(path, "w") as tar:
        for file in sorted(folder.iterdir(), reverse=True):
            tar.add(file, f"{inner}/{file.name}" if inner else file.name)
    return path


def split(path: Path, size: int) -> list[Path]:
    """Chunks of at most ``size`` bytes, named as the ``split`` program names them."""
    data = path.read_bytes()
    chunks = []
    for number, start in enumerate(range(0, len(data), size)):
        high, low = divmod(number, 26)
        chunks.append(path.with_name(f"{path.name}{chr(97 + high)}{chr(97 + low)}"))
        chunks[-1].write_bytes(data[start : start + size])
    return chunks


def same(a: object, b: object) -> bool:
    """Deep equality of types, values, bits of floats, and orders."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        assert isinstance(b, dict)
        pairs = zip(a, b, strict=True) if len(a) == len(b) else [(a, None)]
        return all(same(x, y) and same(a[x], b[y]) for x, y in pairs)
    if isinstance(a, (list, tuple)):
        assert isinstance(b, (list, tuple))
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (float, np.floating)):
        return np.float64(a).tobytes() == np.float64(b).tobytes()
    return a == b
