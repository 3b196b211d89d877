"""A small full archive: records with a few odd tensors each, quick to make and to read."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

from natsbin.spaces import SSS
from support.files import write_folder
from support.records import Record
from support.records import record as simple_record

INDEXES = (0, 3, 4, 9, 20, 511)
NAME = "NATS-sss-v1_0-50262-full"


def state_dict(index: int, seed: int, *, extra: bool = False) -> OrderedDict[str, torch.Tensor]:
    """Tensors of many kinds, with the attribute that torch's modules add."""
    draw = torch.Generator().manual_seed(1000 * index + seed)
    tensors: OrderedDict[str, torch.Tensor] = OrderedDict()
    tensors["stem.weight"] = torch.randn(3, 2, 3, generator=draw)
    tensors["turned"] = torch.randn(4, 6, generator=draw).t()
    tensors["every other"] = torch.arange(20, dtype=torch.float64)[1::2]
    tensors["spread"] = torch.randn(1, generator=draw).expand(1)
    tensors["half"] = torch.randn(70, generator=draw).half()
    tensors["num_batches_tracked"] = torch.tensor(98 * index + seed)
    tensors["nothing"] = torch.arange(4)[:0]
    tensors["bits"] = torch.tensor([True, False, True])
    tensors["bytes"] = torch.arange(5, dtype=torch.uint8)
    if extra:
        tensors["extra"] = torch.randn(1000, generator=draw)
    tensors._metadata = OrderedDict([("", {"version": 1}), ("stem", {"version": 2})])  # type: ignore[attr-defined]
    return tensors


def record(index: int) -> Record:
    """An architecture's record with weights; every third has tensors of its own, every seventh trial has none."""
    states = simple_record(SSS, index)
    number = index
    for state in states.values():
        state["clear_net_done"] = False
        for (_, seed), trial in state["all_results"].items():
            number += 1
            if number % 7:
                trial["net_state_dict"] = state_dict(number, seed, extra=index % 3 == 0)
    return states


def make_full(parent: Path) -> Path:
    """A full archive of ``INDEXES`` in a new folder."""
    return write_folder(parent / NAME, SSS, {index: record(index) for index in INDEXES})


def same_weights(ours: Any, theirs: Any) -> bool:
    """Equal names, orders, dtypes, shapes, values and versions."""
    return (
        type(ours) is type(theirs)
        and list(ours) == list(theirs)
        and ours._metadata == theirs._metadata
        and all(ours[name].dtype == theirs[name].dtype and torch.equal(ours[name], theirs[name]) for name in ours)
    )
