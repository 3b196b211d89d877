"""Where an archive is irregular: a fixed rule of the architecture's index.

Genuine archives are ragged in rare places. Kinds with a star occur on request only (``irregular``): they test what
natsbin does with records that are allowed but were hardly published. With them every kind occurs, in both spaces unless
noted, often enough that any 200 consecutive architectures show all of them (the single genuine case of NaN, 9075,
apart):

========================== ================================== ==========================================
kind                       indexes                            what differs
========================== ================================== ==========================================
two seeds (tss/200)        7,456 of 15,625, evenly spread     seed 999 is absent
newer run (tss/200)        ``index % 16 == 5``                the last seed has every epoch of every set
other network (tss/200)    204 of 15,625, evenly spread       one seed's params and FLOPs are another's
NaN losses (longest hp)    9075 of tss                        one trial, from an epoch on
NaN losses (likewise) *    ``index % 150 == 30``              one trial, from an epoch on
latency is an empty list * ``index % 64 == 20``               trials of one dataset; every second time
latency is None *          ``index % 64 == 21``               of seed 777 alone
latency is [-1] *          ``index % 64 == 22``               (likewise)
trials by dataset *        ``index % 8 == 4``                 order of ``all_results``
trials by seed *           ``index % 8 == 6``                 order of ``all_results`` (tss/200)
eval_names in any order *  ``index % 8 == 1``                 order within each trial
========================== ================================== ==========================================

nats_bench 1.8 answers a latency of None as soon as one trial of the dataset has None or -1; on an empty list its
latency, cost, simulated training and ``show`` raise ZeroDivisionError, all else works.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from natsbin.spaces import DATASETS, SearchSpace

Latency = Literal["measured", "empty", "none", "minus one"]
Order = Literal["999 first", "by dataset", "by seed"]


@dataclass(frozen=True)
class NanLoss:
    """A trial whose losses are NaN from an epoch on, after which it is right by chance."""

    dataset: str
    seed: int
    epoch: int


@dataclass(frozen=True)
class Raggedness:
    """What is irregular in one architecture; see the table above."""

    seeds: tuple[int, ...]  # of tss/200, ascending
    newer_run: bool
    other_network: bool
    nan: NanLoss | None
    latency: Latency
    latency_dataset: str
    latency_one_seed: bool
    order: Order
    shuffled_names: bool


def _is_one_of(count: int, index: int, total: int) -> bool:
    """True for ``count`` of ``total`` indexes, evenly spread."""
    return (index + 1) * count // total != index * count // total


def _nan(space: SearchSpace, index: int, irregular: bool) -> NanLoss | None:
    if space.name == "tss" and index == 9075:
        return NanLoss("ImageNet16-120", 888, 68)  # the trial whose published final accuracy is poor
    if not irregular or index % 150 != 30:
        return None
    epochs = max(space.epochs.values())
    return NanLoss(DATASETS[index // 150 % len(DATASETS)], 777, epochs // 4 + index % (epochs // 2))


def raggedness(space: SearchSpace, index: int, irregular: bool = False) -> Raggedness:
    """What is irregular at an architecture; ``irregular``: with the kinds that have a star above."""
    topology = space.name == "tss"
    forms: dict[int, Latency] = {20: "empty", 21: "none", 22: "minus one"} if irregular else {}
    orders: dict[int, Order] = {4: "by dataset", 6: "by seed"} if irregular else {}
    block = index // 64
    return Raggedness(
        seeds=(777, 888) if topology and _is_one_of(7456, index, 15_625) else (777, 888, 999),
        newer_run=topology and index % 16 == 5,
        other_network=topology and _is_one_of(204, index, 15_625),
        nan=_nan(space, index, irregular),
        latency=forms.get(index % 64, "measured"),
        latency_dataset=DATASETS[block % len(DATASETS)],
        latency_one_seed=(block + block // len(DATASETS)) % 2 == 1,
        order=orders.get(index % 8, "999 first"),
        shuffled_names=irregular and index % 8 == 1,
    )
