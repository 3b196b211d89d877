"""What both searches share: every question of ``nats_bench`` to the records of a store or a dict.

A public method normalises its arguments, prints what ``nats_bench`` prints, touches the architecture, and
then asks the native fast path if the architecture's object was never made; else, or where that has no answer,
the live objects. The objects are the reference: a fast path only repeats what they say.
"""

from __future__ import annotations

import abc
import random
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from natsbin.api.archs import Archs, no_hp
from natsbin.api.lazy_dict import UNLOADED
from natsbin.api.results import ArchResults
from natsbin.api.text import OTHER_PARTS, PARTS, REQUIRED, comment
from natsbin.api.utils import remap_dataset_set_names, time_string
from natsbin.errors import NoWeightsWarning, QuestionError
from natsbin.spaces import DATASETS, hp_name

Limits = tuple[str, str, str, "float | None", "float | None"]  # dataset, set, hp, flop_max, param_max
PrintInformation = Callable[..., list[str]]

_SEARCHED = ("cifar10", "cifar100", "ImageNet16-120")
_LINE = 40


class NASBenchMetaAPI(Archs):
    """The questions that both search spaces answer. Open one with :func:`natsbin.create`."""

    _untimed: ClassVar[bool]  # does get_more_info answer where times are missing? Else that is a TypeError.

    def get_more_info(
        self,
        index: Any,
        dataset: str,
        iepoch: int | None = None,
        hp: str | int = "12",
        is_random: bool | int = True,
    ) -> dict[str, Any]:
        """Loss, accuracy and seconds on each set of a dataset after an epoch (counted from 0; None: the last).

        ``is_random``: True for one random training, False for the mean over the seeds, or a seed.
        """
        if self._fast is not None and not self.verbose:
            answer = self._fast.more_info(index, dataset, iepoch, hp, is_random)
            if answer is not None:
                return answer
        return self._more_info(index, dataset, iepoch, hp, is_random)

    def _more_info(
        self, index: Any, dataset: str, iepoch: int | None, hp: str | int, is_random: bool | int
    ) -> dict[str, Any]:
        if self.verbose:
            print(
                f"{time_string()} Call the get_more_info function with index={index}, dataset={dataset}, "
                f"iepoch={iepoch}, hp={hp}, and is_random={is_random}."
            )
        index = self.query_index_by_arch(index)
        self._prepare_info(index)
        name = hp_name(hp)
        if self._fast is not None:
            answer = self._fast.more_info(index, dataset, iepoch, name, is_random)
            if answer is not None:
                return answer
        results = self._results(index, hp)
        if is_random is True:
            is_random = random.choice(results.get_dataset_seeds(dataset))
        return self._collect(results, dataset, iepoch, name, is_random)

    def _collect(
        self, results: ArchResults, dataset: str, iepoch: int | None, hp: str, is_random: bool | int
    ) -> dict[str, Any]:
        """What an architecture's object says, in the keys of ``get_more_info``."""
        train = results.get_metrics(dataset, "train", iepoch=iepoch, is_random=is_random)
        epochs = train["iepoch"] + 1
        found = self._named("train", train, epochs)
        if (told := comment(dataset, hp)) is not None:
            found["comment"] = told
        for label, setname in PARTS.get(dataset, OTHER_PARTS):
            try:
                info = results.get_metrics(dataset, setname, iepoch=iepoch, is_random=is_random)
            except _INCOMPLETE:
                if (dataset, setname) == REQUIRED:
                    raise
            else:
                found.update(self._named(label, info, epochs))
        return found

    def _named(self, label: str, info: dict[str, Any], epochs: Any) -> dict[str, Any]:
        whole = info["all_time"]
        return {
            f"{label}-loss": info["loss"],
            f"{label}-accuracy": info["accuracy"],
            f"{label}-per-time": None if whole is None and self._untimed else whole / epochs,
            f"{label}-all-time": whole,
        }

    def simulate_train_eval(
        self,
        arch: Any,
        dataset: str,
        iepoch: int | None = None,
        hp: str | int = "12",
        account_time: bool = True,
    ) -> tuple[Any, Any, Any, Any]:
        """What training an architecture and validating it after an epoch would give, and take.

        Validation accuracy in percent, latency in seconds, the seconds it takes, and the simulated clock in
        seconds, which moves on by them unless ``account_time`` is False.
        """
        if self._fast is not None and not self.verbose:
            found = self._fast.simulate(arch, dataset, iepoch, hp)
            if found is not None:
                accuracy, latency, taken = found
                if account_time:
                    self._used_time += taken
                return accuracy, latency, taken, self._used_time
        index = self.query_index_by_arch(arch)
        if dataset not in _SEARCHED:
            raise QuestionError(f"Invalid dataset name : {dataset} vs {_SEARCHED}")
        read = "cifar10-valid" if dataset == "cifar10" else dataset
        info = self.get_more_info(index, read, iepoch=iepoch, hp=hp, is_random=True)
        if "valid-accuracy" in info:
            accuracy, per_time = info["valid-accuracy"], info["valid-per-time"]
        else:
            accuracy = info["valtest-accuracy"]
            per_time = self.get_more_info(index, read, iepoch=None, hp=hp, is_random=True)["valid-per-time"]
        taken = info["train-all-time"] + per_time
        latency = self.get_latency(index, dataset, hp)
        if account_time:
            self._used_time += taken
        return accuracy, latency, taken, self._used_time

    def query_by_arch(self, arch: Any, hp: str | int) -> str | None:
        """The same as ``query_info_str_by_arch``."""
        return self.query_info_str_by_arch(arch, hp)

    @abc.abstractmethod
    def query_info_str_by_arch(self, arch: Any, hp: str | int = "12") -> str | None:
        """A page of text about an architecture; None, with a warning, for one that is not at hand."""

    def _query_info_str_by_arch(
        self, arch: Any, hp: str | int = "12", print_information: PrintInformation | None = None
    ) -> str | None:
        if self.verbose:
            print(f"{time_string()} Call query_info_str_by_arch with arch={arch}and hp={hp}")
        index = self.query_index_by_arch(arch)
        self._prepare_info(index)
        if index not in self.arch2infos_dict:
            warnings.warn(f"Find this arch-index : {index}, but this arch is not evaluated.", stacklevel=3)
            return None
        found, name = self._peek(index), hp_name(hp)
        if name not in found:
            raise no_hp(index, hp, found)
        assert print_information is not None
        return "\n".join(print_information(found[name], f"arch-index={index}"))

    def query_meta_info_by_index(self, arch_index: int, hp: str | int = "12") -> ArchResults:
        """A copy of what is known of an architecture, for a program to keep or change."""
        if self.verbose:
            print(f"Call query_meta_info_by_index with arch_index={arch_index}, hp={hp}")
        self._prepare_info(arch_index)
        return self._copied(arch_index, hp)

    def query_by_index(self, arch_index: int, dataname: str | None = None, hp: str | int = "12") -> Any:
        """A copy of what is known of an architecture; with a dataset, of its trainings on it by seed."""
        if self.verbose:
            print(f"{time_string()} Call query_by_index with arch_index={arch_index}, dataname={dataname}, hp={hp}")
        results = self.query_meta_info_by_index(arch_index, hp)
        if dataname is None:
            return results
        if dataname not in results.get_dataset_names():
            raise QuestionError(f"invalid dataset-name : {dataname} vs. {results.get_dataset_names()}")
        return results.query(dataname)

    def find_best(
        self,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        enforce_all: bool | None = None,
    ) -> tuple[int, Any]:
        """The index with the highest mean accuracy after the last epoch, and that accuracy in percent.

        ``flop_max`` and ``param_max`` (millions) leave out what is larger; (-1, None) where nothing is left.
        ``enforce_all``, the default in fast mode, looks at the whole space, which must then be there;
        otherwise at ``evaluated_indexes``.
        """
        if self.verbose:
            print(
                f"{time_string()} Call find_best with dataset={dataset}, metric_on_set={metric_on_set}, hp={hp} "
                f"| with #FLOPs < {flop_max} and #Params < {param_max}"
            )
        dataset, metric_on_set = remap_dataset_set_names(dataset, metric_on_set, self.verbose)
        if enforce_all and not self._fast_mode:
            raise QuestionError("enforce_all=True is for fast_mode=True: without it, every architecture is at hand")
        if enforce_all is None:
            enforce_all = bool(self._fast_mode)
        setname = "x-valid" if metric_on_set == "valid" else metric_on_set
        limits = dataset, setname, hp_name(hp), flop_max, param_max
        best, highest = self._best_untouched(enforce_all, limits) or self._best_one_by_one(enforce_all, limits)
        if self.verbose:  # where nothing was found this raises, as in nats_bench
            print(f"  the best architecture : [{best}] {self.arch(best)} with accuracy={highest:.3f}%")
        return best, highest

    def _best_untouched(self, everything: bool, limits: Limits) -> tuple[int, float | None] | None:
        """The answer of ``find_best`` from the store alone; None where an object has a say, or to print on the way."""
        fast = self._fast
        if fast is None or self.verbose or fast.find_best(np.empty(0, np.int32), *limits) is None:
            return None
        if everything:
            if 0 in self._states:
                for index in range(self._total):
                    self._prepare_info(index)
            return fast.find_best(np.arange(self._total, dtype=np.int32), *limits)
        if "evaluated_indexes" not in self.__dict__:  # no program has asked for it, so it is what the store has
            return fast.find_best(self._source.indexes, *limits)
        return fast.find_best(np.array(sorted(self.evaluated_indexes), np.int32), *limits)

    def _best_one_by_one(self, everything: bool, limits: Limits) -> tuple[int, Any]:
        best, highest = -1, None
        for index in range(self._total) if everything else sorted(self.evaluated_indexes):
            self._prepare_info(index)
            accuracy = self._accuracy_within(index, limits)
            if accuracy is not None and (best == -1 or accuracy > highest):
                best, highest = index, accuracy
        return best, highest

    def _accuracy_within(self, index: int, limits: Limits) -> Any:
        """The last mean accuracy of an architecture; None where it is beyond the limits."""
        if self._fast is not None:
            found = self._fast.find_best(np.array([index], np.int32), *limits)
            if found is not None:
                return found[1]
        dataset, setname, hp, flop_max, param_max = limits
        arch = self._peek(index)
        if hp not in arch:
            raise no_hp(index, hp, arch)
        costs = arch[hp].get_compute_costs(dataset)
        if flop_max is not None and costs["flops"] > flop_max:
            return None
        if param_max is not None and costs["params"] > param_max:
            return None
        return arch[hp].get_metrics(dataset, setname)["accuracy"]

    def get_net_param(self, index: int, dataset: str, seed: int | None, hp: str | int = "12") -> Any:
        """The trained weights of one training, or of all on a dataset by seed; None without weights."""
        if self.verbose:
            print(
                f"{time_string()} Call the get_net_param function with index={index}, dataset={dataset}, "
                f"seed={seed}, hp={hp}"
            )
        found = self.query_meta_info_by_index(index, hp).get_net_param(dataset, seed)
        given = found.values() if seed is None else [found]
        if all(weights is None for weights in given) and not self._told_of_weights:
            self._tell_of_weights(index, hp_name(hp), dataset)
        return found

    def _tell_of_weights(self, index: int, hp: str, dataset: str) -> None:
        """Warn, once, that there are no weights; not where a program has cleared them."""
        weights, where = self._load.weights, self._opened or "this dict"
        if weights is not None:
            if any((key.hp, key.dataset) == (hp, dataset) for key in weights.keys(index)):
                return
            where = f"{weights.path} of architecture {index}, hp {hp}, on {dataset}"
        self._told_of_weights = True
        warnings.warn(
            f"no trained weights in {where}: they are in the full archive, {self._space.archive_name}-full, "
            "alone; `natsbin convert --weights` writes them from there to a file beside the store",
            NoWeightsWarning,
            stacklevel=3,
        )

    def get_net_config(self, index: int, dataset: str) -> dict[str, Any]:
        """What builds the network of an architecture for a dataset."""
        if self.verbose:
            print(f"{time_string()} Call the get_net_config function with index={index}, dataset={dataset}.")
        self._prepare_info(index)
        if index not in self.arch2infos_dict:
            raise self._absent(index)
        results = next(iter(self._peek(index).values()))
        trial = next(iter(results.query(dataset).values()))
        config: dict[str, Any] = trial.get_config(None)
        return config

    def get_cost_info(self, index: int, dataset: str, hp: str | int = "12") -> dict[str, Any]:
        """FLOPs and parameters in millions, latency and times in seconds, each the mean over the seeds."""
        if self._fast is not None and not self.verbose:
            answer = self._fast.cost_info(index, dataset, hp)
            if answer is not None:
                return answer
        if self.verbose:
            print(
                f"{time_string()} Call the get_cost_info function with index={index}, dataset={dataset}, and hp={hp}."
            )
        self._prepare_info(index)
        if self.verbose:
            print(f"Call query_meta_info_by_index with arch_index={index}, hp={hp}")
            self._prepare_info(index)
        if self._fast is not None:
            answer = self._fast.cost_info(index, dataset, hp_name(hp))
            if answer is not None:
                return answer
        return self._results(index, hp).get_compute_costs(dataset)

    def get_latency(self, index: int, dataset: str, hp: str | int = "12") -> Any:
        """The mean latency in seconds over the seeds that have one; None where none has."""
        if self.verbose:
            print(f"{time_string()} Call the get_latency function with index={index}, dataset={dataset}, and hp={hp}.")
        return self.get_cost_info(index, dataset, hp)["latency"]

    @abc.abstractmethod
    def show(self, index: int = -1) -> None:
        """Print all that is known of an architecture, or of all at hand for a negative index."""

    def _show(self, index: int = -1, print_information: PrintInformation | None = None) -> None:
        assert print_information is not None
        if index < 0:
            print(self)
            evaluated = sorted(self.evaluated_indexes)
            for place, one in enumerate(evaluated):
                print(f"\n{'-' * 10} The ({place:5d}/{len(evaluated):5d}) {one:06d}-th architecture! {'-' * 10}")
                print(f"arch : {self.meta_archs[one]}")
                self._show_arch(one, print_information)
        elif index < self._total:
            if index not in self.evaluated_indexes:
                self._prepare_info(index)
            if index in self.evaluated_indexes:
                self._show_arch(index, print_information)
            else:
                print(f"The {index}-th architecture has not been evaluated or not saved.")
        else:
            print(f"This index ({index}) is out of range (0~{self._total}).")

    def _show_arch(self, index: int, print_information: PrintInformation) -> None:
        for results in self._peek(index).values():
            lines = print_information(results)
            print(f"{'>' * _LINE} {results.get_total_epoch():03d} epochs {'>' * _LINE}")
            print("\n".join(lines))
        print(f"{'<' * _LINE}{'-' * 12}{'<' * _LINE}")

    def statistics(self, dataset: str, hp: str | int) -> dict[int, int]:
        """How many architectures have how many seeds on a dataset."""
        if self.verbose:
            print(f"Call the statistics function with dataset={dataset} and hp={hp}.")
        if dataset not in DATASETS:
            raise QuestionError(f"{dataset} not in {list(DATASETS)}")
        name = hp_name(hp)
        known = self._seed_counts(dataset, name)
        counts: dict[int, int] = {}
        for index in self.evaluated_indexes:
            seeds = known[index] if known is not None and self._states[index] == UNLOADED else -1
            if seeds < 0:
                arch = self._peek(index)
                if name not in arch:
                    raise no_hp(index, hp, arch)
                seeds = len(arch[name].get_dataset_seeds(dataset))
            counts[seeds] = counts.get(seeds, 0) + 1
        return counts


# What a set with missing or odd values raises, where nats_bench leaves the set out of its answer.
_INCOMPLETE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
