"""Records of a few epochs under any names, made from nothing, and the same archive opened by both libraries."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nats_bench
import numpy as np

import natsbin
from natsbin.spaces import SearchSpace
from support.files import META, dump, record_path
from support.oracle import Pair

State = dict[str, Any]


def trial(arch: str, sets: Sequence[str], seed: int, epochs: int, rng: random.Random) -> State:
    """A regular training with numbers of its own; its costs are the architecture's."""
    costs = random.Random(arch)
    by_epoch = range(epochs)
    by_set = [f"{name}@{epoch}" for name in sets for epoch in by_epoch]
    return {
        "name": "infer.tiny",
        "train_acc1es": {epoch: 100 * rng.random() for epoch in by_epoch},
        "train_acc5es": {epoch: 100 * rng.random() for epoch in by_epoch},
        "train_losses": {epoch: rng.random() for epoch in by_epoch},
        "train_times": {epoch: 10 * rng.random() for epoch in by_epoch},
        "arch_config": {"name": "infer.tiny", "C": 16, "N": 5, "arch_str": arch, "num_classes": 10},
        "params": np.float64(costs.random()),
        "flop": 100 * costs.random(),
        "seed": f"{seed:04d}",
        "epochs": epochs,
        "latency": [np.float64(rng.random())],
        "eval_names": list(sets),
        "eval_acc1es": {key: 100 * rng.random() for key in by_set},
        "eval_times": {key: rng.random() for key in by_set},
        "eval_losses": {key: rng.random() for key in by_set},
        "net_state_dict": None,
    }


def state(index: int, arch: str, trials: Mapping[tuple[str, int], State]) -> State:
    """The state of an hp."""
    seeds: dict[str, list[int]] = {}
    for dataset, seed in trials:
        seeds.setdefault(dataset, []).append(seed)
    return {
        "arch_index": index,
        "arch_str": arch,
        "all_results": dict(trials),
        "dataset_seed": {dataset: sorted(found) for dataset, found in seeds.items()},
        "clear_net_done": True,
    }


def write_archive(folder: Path, archs: list[str], records: Mapping[int, Any]) -> Path:
    """A folder of records, whose ``meta`` lists these architectures alone."""
    folder.mkdir(parents=True)
    meta = {"meta_archs": archs, "total_archs": len(archs), "arch2infos": None, "evaluated_indexes": set()}
    dump(meta, folder / META)
    for index, one in records.items():
        dump(one, record_path(folder, index))
    return folder


def open_both(
    space: SearchSpace, archs: list[str], records: Mapping[int, Any], folder: Path, store: Path
) -> list[Pair]:
    """The original on the dict and, in fast mode, on the folder; natsbin on the store in both modes."""
    benchmark = {"meta_archs": archs, "arch2infos": dict(records), "evaluated_indexes": set(records)}
    return [
        Pair(
            nats_bench.create(str(folder) if fast else benchmark, space.name, fast_mode=fast, verbose=False),
            natsbin.create(store, space.name, fast_mode=fast, verbose=False),
        )
        for fast in (False, True)
    ]


def ask_everything(pair: Pair, archs: list[str], records: Mapping[int, Any]) -> None:
    """Every public method about everything that the records have, and about some that they have not."""
    for index, record in records.items():
        for hp, one in record.items():
            _ask_of(pair, index, archs[index], hp, one)
        pair.call("show", index)
        pair.call("arch", index)
        pair.call("query_index_by_arch", archs[index])
    hps = sorted({hp for record in records.values() for hp in record})
    datasets = sorted({name for record in records.values() for one in record.values() for name in one["dataset_seed"]})
    for hp in (*hps, "nowhere"):
        for dataset in (*datasets, "nowhere"):
            for setname in ("valid", "test", "train", "x-valid", "x-test", "ori-test", "corrupted"):
                pair.call("find_best", dataset, setname, hp=hp, enforce_all=False)
            pair.call("find_best", dataset, "train", 50.0, 0.5, hp, False)
            pair.call("statistics", dataset, hp)
    pair.ask(lambda api: sorted(api.avaliable_hps), "avaliable_hps")
    for index, record in records.items():
        pair.ask(lambda api, index=index: api.arch2infos_dict[index], "arch2infos_dict")
        pair.call("clear_params", index)
        pair.call("get_more_info", index, datasets[0], None, next(iter(record)), False)


def _ask_of(pair: Pair, index: int, arch: str, hp: str, one: State) -> None:
    seeds = sorted({seed for _, seed in one["all_results"]})
    epochs = max([trial["epochs"] for trial in one["all_results"].values()], default=1)
    for dataset in (*one["dataset_seed"], "nowhere"):
        for epoch in (None, 0, epochs):
            for choice in (False, True, *seeds[:1], 5):
                pair.call("get_more_info", index, dataset, epoch, hp, choice)
        pair.call("get_more_info", arch, dataset, None, hp)
        pair.call("simulate_train_eval", arch, dataset, None, hp)
        pair.call("simulate_train_eval", index, dataset, 0, hp, False)
        pair.call("get_cost_info", index, dataset, hp)
        pair.call("get_latency", index, dataset, hp)
        pair.call("query_by_index", index, dataset, hp)
        pair.call("get_net_config", index, dataset)
        pair.call("get_net_param", index, dataset, None, hp)
        pair.call("get_net_param", index, dataset, seeds[0] if seeds else 5, hp)
        for setname in ("train", "x-valid", "corrupted"):
            pair.ask(
                lambda api, key=(dataset, setname): api.query_meta_info_by_index(index, hp).get_metrics(*key),
                f"get_metrics({dataset!r}, {setname!r})",
            )
        pair.ask(
            lambda api, dataset=dataset: [
                (trial.get_latency(), trial.get_times(), repr(trial))
                for trial in api.query_by_index(index, dataset, hp).values()
            ],
            f"trials of {dataset!r}",
        )
    pair.call("query_info_str_by_arch", arch, hp)
    pair.call("query_meta_info_by_index", index, hp)
    pair.ask(lambda api: api.query_meta_info_by_index(index, hp).get_total_epoch(), "get_total_epoch")
