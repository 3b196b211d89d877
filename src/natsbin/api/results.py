"""``ArchResults``: all trainings of one architecture with one set of hyper-parameters.

It is live, as its trainings are: it holds the dicts of an archive's record themselves, a program may change
anything in them, and every answer is computed from what they hold at that moment.
"""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Mapping
from typing import Any, ClassVar

from natsbin import rules
from natsbin.api.trial import ResultsCount, State
from natsbin.api.utils import pickle_load
from natsbin.errors import QuestionError
from natsbin.spaces import hp_name

__all__ = ["ArchResults", "ResultsCount", "more_info", "on_dataset", "with_hp"]

# What a set with missing or irregular values raises, where nats_bench leaves the set out of its answer.
_INCOMPLETE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class ArchResults:
    """All trainings of one architecture with one set of hyper-parameters."""

    _mean: ClassVar[Any] = staticmethod(rules.mean)
    _trial_class: ClassVar[type[ResultsCount]] = ResultsCount

    def __init__(self, arch_index: int, arch_str: str) -> None:
        self.arch_index = int(arch_index)
        self.arch_str = copy.deepcopy(arch_str)
        self.all_results: dict[tuple[str, int], ResultsCount] = {}
        self.dataset_seed: dict[str, list[int]] = {}
        self.clear_net_done = False

    def _trials(self, dataset: str) -> list[ResultsCount]:
        return [self.query(dataset, seed) for seed in self._seeds(dataset)]

    def _seeds(self, dataset: str) -> list[int]:
        try:
            return self.dataset_seed[dataset]
        except KeyError:
            raise QuestionError(f"unknown dataset {dataset!r}: there are {self.get_dataset_names()}") from None

    def _chosen(self, dataset: str, seed: int | None) -> list[ResultsCount]:
        """The training with a seed, or all of a dataset."""
        return self._trials(dataset) if seed is None else [self.query(dataset, seed)]

    def get_compute_costs(self, dataset: str) -> dict[str, Any]:
        """FLOPs, parameters, latency and times on a dataset, each the mean over its seeds.

        Where FLOPs or parameters differ between seeds (in five decimals), those of seed 888 stand for all;
        ValueError where there is no such seed.
        """
        trials = self._trials(dataset)
        flops = self._agreed([trial.flop for trial in trials], dataset)
        params = self._agreed([trial.params for trial in trials], dataset)
        latencies = [latency for trial in trials if (latency := trial.get_latency()) > 0]
        times: dict[str, list[Any]] = {}
        for trial in trials:
            for key, value in trial.get_times().items():
                times.setdefault(key, []).append(value)
        latency = self._mean(latencies) if latencies else None
        costs = {"flops": self._mean(flops), "params": self._mean(params), "latency": latency}
        return {**costs, **self._means(times)}

    def _agreed(self, values: list[Any], dataset: str) -> list[Any]:
        if len({f"{value:.5f}" for value in values}) > 1:
            return [values[self.dataset_seed[dataset].index(rules.PREFERRED_SEED)]]
        return values

    def get_metrics(
        self, dataset: str, setname: str, iepoch: int | None = None, is_random: bool | int = False
    ) -> dict[str, Any]:
        """Loss, accuracy and times on a set after an epoch (counted from 0; None: the last).

        ``is_random``: False for the mean over the seeds, True for a random one of them, or a seed. Whichever
        it is, every seed must have the value, as in ``nats_bench``: one without it is an error.
        """
        found: dict[str, list[Any]] = {}
        trials = self._trials(dataset)
        for trial in trials:
            info = trial.get_train(iepoch) if setname == "train" else trial.get_eval(setname, iepoch)
            for key, value in info.items():
                found.setdefault(key, []).append(value)
        if is_random is False:
            return self._means(found)
        if is_random is True:
            choice = random.randint(0, len(trials) - 1)
        elif not isinstance(is_random, int):
            raise QuestionError(f"invalid is_random={is_random!r}: expected True, False or an integer seed")
        else:
            seeds = self._seeds(dataset)
            if is_random not in seeds:
                raise QuestionError(f"no seed {is_random} on {dataset}: there are {seeds}")
            choice = seeds.index(is_random)
        return {key: values[choice] for key, values in found.items()}

    def _means(self, found: dict[str, list[Any]]) -> dict[str, Any]:
        """The mean of each list; None where the first value is."""
        return {key: None if values[0] is None else self._mean(values) for key, values in found.items()}

    def get_dataset_names(self) -> list[str]:
        """The datasets of this architecture, in the order of the record."""
        return list(self.dataset_seed)

    def get_dataset_seeds(self, dataset: str) -> list[int]:
        """The seeds of the trainings on a dataset."""
        return copy.deepcopy(self._seeds(dataset))

    def get_net_param(self, dataset: str, seed: int | None = None) -> Any:
        """The trained weights of a training, or of all on a dataset by seed; None in archives without weights."""
        if seed is None:
            return {one: self.all_results[dataset, one].get_net_param() for one in self._seeds(dataset)}
        if (dataset, seed) not in self.all_results:
            raise QuestionError(f"no training {(dataset, seed)}: there are {list(self.all_results)}")
        return self.all_results[dataset, seed].get_net_param()

    def reset_latency(self, dataset: str, seed: int | None, latency: float) -> None:
        """Set the latency in seconds of a training, or of all on a dataset."""
        for trial in self._chosen(dataset, seed):
            trial.update_latency([latency])

    def reset_pseudo_train_times(self, dataset: str, seed: int | None, estimated_per_epoch_time: float) -> None:
        """Let every epoch of a training, or of all on a dataset, take this many seconds."""
        for trial in self._chosen(dataset, seed):
            trial.reset_pseudo_train_times(estimated_per_epoch_time)

    def reset_pseudo_eval_times(
        self, dataset: str, seed: int | None, eval_name: str, estimated_per_epoch_time: float
    ) -> None:
        """Let every evaluation on a set, of a training or of all on a dataset, take this many seconds."""
        for trial in self._chosen(dataset, seed):
            trial.reset_pseudo_eval_times(eval_name, estimated_per_epoch_time)

    def get_latency(self, dataset: str) -> Any:
        """The mean latency in seconds over the seeds; ValueError where a seed has none."""
        latencies = []
        for seed in self._seeds(dataset):
            latency = self.all_results[dataset, seed].get_latency()
            if latency <= 0:
                raise ValueError(f"no latency of seed {seed} on {dataset}: it is {latency}")
            latencies.append(latency)
        return self._mean(latencies)

    def get_total_epoch(self, dataset: str | None = None) -> Any:
        """The number of epochs of all trainings (on a dataset); ValueError where they differ."""
        datasets = [dataset] if dataset is not None else list(self.dataset_seed)
        epochs = [trial.get_total_epoch() for one in datasets for trial in self._trials(one)]
        if len(set(epochs)) > 1:
            raise ValueError(f"the trainings differ in their number of epochs: {epochs}")
        return epochs[-1]

    def query(self, dataset: str, seed: int | None = None) -> Any:
        """The training with a seed, or all on a dataset by seed."""
        if seed is None:
            return {one: self.all_results[dataset, one] for one in self._seeds(dataset)}
        if (dataset, seed) not in self.all_results:
            raise QuestionError(f"no training {(dataset, seed)}: there are {list(self.all_results)}")
        return self.all_results[dataset, seed]

    def arch_idx_str(self) -> str:
        """The index in six digits, as in the file names of an archive."""
        return f"{self.arch_index:06d}"

    def update(self, dataset_name: str, seed: int, result: ResultsCount) -> None:
        """Add a training."""
        seeds = self.dataset_seed.setdefault(dataset_name, [])
        if seed in seeds:
            raise ValueError(
                f"architecture {self.arch_index} has a training with seed {seed} on {dataset_name}: {seeds}"
            )
        seeds.append(seed)
        seeds.sort()
        self.all_results[dataset_name, seed] = result
        self.clear_net_done = False

    def state_dict(self) -> State:
        """The record: every attribute by name, trainings as their records."""
        state = dict(self.__dict__)
        state["all_results"] = {key: trial.state_dict() for key, trial in self.all_results.items()}
        return state

    def load_state_dict(self, state_dict: State) -> None:
        """Take over a record, whose dicts it holds itself from then on."""
        for key, value in state_dict.items():
            if key == "all_results":
                if not isinstance(value, dict):
                    raise QuestionError(f"all_results is of {type(value)}: expected a dict")
                value = {one: self._trial_class.create_from_state_dict(trial) for one, trial in value.items()}
            self.__dict__[key] = value

    @classmethod
    def create_from_state_dict(cls, state_dict_or_file: State | str | os.PathLike[str]) -> ArchResults:
        """An architecture from its record, or from a file of one that ``pickle_save`` wrote."""
        state = state_dict_or_file
        if isinstance(state, (str, os.PathLike)):
            state = pickle_load(state)
        if not isinstance(state, dict):
            raise QuestionError(f"a record is of {type(state)}: expected a dict, or the path of a file")
        unknown: Any = -1
        results = cls(unknown, unknown)
        results.load_state_dict(state)
        return results

    def clear_params(self) -> None:
        """Forget the trained weights."""
        for trial in self.all_results.values():
            del trial.net_state_dict  # it becomes the last attribute, and so the last key of the record
            trial.net_state_dict = None
        self.clear_net_done = True

    def debug_test(self) -> None:
        """Print every training and its times, checking that each can be asked for."""
        for dataset in self.dataset_seed:
            print(f"---->>>> {dataset}")
            print(f"The latency on {dataset} is {self.get_latency(dataset)} s")
            for seed in self.dataset_seed[dataset]:
                trial = self.all_results[dataset, seed]
                print(f"  ==>> result = {trial}")
                print(f"  ==>> cost = {trial.get_times()}")

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(arch-index={self.arch_index}, arch={self.arch_str}, "
            f"{len(self.all_results)} runs, clear={self.clear_net_done})"
        )


def on_dataset(results: ArchResults, dataset: str | None) -> Any:
    """The trainings on a dataset by seed; for None the results themselves."""
    if dataset is None:
        return results
    if dataset not in results.get_dataset_names():
        raise QuestionError(f"invalid dataset-name : {dataset} vs. {results.get_dataset_names()}")
    return results.query(dataset)


def with_hp(results: Mapping[str, ArchResults], hp: str | int, index: Any) -> ArchResults:
    """An architecture's trainings with one set of hyper-parameters; QuestionError where there are none."""
    if (name := hp_name(hp, results)) not in results:
        raise QuestionError(
            f"The {index}-th architecture only has hyper-parameters of {list(results)} instead of {hp}."
        )
    return results[name]


def more_info(
    results: ArchResults,
    dataset: str,
    iepoch: int | None,
    hp: str,
    is_random: bool | int,
    untimed: bool,
    comments: bool = True,
) -> dict[str, Any]:
    """What an architecture's object says, in the keys of ``get_more_info``.

    Where seconds are missing they are None if ``untimed``, else that is a TypeError.
    """
    train = results.get_metrics(dataset, "train", iepoch=iepoch, is_random=is_random)
    epochs = train["iepoch"] + 1
    found = _named("train", train, epochs, untimed)
    if comments and (comment := rules.comment(dataset, hp)) is not None:
        found["comment"] = comment
    for label, setname in rules.parts_of(dataset):
        try:
            info = results.get_metrics(dataset, setname, iepoch=iepoch, is_random=is_random)
        except _INCOMPLETE:
            if (dataset, setname) == rules.REQUIRED:
                raise
        else:
            found.update(_named(label, info, epochs, untimed))
    return found


def _named(label: str, info: dict[str, Any], epochs: Any, untimed: bool) -> dict[str, Any]:
    whole = info["all_time"]
    return {
        f"{label}-loss": info["loss"],
        f"{label}-accuracy": info["accuracy"],
        f"{label}-per-time": None if whole is None and untimed else whole / epochs,
        f"{label}-all-time": whole,
    }
