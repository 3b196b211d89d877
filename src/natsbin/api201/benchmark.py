"""``NASBench201API``: the questions of ``nas_201_api`` 2.1 to a store of its file, or to the dict that it holds.

It differs from ``nats_bench`` in what it prints and raises, in ``numpy.mean``, in a ``get_more_info`` without comments,
in a ``simulate_train_eval`` that always asks for the last epoch and takes the latency of hp 12, and in having every
architecture from the start. Of ``nas_201_api`` 1.x the argument ``use_12epochs_result`` and the two dictionaries
``arch2infos_less`` and ``arch2infos_full`` are understood too.
"""

from __future__ import annotations

import contextlib
import copy
import os
import random
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from natsbin import rules
from natsbin.api import text
from natsbin.api.benchmark import NASBenchMetaAPI
from natsbin.api.lazy_dict import UNLOADED, Make, Results, results_of
from natsbin.api.results import more_info, on_dataset
from natsbin.api.scalar_fallback import ScalarFallback
from natsbin.api.topology import NATStopology
from natsbin.api.utils import remap_dataset_set_names
from natsbin.api201 import means, source
from natsbin.api201.results import ArchResults, Objects
from natsbin.api201.text import print_information
from natsbin.errors import QuestionError
from natsbin.spaces import DATASETS, TSS

if TYPE_CHECKING:
    from natsbin._scalar import ScalarAnswers
    from natsbin.batch import Batch
    from natsbin.store import Store

Hp = str | int


class UndefinedError(QuestionError, NameError):
    """An architecture or hp that is not here, where ``nas_201_api`` raises a NameError."""


class OneHp(Mapping[int, ArchResults]):
    """The architectures with one set of hyper-parameters, as ``nas_201_api`` 1.x has them: a view."""

    def __init__(self, infos: Mapping[int, Results], hp: str) -> None:
        self._infos, self._hp = infos, hp

    def __getitem__(self, index: int) -> ArchResults:
        return cast(ArchResults, self._infos[index][self._hp])

    def __iter__(self) -> Iterator[int]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)


class NASBench201API(NASBenchMetaAPI):
    """NAS-Bench-201.

    Args:
        file_path_or_dict: a store of its file; the file, which is converted once into a store beside it or in the
            user's cache folder; the dict that the file holds; or None for the file in ``$TORCH_HOME``.
        verbose: print what ``nas_201_api`` prints.

    Raises:
        QuestionError: no such path, no ``$TORCH_HOME``, or a dict that is no benchmark (an AssertionError, KeyError
            and ValueError).
        ArchiveError: a file that is damaged, unsafe or of another benchmark (a ValueError).
        StoreError: a store that is damaged (an OSError).
    """

    _space = TSS
    _untimed = True
    _print_information = staticmethod(print_information)

    def __init__(self, file_path_or_dict: Any = None, verbose: bool = True) -> None:
        if file_path_or_dict is None:
            file_path_or_dict = source.default_path()
            print(f"Try to use the default NAS-Bench-201 path from {file_path_or_dict}.")
        found, name = source.open_source(file_path_or_dict, verbose)
        super().__init__(found, fast_mode=False, verbose=False)
        self.verbose, self.filename = verbose, name
        self._few_seeds: dict[tuple[str, str], bool] = {}
        self._avaliable_hps = {"12", "200"}

    def _native_path(self) -> ScalarAnswers | None:
        if not hasattr(self._source, "table"):
            return None
        from natsbin.api.scalar import open_native

        return open_native(cast("Store", self._source), self._states, UNLOADED, comments=False)

    @cached_property
    def _objects(self) -> Objects | None:
        return Objects(cast("Store", self._source), self._load) if hasattr(self._source, "table") else None

    @property
    def _make(self) -> Make:
        load = self._load  # of its own, as the dictionary that this is for belongs to the object
        return self._objects or (lambda index: results_of(load(index), ArchResults))

    @cached_property
    def evaluated_indexes(self) -> list[int]:  # type: ignore[override]
        """The indexes that the file says were evaluated, ascending."""
        if self._source.path is None:
            return sorted(getattr(self._source, "evaluated", ()))
        from natsbin.archive.nas_bench_201 import evaluated_indexes

        store = cast("Store", self._source)
        return evaluated_indexes(store.attrs.get("origin", ""), store.indexes.tolist(), str(store.path))

    @cached_property
    def batch(self) -> Batch:
        """The same questions over arrays, answered by the store as it is; QuestionError where there is none."""
        if not hasattr(self._source, "table"):
            raise QuestionError("questions in batches need a store: give the file by its path, or a store")
        from natsbin.batch import Batch

        store = cast("Store", self._source)
        return Batch(store, self._clock, ScalarFallback(lambda: NATStopology(store, fast_mode=True, verbose=False)))

    @property
    def arch2infos_less(self) -> OneHp:
        """The trainings of 12 epochs by architecture, as in ``nas_201_api`` 1.x."""
        return OneHp(self.arch2infos_dict, "12")

    @property
    def arch2infos_full(self) -> OneHp:
        """The trainings of 200 epochs by architecture, as in ``nas_201_api`` 1.x."""
        return OneHp(self.arch2infos_dict, "200")

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self.evaluated_indexes)}/{len(self.meta_archs)} architectures, "
            f"file={self.filename})"
        )

    def _say(self, words: str) -> None:
        if self.verbose:
            print(words)

    def _with(self, index: Any, hp: Any) -> ArchResults:
        """An architecture's object with one set of hyper-parameters, for reading alone."""
        results = self._peek(index)
        if hp not in results:
            raise QuestionError(
                f"The {index}-th architecture only has hyper-parameters of {list(results)} instead of {hp}."
            )
        return cast(ArchResults, results[hp])

    def query_index_by_arch(self, arch: Any) -> Any:
        """The index of an architecture given as an index, a string, or an object with ``tostr()``.

        -1 for a string that is not in this search space; ValueError for an index out of range.
        """
        self._say(f"Call query_index_by_arch with arch={arch}")
        if isinstance(arch, int):
            if 0 <= arch < self._total:
                return arch
            raise QuestionError(f"Invalid architecture index {arch} vs [0, {self._total}].")
        if isinstance(arch, np.integer):
            return self.query_index_by_arch(int(arch))
        if not isinstance(arch, str) and hasattr(arch, "tostr"):
            arch = arch.tostr()
        return self.archstr2index.get(arch, -1) if isinstance(arch, str) else -1

    def query_by_arch(self, arch: Any, hp: Any = None, use_12epochs_result: bool | None = None) -> str | None:
        """The same as ``query_info_str_by_arch``."""
        if hp is None and use_12epochs_result is None:
            raise TypeError("query_by_arch() misses the argument hp: '12' or '200' was expected")
        return self.query_info_str_by_arch(arch, hp, use_12epochs_result)

    def query_info_str_by_arch(self, arch: Any, hp: Any = "12", use_12epochs_result: bool | None = None) -> str | None:
        """A page of text about an architecture; None for one that is not at hand."""
        hp = _hp_of(hp, use_12epochs_result)
        self._say(f"Call query_info_str_by_arch with arch={arch} and hp={hp}")
        index = self.query_index_by_arch(arch)
        if index not in self.arch2infos_dict:
            print(f"Find this arch-index : {index}, but this arch is not evaluated.")
            return None
        if hp not in self._peek(index):
            raise UndefinedError(f"{index}: no hyper-parameters {hp!r}, expected one of {list(self._peek(index))}")
        return "\n".join(print_information(self._in_words(index, hp), f"arch-index={index}"))

    def _in_words(self, index: int, hp: Any) -> Any:
        """What answers the questions of a page of text: tables where they can."""
        objects = self._objects_of(index)
        if objects is not None and self._native is not None and means.PLAIN:
            found = objects.tables(index, self._native).get(hp)
            with contextlib.suppress(LookupError):
                if found is not None and print_information(cast(Any, found)):
                    return found
        return self._with(index, hp)

    def show(self, index: int = -1) -> None:
        """Print all that is known of an architecture, or of all that were evaluated for a negative index."""
        if index < 0:
            print(self)
            for place, one in enumerate(self.evaluated_indexes):
                head = f"The ({place:5d}/{len(self.evaluated_indexes):5d}) {one:06d}-th architecture!"
                print(f"\n{'-' * 10} {head} {'-' * 10}")
                print(f"arch : {self.meta_archs[one]}")
                self._print_results(one)
        elif index < self._total:
            if index in self.evaluated_indexes:
                self._print_results(index)
            else:
                print(f"The {index}-th architecture has not been evaluated or not saved.")
        else:
            print(f"This index ({index}) is out of range (0~{self._total}).")

    def _print_results(self, index: int) -> None:
        results = {hp: self._in_words(index, hp) for hp in self._peek(index)}
        for part in text.results_text(results, print_information):
            print(part)

    def query_meta_info_by_index(
        self, arch_index: int, hp: Any = "12", use_12epochs_result: bool | None = None
    ) -> ArchResults:
        """A copy of what is known of an architecture, for a program to keep or change."""
        hp = _hp_of(hp, use_12epochs_result)
        self._say(f"Call query_meta_info_by_index with arch_index={arch_index}, hp={hp}")
        objects = self._objects_of(arch_index)
        if objects is not None and (found := objects.one(arch_index, hp)) is not None:
            return cast(ArchResults, found)
        return copy.deepcopy(self._with(arch_index, hp))

    def query_by_index(
        self, arch_index: int, dataname: str | None = None, hp: Any = "12", use_12epochs_result: bool | None = None
    ) -> Any:
        """A copy of what is known of an architecture; with a dataset, of its trainings on it by seed."""
        hp = _hp_of(hp, use_12epochs_result)
        self._say(f"Call query_by_index with arch_index={arch_index}, dataname={dataname}, hp={hp}")
        return on_dataset(self.query_meta_info_by_index(arch_index, hp), dataname)

    def get_more_info(
        self,
        index: Any,
        dataset: str,
        iepoch: int | None = None,
        hp: Any = "12",
        is_random: bool | int = True,
        use_12epochs_result: bool | None = None,
    ) -> dict[str, Any]:
        """Loss, accuracy and seconds on each set of a dataset after an epoch (counted from 0; None: the last).

        ``is_random``: True for one random training, False for the mean over the seeds, or a seed.
        """
        hp = _hp_of(hp, use_12epochs_result)
        self._say(
            f"Call the get_more_info function with index={index}, dataset={dataset}, "
            f"iepoch={iepoch}, hp={hp}, and is_random={is_random}."
        )
        if self.verbose or type(index) is not int:
            index = self.query_index_by_arch(index)
        name = str(hp)
        if self._native is not None and (is_random is not False or self._plain_means(name, dataset)):
            answer = self._native.more_info(index, dataset, iepoch, name, is_random)
            if answer is not None:
                return answer if is_random is not False else means.as_float64(answer)
        index = index if self.verbose else self.query_index_by_arch(index)
        results = self._with(index, name)
        if is_random is True:
            is_random = random.choice(results.get_dataset_seeds(dataset))
        return more_info(results, dataset, iepoch, name, is_random, self._untimed, comments=False)

    def _plain_means(self, hp: str, dataset: str) -> bool:
        """Whether the native mean over seeds is numpy's."""
        if (hp, dataset) not in self._few_seeds:
            few = means.PLAIN and means.few_seeds(cast("Store", self._source), hp, dataset)
            self._few_seeds[hp, dataset] = few
        return self._few_seeds[hp, dataset]

    def simulate_train_eval(  # type: ignore[override]
        self, arch: Any, dataset: str, hp: Any = "12", account_time: bool = True
    ) -> tuple[Any, Any, Any, Any]:
        """What training an architecture to its last epoch and validating it would give, and take.

        Validation accuracy in percent, latency in seconds (of hp 12), the seconds it takes, and the simulated clock in
        seconds, which moves on by them unless ``account_time`` is False.
        """
        index = self.query_index_by_arch(arch)
        if dataset not in rules.SEARCHED:
            raise QuestionError(f"Invalid dataset name : {dataset} vs {rules.SEARCHED}")
        info = self.get_more_info(index, rules.trained_on(dataset), iepoch=None, hp=hp, is_random=True)
        accuracy, taken = info["valid-accuracy"], info["train-all-time"] + info["valid-per-time"]
        latency = self.get_latency(index, dataset)
        if account_time:
            self._used_time += taken
        return accuracy, latency, taken, self._used_time

    def find_best(
        self,
        dataset: str,
        metric_on_set: str,
        FLOP_max: float | None = None,
        Param_max: float | None = None,
        hp: Any = "12",
        use_12epochs_result: bool | None = None,
    ) -> tuple[int, Any]:
        """The index with the highest mean accuracy after the last epoch, and that accuracy in percent.

        ``FLOP_max`` and ``Param_max`` (millions) leave out what is larger; (-1, None) where nothing is left.
        """
        hp = _hp_of(hp, use_12epochs_result)
        self._say(
            f"Call find_best with dataset={dataset}, metric_on_set={metric_on_set}, hp={hp} "
            f"| with #FLOPs < {FLOP_max} and #Params < {Param_max}"
        )
        dataset, setname = remap_dataset_set_names(dataset, metric_on_set, self.verbose)
        index, highest = self._best(dataset, setname, hp, FLOP_max, Param_max)
        if self.verbose:
            print(f"  the best architecture : [{index}] {self.arch(index)} with accuracy={highest:.3f}%")
        return index, highest

    def _best(self, dataset: str, setname: str, hp: Any, flop_max: Any, param_max: Any) -> tuple[int, Any]:
        if self._native is not None and self._plain_means(hp, dataset):
            indexes = np.array(self.evaluated_indexes, np.int32)
            found = self._native.find_best(indexes, dataset, rules.set_of(setname), hp, flop_max, param_max)
            if found is not None:
                return found[0], None if found[1] is None else np.float64(found[1])
        best, highest = -1, None
        for index in self.evaluated_indexes:
            results = self._with(index, hp)
            costs = results.get_compute_costs(dataset)
            if flop_max is not None and costs["flops"] > flop_max:
                continue
            if param_max is not None and costs["params"] > param_max:
                continue
            accuracy = results.get_metrics(dataset, setname)["accuracy"]
            if best == -1 or accuracy > highest:
                best, highest = index, accuracy
        return best, highest

    def get_net_param(
        self, index: int, dataset: str, seed: int | None, hp: Any = "12", use_12epochs_result: bool | None = None
    ) -> Any:
        """The trained weights of one training, or of all on a dataset by seed; None without weights."""
        hp = _hp_of(hp, use_12epochs_result)
        self._say(f"Call the get_net_param function with index={index}, dataset={dataset}, seed={seed}, hp={hp}")
        return self.query_meta_info_by_index(index, hp).get_net_param(dataset, seed)

    def get_net_config(self, index: int, dataset: str) -> dict[str, Any]:
        """What builds the network of an architecture for a dataset."""
        self._say(f"Call the get_net_config function with index={index}, dataset={dataset}.")
        objects = self._objects_of(index)
        if objects is not None and (found := objects.config(index, dataset)) is not None:
            return found
        if index not in self.arch2infos_dict:
            raise UndefinedError(str(self._no_architecture(index)))
        results = next(iter(self._peek(index).values()))
        trial = next(iter(results.query(dataset).values()))
        config: dict[str, Any] = trial.get_config(None)
        return config

    def get_cost_info(
        self, index: int, dataset: str, hp: Any = "12", use_12epochs_result: bool | None = None
    ) -> dict[str, Any]:
        """FLOPs and parameters in millions, latency and times in seconds, each the mean over the seeds."""
        hp = _hp_of(hp, use_12epochs_result)
        self._say(f"Call the get_cost_info function with index={index}, dataset={dataset}, and hp={hp}.")
        self._say(f"Call query_meta_info_by_index with arch_index={index}, hp={hp}")
        if self._native is not None and self._plain_means(hp, dataset):
            found = means.cost_info(cast("Store", self._source), self._native, index, hp, dataset)
            if found is not None:
                return found
        return self._with(index, hp).get_compute_costs(dataset)

    def get_latency(self, index: int, dataset: str, hp: Any = "12", use_12epochs_result: bool | None = None) -> Any:
        """The mean latency in seconds over the seeds that have one; None where none has."""
        hp = _hp_of(hp, use_12epochs_result)
        self._say(f"Call the get_latency function with index={index}, dataset={dataset}, and hp={hp}.")
        if self._native is not None and not self.verbose and self._plain_means(hp, dataset):
            found = self._native.cost_info(index, dataset, hp)
            if found is not None:
                latency = found["latency"]
                return None if latency is None else np.float64(latency)
        return self.get_cost_info(index, dataset, hp)["latency"]

    def statistics(self, dataset: str, hp: Hp) -> dict[int, int]:
        """How many architectures have how many seeds on a dataset; every architecture must be here."""
        self._say(f"Call the statistics function with dataset={dataset} and hp={hp}.")
        if dataset not in DATASETS:
            raise QuestionError(f"{dataset} not in {list(DATASETS)}")
        counts: dict[int, int] = {}
        for index in range(self._total):
            number = len(self._with(index, hp).get_dataset_seeds(dataset))
            counts[number] = counts.get(number, 0) + 1
        return counts

    def clear_params(self, index: int, hp: Hp | None = None) -> None:
        """Forget the trained weights of an architecture."""
        self._say(f"Call clear_params with index={index} and hp={hp}")
        if index not in self.arch2infos_dict:
            raise self._no_architecture(index)
        results = self.arch2infos_dict[index]
        chosen: Iterable[Any] = results.values() if hp is None else (self._live(results, index, hp),)
        for one in chosen:
            one.clear_params()

    @staticmethod
    def _live(results: Results, index: int, hp: Hp) -> Any:
        if hp not in results:
            raise QuestionError(
                f"The {index}-th architecture only has hyper-parameters of {list(results)} instead of {hp}."
            )
        return results[cast(str, hp)]

    def reload(self, archive_root: str | os.PathLike[str] | None = None, index: int | None = None) -> None:
        """Load an architecture (all without an index) from its own file, ``NNNNNN-FULL.pth``, weights included.

        ``archive_root``: the folder of these files; None for the one in ``$TORCH_HOME``. Weights are arrays until
        ``get_net_param`` or an attribute makes torch tensors of them.
        """
        if archive_root is None:
            archive_root = os.path.join(source.torch_home(), source.ALL_ARCHIVE_DIRS[-1])
        if not os.path.isdir(archive_root):
            raise QuestionError(f"invalid directory : {archive_root}")
        for one in range(self._total) if index is None else (index,):
            path = os.path.join(archive_root, f"{one:06d}-FULL.pth")
            if not os.path.isfile(path):
                raise QuestionError(f"invalid data path : {path}")
            self.arch2infos_dict[one] = results_of(source.read_file(path, one, self.meta_archs[one]), ArchResults)

    str2lists = staticmethod(NATStopology.str2lists)
    str2matrix = staticmethod(NATStopology.str2matrix)


def _hp_of(hp: Any, use_12epochs_result: bool | None) -> Any:
    """The hyper-parameter set; ``nas_201_api`` 1.x says it by a bool, which programs also give by position."""
    chosen = hp if isinstance(hp, bool) else use_12epochs_result
    return hp if chosen is None else ("12" if chosen else "200")
