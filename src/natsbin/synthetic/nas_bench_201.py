"""Generated NAS-Bench-201 files and folders, written by torch in either of its containers.

The records are those of a generated topology space with other seeds of its random numbers, in the shape that the class
``ArchResults`` of ``nas_201_api`` gives them. As in the published file, datasets differ in how many trainings of 200
epochs they have: ``cifar10-valid`` has all of an architecture's seeds, others may have just one.
"""

from __future__ import annotations

import importlib.util
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from natsbin._util.files import new_file
from natsbin.archive.nas_bench_201 import HPS
from natsbin.errors import ArchiveError
from natsbin.spaces import TSS
from natsbin.synthetic.states import make_states
from natsbin.synthetic.weights import add_weights
from natsbin.weights.reader import to_torch

CONTAINERS = ("legacy", "zip")

_OTHER_SEEDS = 201  # so that no value equals one of the generated NATS-Bench archive
_ONE_TRIAL = 3  # every so many architectures have one training on the datasets other than cifar10-valid
_UNTIMED = 11  # every so many lack the seconds of training in the trainings of 12 epochs, with ``irregular``


def make_infos(index: int, seed: int = 0, *, irregular: bool = False) -> dict[str, dict[str, Any]]:
    """``{full, less}`` of an architecture; depends on the arguments alone."""
    states = make_states(TSS, index, seed + _OTHER_SEEDS, irregular=irregular)
    full, less = states["200"], states["12"]
    if index % _ONE_TRIAL == 0:
        for dataset, seeds in full["dataset_seed"].items():
            if dataset != "cifar10-valid":
                for other in seeds[1:]:
                    del full["all_results"][dataset, other]
                del seeds[1:]
    if irregular and index % _UNTIMED == 0:
        for trial in less["all_results"].values():
            trial["train_times"], trial["eval_times"] = None, {}
    return {"full": full, "less": less}


def make_dict(indexes: Iterable[int], seed: int = 0, *, irregular: bool = False) -> dict[str, Any]:
    """What the file holds, with some architectures."""
    chosen = sorted(set(indexes))
    infos = OrderedDict((index, make_infos(index, seed, irregular=irregular)) for index in chosen)
    return {"meta_archs": TSS.architectures, "arch2infos": infos, "evaluated_indexes": chosen}


def make_nas_bench_201(
    dst: Path,
    indexes: Iterable[int],
    *,
    folder: bool = False,
    container: str = "legacy",
    seed: int = 0,
    irregular: bool = False,
) -> Path:
    """Write a generated file of some architectures to ``dst`` and return it. All of them are in memory at a time.

    With ``folder``, ``dst`` becomes a folder of a file ``NNNNNN-FULL.pth`` an architecture, with trained weights; it is
    made if it is not there. ``container``: ``legacy``, as torch wrote files up to 1.5 and as those of the benchmark
    are, or ``zip``. Raises ArchiveError where torch is not installed, ValueError for another container.
    """
    if folder:
        dst.mkdir(exist_ok=True)
        for index in sorted(set(indexes)):
            _save(_full_infos(index, seed, irregular), dst / f"{index:06d}-FULL.pth", container)
    else:
        _save(make_dict(indexes, seed, irregular=irregular), dst, container)
    return dst


def _full_infos(index: int, seed: int, irregular: bool) -> dict[str, dict[str, Any]]:
    """``make_infos`` with trained weights, as torch tensors."""
    infos = make_infos(index, seed, irregular=irregular)
    add_weights({HPS[name]: state for name, state in infos.items()}, index, seed + _OTHER_SEEDS)
    for state in infos.values():
        for trial in state["all_results"].values():
            trial["net_state_dict"] = to_torch(trial["net_state_dict"])
    return infos


def _save(value: object, dst: Path, container: str) -> None:
    if container not in CONTAINERS:
        raise ValueError(f"container is {container!r}; expected one of {', '.join(CONTAINERS)}")
    if importlib.util.find_spec("torch") is None:
        raise ArchiveError("a NAS-Bench-201 file is written by torch: pip install torch first")
    import torch

    with new_file(dst, force=True) as (part, _):
        torch.save(value, part, _use_new_zipfile_serialization=container == "zip")
