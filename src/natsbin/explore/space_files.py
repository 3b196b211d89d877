"""The files of one store: which architectures it has, columns of the whole space, curves, rank agreement."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin._util.correlation import kendall_tau
from natsbin.adaptors.configurations import choices_of, place_names
from natsbin.adaptors.opening import open_batch, store_digits
from natsbin.explore.pack import Arrays, pack
from natsbin.explore.resources import Resources
from natsbin.rules import where_kept
from natsbin.spaces import SAMPLES, sets_of
from natsbin.store import Store

BLOCK = 128
"""Architectures whose curves are in one file."""

QUANTITIES = ("accuracy", "loss")
COSTS = ("flops", "params", "latency")
_AGREEMENT_EPOCHS = 12
_PLAIN = re.compile("[A-Za-z0-9-]+")
_CLOSE = 1e-6  # percent


class SpaceFiles:
    """The files of a store. Every file has a row for each architecture that the store has, by ascending index."""

    def __init__(self, store: Store, *, epochs: int | None, curves: Sequence[str], level: int) -> None:
        """``epochs``: how many of each hp have columns, None for all. ``curves``: quantities. ``level`` is gzip's."""
        self.store, self.batch = open_batch(store)
        self.space, self._level, self._curves = store.space, level, tuple(curves)
        # tables of irregular archives may have fewer epochs than their hp: those that all tables of an hp have
        self._total = {
            hp: min(store.table(hp, dataset).epochs for dataset in self._datasets(hp))
            for hp in store.hps
            if _PLAIN.fullmatch(hp) and self._datasets(hp)
        }
        self.epochs = {hp: some_of(total, epochs) for hp, total in self._total.items()}

    def description(self) -> dict[str, Any]:
        """What the front end is told of the store before anything is loaded."""
        store = self.store
        return {
            "name": self.space.name,
            "title": self.space.title,
            "store": store.path.name,
            "count": len(store.indexes),
            "total": store.total,
            "places": place_names(self.space),
            "choices": list(choices_of(self.space)),
            "curves": list(self._curves),
            "block": BLOCK,
            "hps": {
                hp: {
                    "epochs": self._total[hp],
                    "columns": self.epochs[hp],
                    "datasets": {dataset: list(self._sets(hp, dataset)) for dataset in self._datasets(hp)},
                }
                for hp in self._total
            },
            "kept": {
                f"{dataset} {label}": _kept(dataset, label)
                for dataset in dict.fromkeys(name for hp in self._total for name in self._datasets(hp))
                for label in ("valid", "test")
            },
        }

    def files(self) -> Resources:
        """All files by name."""
        base = f"data/{self.space.name}"
        found: Resources = {f"{base}/rows.bin": self._rows, f"{base}/agreement.json": cache(self._agreement)}
        blocks = range(-(-len(self.store.indexes) // BLOCK))
        for hp in self._total:
            for dataset in self._datasets(hp):
                folder = f"{base}/{hp}/{dataset}"
                found[f"{folder}/agreement.json"] = cache(partial(self._agreement_of_epochs, hp, dataset))
                for name in COSTS:
                    found[f"{folder}/{name}.bin"] = partial(self._cost, hp, dataset, name)
                for epoch in self.epochs[hp]:
                    time = (hp, dataset, "train", "all_time", epoch)
                    found[f"{folder}/time/{epoch}.bin"] = partial(self._column, *time)
                for setname in self._sets(hp, dataset):
                    for quantity in QUANTITIES:
                        one = (hp, dataset, setname, quantity)
                        for epoch in self.epochs[hp]:
                            found[f"{folder}/{setname}/{quantity}/{epoch}.bin"] = partial(self._column, *one, epoch)
                        for block in blocks if quantity in self._curves else ():
                            found[f"{folder}/{setname}/{quantity}/curves/{block}.bin"] = partial(
                                self._block, *one, block
                            )
        return found

    def _datasets(self, hp: str) -> list[str]:
        """Datasets of an hp; those of other names than letters, digits and hyphens have no place in addresses."""
        return [name for name in self.store.datasets(hp) if _PLAIN.fullmatch(name)]

    def _sets(self, hp: str, dataset: str) -> list[str]:
        have = self.store.table(hp, dataset).kernel.sets
        known = [name for name in sets_of(dataset) if name in have]
        return known + [name for name in have if name not in known and _PLAIN.fullmatch(name)]

    def _rows(self) -> bytes:
        index = self.store.indexes
        arrays: Arrays = {"index": np.asarray(index, np.int32), "digits": store_digits(self.store, index)}
        return pack(arrays, self._level)

    def _cost(self, hp: str, dataset: str, name: str) -> bytes:
        return pack({"values": self.batch.get_cost_info(self.store.indexes, dataset, hp)[name]}, self._level)

    def _column(self, hp: str, dataset: str, setname: str, quantity: str, epoch: int) -> bytes:
        return pack({"values": self._values(hp, dataset, setname, quantity, epoch)}, self._level)

    def _values(self, hp: str, dataset: str, setname: str, quantity: str, epoch: int) -> npt.NDArray[np.float64]:
        values = self.batch.column(dataset, setname, quantity, hp, epoch)
        return np.asarray(values[self.store.indexes], np.float64)

    def _block(self, hp: str, dataset: str, setname: str, quantity: str, block: int) -> bytes:
        """``seeds`` of a block's trials, and its curves by (architecture, seed, epoch).

        Accuracies are numbers of correct samples of ``samples``, -1 where missing: a curve is drawn, so the last bits
        of its values do not matter, and this takes a fifth of their size. Other values are float32, NaN where missing.
        """
        index = self.store.indexes[block * BLOCK : (block + 1) * BLOCK]
        table = self.store.table(hp, dataset)
        seeds = np.unique(table.seed[np.isin(table.architecture, index)])
        arrays: Arrays = {"seeds": seeds.astype(np.float64)}
        curves = np.asarray(
            self.batch.curves(index[:, None], dataset, setname, quantity, hp, seeds[None, :]), np.float64
        )
        samples = SAMPLES.get((dataset, setname), 1)
        correct = np.rint(curves * samples / 100)
        there = ~np.isnan(curves)
        if quantity == "accuracy" and (abs(curves - 100 * correct / samples)[there] < _CLOSE).all():
            arrays["samples"] = np.array([samples], np.int32)
            arrays["correct"] = np.where(there, correct, -1).astype(np.int32)
        else:
            arrays["values"] = curves.astype(np.float32)
        return pack(arrays, self._level)

    def _agreement(self) -> bytes:
        """Kendall's τ of the last accuracies, of each hp and dataset with each."""
        columns = [(hp, dataset) for hp in self._total for dataset in self._datasets(hp)]
        values = [self._last(*column) for column in columns]
        tau: list[list[float | None]] = [[1.0] * len(columns) for _ in columns]
        for i, j in itertools.combinations(range(len(columns)), 2):
            tau[i][j] = tau[j][i] = _number(kendall_tau(values[i], values[j]))
        named = [{"hp": hp, "dataset": dataset, "set": self._test_set(hp, dataset)} for hp, dataset in columns]
        return json.dumps({"columns": named, "tau": tau}).encode()

    def _agreement_of_epochs(self, hp: str, dataset: str) -> bytes:
        """Kendall's τ of the accuracies at some epochs with the last one on the test set, for each set."""
        last, lines = self._last(hp, dataset), []
        epochs = some_of(self._total[hp], _AGREEMENT_EPOCHS)
        for setname in dict.fromkeys(("train", self._test_set(hp, dataset))):
            columns = (self._values(hp, dataset, setname, "accuracy", epoch) for epoch in epochs)
            lines.append({"set": setname, "tau": [_number(kendall_tau(column, last)) for column in columns]})
        return json.dumps({"epochs": epochs, "lines": lines}).encode()

    def _last(self, hp: str, dataset: str) -> npt.NDArray[np.float64]:
        return self._values(hp, dataset, self._test_set(hp, dataset), "accuracy", self._total[hp] - 1)

    def _test_set(self, hp: str, dataset: str) -> str:
        """The set by which architectures are ranked: for ``cifar10-valid`` the one that searches look at."""
        wanted = "x-valid" if dataset == "cifar10-valid" else _kept(dataset, "test")[1]
        sets = self._sets(hp, dataset)
        return wanted if wanted in sets else sets[-1]


def _kept(dataset: str, label: str) -> tuple[str, str]:
    """The dataset and set behind ``valid`` and ``test`` of a dataset; of unknown ones ``x-valid`` and ``x-test``."""
    where, setname = where_kept(dataset, label)
    return where, f"x-{setname}" if setname == label else setname


def some_of(total: int, count: int | None) -> list[int]:
    """Epochs counted from 0: all, or about ``count`` of them at even distances that end with the last."""
    if count is None or count >= total:
        return list(range(total))
    return sorted({total - 1 - place * total // count for place in range(count)})


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
