"""Generated records of one architecture, like the genuine ones to the last type, order and shared string.

Which strings are one object matters: a pickle writes an object once and refers to it afterwards. In genuine
archives dataset names and architecture strings are shared, keys such as ``x-valid@0`` are not.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from natsbin.spaces import DATASETS, SAMPLES, SearchSpace, sets_of
from natsbin.synthetic import averages
from natsbin.synthetic.averages import Floats
from natsbin.synthetic.costs import CLASSES, digits_with_params, network_cost, train_seconds
from natsbin.synthetic.curves import Curves, chance, final_fraction, learn, quality
from natsbin.synthetic.finals import FILES, Finals
from natsbin.synthetic.ragged import Raggedness, raggedness

LAST_EPOCH_ONLY = {  # at tss/200, in trials of the older run
    "cifar10-valid": ("ori-test",),
    "cifar10": (),
    "cifar100": ("x-valid", "x-test"),
    "ImageNet16-120": ("x-valid", "x-test"),
}
SIZE_NAME = "infer.shape.tiny"
SIZE_GENOTYPE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"


@dataclass(frozen=True)
class _Measured:
    """What an architecture costs on a dataset, in seconds, M parameters and M FLOPs."""

    train_time: float
    eval_times: dict[str, float]
    latency: float
    network: tuple[float, float]  # params and FLOPs
    trained: list[tuple[float, float]]  # of the longest hp's trials, of which one may be another network's


def _fresh(text: str) -> str:
    """An equal string that is an object of its own."""
    return text.encode().decode()


class _Architecture:
    """Draws and assembles the records of one architecture."""

    def __init__(self, space: SearchSpace, index: int, seed: int, finals: Finals | None, irregular: bool) -> None:
        self.space, self.index, self.finals = space, index, finals if space.name == "tss" else None
        self.string = space.architectures[index]
        self.digits = space.digits_of_rank(space.rank_of_index[index])
        self.ragged: Raggedness = raggedness(space, index, irregular)
        self.longest = max(space.epochs.values())
        self.rng = np.random.default_rng([seed, len(space), index])
        merit = quality(space, self.digits)
        self.merit = merit if merit < 0 else float(np.clip(merit + self.rng.normal(0.0, 0.02), 0.0, 1.0))
        self.rate = train_seconds(space, self.digits) * self.rng.normal(1.0, 0.03)  # of 25,000 samples
        self.final_seeds = self._final_seeds()
        self.measured = {dataset: self._measure(dataset) for dataset in DATASETS}

    def _final_seeds(self) -> tuple[int, ...]:
        if self.finals is None:
            return self.ragged.seeds
        trials = len(self.finals.of(self.digits, "cifar10-valid").accuracy)
        return (777, 888, 999)[:trials]

    # -- costs ------------------------------------------------------------------------------------------

    def _measure(self, dataset: str) -> _Measured:
        rng, topology = self.rng, self.space.name == "tss"
        half, latency = self.rate, self.rate * 1e-3 + rng.uniform(0.005, 0.008)
        if self.finals is not None:
            half = self.finals.of(self.digits, "cifar10-valid").train_time / self.longest
            latency = self.finals.of(self.digits, dataset if dataset in FILES else "cifar10-valid").latency
        if topology:  # two measured rates, rescaled by sample counts
            train_time = half / 25_000 * SAMPLES[dataset, "train"]
            evaluation = half * 0.1412 + 0.0003 * (self.index % 97)
            times = {name: evaluation / 10_000 * SAMPLES[dataset, name] for name in sets_of(dataset)[1:]}
        else:  # each measured by itself
            train_time = half * (SAMPLES[dataset, "train"] / 25_000) ** 0.9 * rng.uniform(0.9, 1.1)
            times = {
                name: half * (0.1 + SAMPLES[dataset, name] / 75_000) * rng.uniform(0.9, 1.1)
                for name in sets_of(dataset)[1:]
            }
        own = network_cost(self.space, self.digits, dataset)
        return _Measured(train_time, times, latency, own, self._trained(dataset, own))

    def _trained(self, dataset: str, own: tuple[float, float]) -> list[tuple[float, float]]:
        networks = [own] * len(self.final_seeds)
        if self.finals is not None:
            like = dataset if dataset in FILES else "cifar10-valid"
            for i, params in enumerate(self.finals.of(self.digits, like).params):
                if params != own[0]:
                    networks[i] = network_cost(self.space, digits_with_params(params, dataset), dataset)
        elif self.ragged.other_network:  # the trial was trained with another cell
            edge = next((i for i, d in enumerate(self.digits) if d in (2, 3)), 0)
            other = 1 if self.digits[edge] in (2, 3) else 3
            changed = (*self.digits[:edge], other, *self.digits[edge + 1 :])
            networks[self.index % len(networks)] = network_cost(self.space, changed, dataset)
        return networks

    # -- curves -----------------------------------------------------------------------------------------

    def _expected_finals(self, dataset: str, seeds: tuple[int, ...], epochs: int) -> Floats:
        """Validation accuracy (fraction) that each seed's trial tends to."""
        noise = self.rng.normal(0.0, 0.003, len(seeds))
        if self.finals is None:
            final = final_fraction(self.space, dataset, self.merit)
            return np.full(len(seeds), final) + noise * (self.merit >= 0)
        known = self.finals.of(self.digits, dataset if dataset in FILES else "cifar10-valid").accuracy
        if dataset in FILES and epochs == self.longest:
            return np.array(known) / 100.0
        final = float(np.mean(known)) / 100.0
        if dataset not in FILES and final > 0.11:  # trained on twice the images
            final = 1.0 - 0.8 * (1.0 - final)
        return np.full(len(seeds), final) + noise

    def _results(self, dataset: str, seeds: tuple[int, ...], epochs: int) -> Curves:
        """The averages of every set, percent and losses, each ``(seeds, epochs)``."""
        finals = self._expected_finals(dataset, seeds, epochs)
        curves = learn(dataset, finals, epochs, self.longest, self.rng)
        averaged = Curves({}, {}, {})
        for name in sets_of(dataset):
            samples = SAMPLES[dataset, name]
            top1, top5, loss = curves.top1[name], curves.top5[name], curves.loss[name]
            nan = self.ragged.nan if epochs == self.longest else None
            if nan is not None and nan.dataset == dataset:
                broken = seeds.index(nan.seed), slice(nan.epoch, None)
                top1[broken] = chance(dataset, name)
                top5[broken] = 5 * chance(dataset, name)
                loss[broken] = np.nan
            averaged.top1[name] = averages.accuracies(top1, samples, self.rng)
            averaged.top5[name] = np.maximum(averages.accuracies(top5, samples, self.rng), averaged.top1[name])
            averaged.loss[name] = averages.losses(loss, samples, self.rng)
        if self.finals is not None and dataset in FILES and epochs == self.longest:
            averaged.top1["x-valid"][:, -1] = self.finals.of(self.digits, dataset).accuracy
        return averaged

    # -- records ----------------------------------------------------------------------------------------

    def _seeds(self, hp: str) -> dict[str, tuple[int, ...]]:
        if self.space.name == "sss":
            return dict.fromkeys(DATASETS, (777, 888, 999) if hp == "12" else (777,))
        if hp == "200":
            return dict.fromkeys(DATASETS, self.final_seeds)
        return {name: (111, 777) if name == "cifar10-valid" else (111,) for name in DATASETS}

    def _trial_order(self, hp: str, seeds: dict[str, tuple[int, ...]]) -> list[tuple[str, int]]:
        if self.space.name == "tss" and hp == "12":
            return [(DATASETS[0], 777), *((dataset, 111) for dataset in DATASETS)]
        if self.ragged.order == "by dataset":
            return [(dataset, seed) for dataset, some in seeds.items() for seed in some]
        order = seeds["cifar10"]
        if self.space.name == "tss" and self.ragged.order == "999 first":
            order = (order[-1], *order[:-1])
        return [(dataset, seed) for seed in order for dataset in seeds]

    def state(self, hp: str) -> dict[str, Any]:
        """The record of one hp."""
        epochs, seeds = self.space.epochs[hp], self._seeds(hp)
        results = {dataset: self._results(dataset, some, epochs) for dataset, some in seeds.items()}
        old = self.space.name == "tss" and hp == "200"
        set_names = {name: _fresh(name) for name in ("x-valid", "x-test", "ori-test")} if old else None
        texts: dict[int, tuple[str, str]] = {}  # seed and genotype as text, one object a seed
        trials = {}
        for dataset, seed in self._trial_order(hp, seeds):
            row, averaged = seeds[dataset].index(seed), results[dataset]
            newer = self.ragged.newer_run and seed == self.final_seeds[-1]
            last_only = LAST_EPOCH_ONLY[dataset] if old and not newer else ()
            texts.setdefault(seed, (f"{seed:04d}", _fresh(SIZE_GENOTYPE)))
            trials[dataset, seed] = self._trial(dataset, seed, epochs, averaged, row, last_only, set_names, texts[seed])
        return {
            "arch_index": self.index,
            "arch_str": self.string,
            "all_results": trials,
            "dataset_seed": {dataset: list(some) for dataset, some in seeds.items()},
            "clear_net_done": True,
        }

    def _config(self, dataset: str, genotype: str) -> dict[str, Any]:
        classes = CLASSES[dataset]
        if self.space.name == "tss":
            return {"channel": 16, "num_cells": 5, "arch_str": self.string, "class_num": classes}
        return {
            "name": SIZE_NAME,
            "channels": self.string,
            "arch_str": self.string,
            "genotype": genotype,
            "class_num": classes,
        }

    def _latency(self, dataset: str, seed: int) -> list[Any] | None:
        ragged = self.ragged
        irregular = dataset == ragged.latency_dataset and (not ragged.latency_one_seed or seed == 777)
        if not irregular or ragged.latency == "measured":
            return [np.float64(self.measured[dataset].latency)]
        return {"empty": [], "none": None, "minus one": [-1]}[ragged.latency]

    def _trial(
        self,
        dataset: str,
        seed: int,
        epochs: int,
        averaged: Curves,
        row: int,
        last_only: tuple[str, ...],
        set_names: dict[str, str] | None,
        texts: tuple[str, str],
    ) -> dict[str, Any]:
        """One training run. ``set_names``: shared strings of tss/200, where each dict made its own keys."""
        measured = self.measured[dataset]
        sets = sets_of(dataset)[1:]
        order = sorted(sets, key=lambda name: name in last_only)  # full sets first, else as they are
        names = [_fresh(name) if set_names is None else set_names[name] for name in order]
        if self.ragged.shuffled_names:
            self.rng.shuffle(names)
        spans = {name: range(epochs - 1 if name in last_only else 0, epochs) for name in order}
        everywhere = dict.fromkeys(sets, range(epochs))

        def keys(spans: dict[str, range]) -> list[str]:
            return [f"{name}@{epoch}" for name, span in spans.items() for epoch in span]

        def values(series: dict[str, Floats]) -> list[float]:
            parts = (series[name][row, span.start :].tolist() for name, span in spans.items())
            return [value for part in parts for value in part]

        times = [measured.eval_times[name] for name in sets for _ in range(epochs)]
        acc_keys = time_keys = loss_keys = keys(spans)
        if set_names is not None:
            time_keys, loss_keys = keys(everywhere), keys(spans)
        params, flop = measured.trained[row] if epochs == self.longest else measured.network
        top5 = None if set_names is not None else dict(enumerate(averaged.top5["train"][row].tolist()))
        return {
            "name": dataset,
            "train_acc1es": dict(enumerate(averaged.top1["train"][row].tolist())),
            "train_acc5es": top5,
            "train_losses": dict(enumerate(averaged.loss["train"][row].tolist())),
            "train_times": OrderedDict.fromkeys(range(epochs), measured.train_time),
            "arch_config": self._config(dataset, texts[1]),
            "params": np.float64(params),
            "flop": flop,
            "seed": texts[0],
            "epochs": epochs,
            "latency": self._latency(dataset, seed),
            "eval_names": names,
            "eval_acc1es": dict(zip(acc_keys, values(averaged.top1), strict=True)),
            "eval_times": dict(zip(time_keys, times, strict=True)),
            "eval_losses": dict(zip(loss_keys, values(averaged.loss), strict=True)),
            "net_state_dict": None,
        }


def make_states(
    space: SearchSpace, index: int, seed: int = 0, finals: Finals | None = None, *, irregular: bool = False
) -> OrderedDict[str, dict[str, Any]]:
    """One architecture's ``{hp: state}``, as in its file of an archive; depends on the arguments alone.

    ``irregular``: with the kinds of records that were hardly published (see ``ragged``). With ``finals``, the last
    epoch of hp 200 holds the genuine values of the topology space, trial by trial.
    """
    architecture = _Architecture(space, index, seed, finals, irregular)
    return OrderedDict((hp, architecture.state(hp)) for hp in space.epochs)
