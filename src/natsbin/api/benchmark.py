"""``NASBenchMetaAPI``: every question of ``nats_bench`` to the records of a store or a dict, for both search spaces.

A public method normalises its arguments, prints what ``nats_bench`` prints, loads the architecture in fast mode, and
then asks the native path if no program holds the architecture's object; else, or where that has no answer, the live
objects. The objects are the reference: the native path only repeats what they say.
"""

from __future__ import annotations

import abc
import contextlib
import copy
import os
import random
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from natsbin import rules
from natsbin._api import NativeFirst
from natsbin._util.integers import is_integer
from natsbin.api import opening, text
from natsbin.api.lazy_dict import UNLOADED, ArchitectureDict, Make, Results, results_of
from natsbin.api.nearest import unknown_architecture
from natsbin.api.results import ArchResults, more_info, on_dataset, with_hp
from natsbin.api.scalar_fallback import ScalarFallback
from natsbin.api.source import DictSource, Source
from natsbin.api.utils import remap_dataset_set_names, time_string
from natsbin.api.weights import RecordLoader, warn_of_no_weights
from natsbin.errors import QuestionError
from natsbin.spaces import DATASETS, SearchSpace, hp_name

if TYPE_CHECKING:
    from natsbin._scalar import ScalarAnswers
    from natsbin.api.stored import StoredObjects
    from natsbin.batch import Batch
    from natsbin.store import Store

_NOT_PICKLED = ("_objects", "_present", "batch", "meta_archs", "archstr2index")


class NASBenchMetaAPI(NativeFirst, abc.ABC):
    """The questions that both search spaces answer. Open one with :func:`natsbin.create`."""

    _space: ClassVar[SearchSpace]
    _untimed: ClassVar[bool]  # whether get_more_info answers where times are missing; else that is a TypeError
    _print_information: ClassVar[Callable[..., list[str]]]

    def __init__(
        self,
        file_path_or_dict: str | os.PathLike[str] | Mapping[str, Any] | Source | None = None,
        fast_mode: bool = False,
        verbose: bool = True,
    ) -> None:
        title = self._space.title
        self._all_base_names = [self._space.archive_name]
        self._search_space_name = title
        self._fast_mode = fast_mode
        self._full_train_epochs = max(self._space.epochs.values())
        self._used_time = 0
        self.verbose = verbose
        source, path = opening.open_source(file_path_or_dict, self._space, fast_mode, verbose)
        self._source = source
        self._load = RecordLoader(source, path)
        self._archive_dir: Any = path
        self._opened_path = path
        self._warned_of_weights = False
        unnamed = path is None or (file_path_or_dict is None and fast_mode)  # where nats_bench keeps no name
        self.filename = None if unnamed else os.path.basename(str(path))
        self._avaliable_hps: set[str] = set()
        self._total = source.total
        self._states = bytearray(self._total)
        self._infos: Any = None
        self._native = self._native_path()
        if path is None:
            infos = self.arch2infos_dict
            for index in source.indexes.tolist():
                infos[index] = infos.make(index)
        elif not fast_mode:
            for index in source.indexes.tolist():
                self._states[index] = UNLOADED
        if path is None or not fast_mode:
            self._avaliable_hps.update(source.hps)
        if verbose:
            count = len(self.evaluated_indexes) if path is None or fast_mode else len(source.indexes)
            print(
                f"{time_string()} Create NATS-Bench ({title}) done with {count}/{self._total} architectures avaliable."
            )

    def _native_path(self) -> ScalarAnswers | None:
        if not hasattr(self._source, "table"):
            return None
        from natsbin.api.scalar import open_native  # it imports the kernel, as what opened the store has done

        return open_native(cast("Store", self._source), self._states, UNLOADED)

    def __getstate__(self) -> dict[str, Any]:
        """For pickles and deep copies: the store by its path, and the objects that programs hold."""
        state = {name: value for name, value in self.__dict__.items() if name not in _NOT_PICKLED}
        state.update(verbose=self.verbose, _used_time=self._used_time)
        if isinstance(self._infos, ArchitectureDict):
            state["_infos"] = self._infos.held()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "_source" not in state:
            state = self._from_nats_bench(state)
        for name, value in state.items():
            setattr(self, name, value)
        held, self._native = self._infos, None
        if held is None or isinstance(held, list):
            self._native = self._native_path()
        if isinstance(held, list):
            self._states[:] = bytes(self._total)
            self._infos = ArchitectureDict(self._states, self._make)
            for index, results in held:
                if results is None:
                    self._infos.add_unloaded(index)
                else:
                    self._infos[index] = results

    def _from_nats_bench(self, state: dict[str, Any]) -> dict[str, Any]:
        """The state of an API object that ``nats_bench`` pickled: its objects, in memory, become ours."""
        lacking = [name for name in ("meta_archs", "arch2infos_dict", "evaluated_indexes") if name not in state]
        if lacking:
            raise QuestionError(
                f"this pickle has no {lacking[0]!r}: expected a {type(self).__name__} of nats_bench 1.8 or natsbin; "
                "open the benchmark with create instead"
            )
        records = {"meta_archs": state["meta_archs"], "arch2infos": {}, "evaluated_indexes": ()}
        source = DictSource(records, self._space)
        missing = {"_source": source, "_load": RecordLoader(source), "_total": source.total, "_opened_path": None}
        states = {"_states": bytearray(source.total), "_infos": state["arch2infos_dict"], "_warned_of_weights": False}
        return {**{key: one for key, one in state.items() if key != "arch2infos_dict"}, **missing, **states}

    @cached_property
    def _present(self) -> bytes:
        """A byte for each index: whether the store has that architecture."""
        import numpy as np

        present = np.zeros(self._total, np.uint8)
        present[self._source.indexes] = True
        return present.tobytes()

    @cached_property
    def _objects(self) -> StoredObjects | None:
        """What makes the objects of a store; None for other sources."""
        if not hasattr(self._source, "table"):
            return None
        from natsbin.api.stored import StoredObjects

        return StoredObjects(cast("Store", self._source), self._load)

    def _objects_of(self, index: Any) -> StoredObjects | None:
        """The same where it answers for an architecture: where no program holds the architecture's object."""
        if self._native is None or not isinstance(index, int) or not 0 <= index < self._total:
            return None
        return self._objects if self._states[index] == UNLOADED else None

    @property
    def _make(self) -> Make:
        """What makes an architecture's object."""
        load = self._load  # of its own, as the dictionary that this is for belongs to the object
        return self._objects or (lambda index: results_of(load(index)))

    @cached_property
    def meta_archs(self) -> Sequence[str]:
        """Every architecture string of the space, by index."""
        return copy.copy(self._source.meta_archs)

    @cached_property
    def archstr2index(self) -> dict[str, int]:
        """The index of every architecture string."""
        return {arch: index for index, arch in enumerate(self.meta_archs)}

    @cached_property
    def evaluated_indexes(self) -> set[int]:
        """The indexes that this object has results of; in fast mode those that were asked for so far."""
        evaluated: Iterable[int] | None = getattr(self._source, "evaluated", None)
        if evaluated is not None:
            return set(evaluated)
        return set() if self._fast_mode else set(self._source.indexes.tolist())

    @property
    def arch2infos_dict(self) -> Any:
        """The architectures at hand, ``{index: {hp: ArchResults}}``: live, so changes in them change answers."""
        if self._infos is None:
            self._infos = ArchitectureDict(self._states, self._make)
        return self._infos

    @arch2infos_dict.setter
    def arch2infos_dict(self, infos: Any) -> None:
        if type(infos) in (dict, OrderedDict) and not infos:  # how programs forget what they have asked for
            self._states, self._infos = bytearray(self._total), None
            self._native = self._native_path()
        else:
            self._infos = infos
            self._native = None  # it reads the states of the dictionary that is replaced here

    def __getitem__(self, index: int) -> str:
        return copy.deepcopy(self.meta_archs[index])

    def arch(self, index: int) -> str:
        """The architecture string at an index."""
        if self.verbose:
            print(f"Call the arch function with index={index}")
        if 0 <= index < self._total:
            return copy.deepcopy(self.meta_archs[index])
        raise QuestionError(f"no architecture {index}: expected 0 <= index < {self._total}")

    def __len__(self) -> int:
        return self._total

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self.evaluated_indexes)}/{self._total} architectures, "
            f"fast_mode={self.fast_mode}, file={self.filename})"
        )

    @property
    def avaliable_hps(self) -> list[str]:
        """The hyper-parameter sets of the architectures at hand."""
        return list(copy.deepcopy(self._avaliable_hps))

    @property
    def used_time(self) -> Any:
        """The simulated clock, in seconds."""
        return self._used_time

    @property
    def search_space_name(self) -> str:
        """``topology`` or ``size``."""
        return self._search_space_name

    @property
    def fast_mode(self) -> bool:
        """Whether architectures are loaded one by one, as they are asked for."""
        return self._fast_mode

    @property
    def archive_dir(self) -> Any:
        """The path that was opened; None for a dict."""
        return self._archive_dir

    @property
    def full_train_epochs(self) -> int:
        """The epochs of the longest training."""
        return self._full_train_epochs

    def reset_archive_dir(self, archive_dir: Any) -> None:
        """Change the path that ``archive_dir`` gives."""
        self._archive_dir = archive_dir

    def reset_fast_mode(self, fast_mode: bool) -> None:
        """Change whether architectures that are not at hand are loaded when they are asked for."""
        self._fast_mode = fast_mode

    def reset_time(self) -> None:
        """Set the simulated clock to zero."""
        self._used_time = 0

    def random(self) -> int:
        """A random index, from the ``random`` module."""
        return random.randint(0, self._total - 1)

    def reload(self, archive_root: str | os.PathLike[str] | None = None, index: int | None = None) -> None:
        """Load an architecture (all without an index) again, forgetting the object that a program may have changed.

        ``archive_root``: the path that was opened; another store or archive, whose folder or tar is read in place,
        weights included; or None for the full archive in ``$TORCH_HOME``, and where there is none for what was opened.
        """
        if self.verbose:
            print(f"{time_string()} Call clear_params with archive_root={archive_root} and index={index}")
        source = opening.reopen(archive_root, self._source, self._opened_path, self.verbose)
        for one in range(self._total) if index is None else (index,):
            self._take(source, one)

    def _take(self, source: Source, index: Any) -> None:
        """Put an architecture of a source into the dictionary: of our own source without making its object."""
        if not is_integer(index) or not 0 <= index < self._total:
            raise QuestionError(f"no architecture {index!r}: expected an integer index, 0 <= index < {self._total}")
        place = int(source.indexes.searchsorted(index))
        if place == len(source.indexes) or source.indexes[place] != index:
            raise self._no_architecture(index, source)
        infos = self.arch2infos_dict
        if source is self._source and hasattr(source, "table") and isinstance(infos, ArchitectureDict):
            infos.add_unloaded(int(index))
            self._avaliable_hps.update(source.hps)
        else:
            record = (self._load if source is self._source else RecordLoader(source))(int(index))
            infos[int(index)] = results_of(record)
            self._avaliable_hps.update(record)
        self.evaluated_indexes.add(int(index))

    def _find_index(self, arch: Any) -> Any:
        """``query_index_by_arch``, of anything."""
        if self.verbose:
            print(f"{time_string()} Call query_index_by_arch with arch={arch}")
        if is_integer(arch):
            if 0 <= arch < self._total:
                return arch if isinstance(arch, int) else int(arch)
            raise QuestionError(f"Invalid architecture index {arch} vs [0, {self._total}].")
        if not isinstance(arch, str) and hasattr(arch, "tostr"):
            arch = arch.tostr()
        return self.archstr2index.get(arch, -1) if isinstance(arch, str) else -1

    def _index_of(self, arch: Any) -> Any:
        """The index of an architecture string, or of an object with ``tostr()``; anything else as it is."""
        string = arch.tostr() if hasattr(arch, "tostr") else arch
        if not isinstance(string, str):
            return int(arch) if is_integer(arch) else arch
        index = self.archstr2index.get(string)
        if index is None:
            raise unknown_architecture(string, self._space)
        return index

    def _hp(self, hp: str | int) -> str:
        """The name of a hyper-parameter set; see ``hp_name``."""
        return hp_name(hp, self._source.hps)

    def _prepare_info(self, index: Any) -> None:
        """In fast mode, load an architecture that is not at hand."""
        if index in self.arch2infos_dict:
            if self.verbose:
                print(f"{time_string()} Call _prepare_info with index={index} skip because it is in arch2infos_dict")
        elif self._fast_mode:
            if not self._arrives(index):
                self.reload(self._archive_dir, -1 if index is None else index)
        elif self.verbose:
            print(f"{time_string()} Call _prepare_info with index={index} skip because it is notthe fast mode.")

    def _load_named(self, arch: Any, index: Any) -> None:
        """``_prepare_info`` of an index that was found for ``arch``; a string that is none is named in the error."""
        try:
            self._prepare_info(index)
            unknown = index == -1 and index not in self.arch2infos_dict
        except QuestionError:
            if index != -1:
                raise
            unknown = True
        if unknown:
            self._index_of(arch)  # raises an error that names the nearest strings
            raise self._no_architecture(index)

    def clear_params(self, index: int, hp: str | int | None = None) -> None:
        """Forget the trained weights of an architecture."""
        if self.verbose:
            print(f"{time_string()} Call clear_params with index={index} and hp={hp}")
        if index not in self.arch2infos_dict:
            warnings.warn(
                f"The {index}-th architecture is not in the benchmark data yet, no need to clear params.",
                stacklevel=2,
            )
            return
        results = self.arch2infos_dict[index]
        for one in results.values() if hp is None else (with_hp(results, hp, index),):
            one.clear_params()

    def _peek(self, index: Any) -> Results:
        """An architecture's object for reading alone; QuestionError where it is not at hand."""
        infos = self.arch2infos_dict
        if index not in infos:
            raise self._no_architecture(index)
        found: Results = infos.peek(index) if isinstance(infos, ArchitectureDict) else infos[index]
        return found

    def _results(self, index: Any, hp: str | int) -> ArchResults:
        """An architecture's object with one set of hyper-parameters, for reading alone."""
        return with_hp(self._peek(index), hp, index)

    def _copied(self, index: Any, hp: str | int) -> ArchResults:
        """An architecture's object with one set of hyper-parameters, for a program to have."""
        objects = self._objects_of(index)
        if objects is not None and (found := objects.one(index, self._hp(hp))) is not None:
            return found
        infos = self.arch2infos_dict
        if isinstance(infos, ArchitectureDict) and index in infos and not infos.is_live(index):
            return with_hp(infos.make(index), hp, index)
        return copy.deepcopy(self._results(index, hp))

    def _no_architecture(self, index: Any, source: Source | None = None) -> QuestionError:
        if not is_integer(index):
            return QuestionError(
                f"no architecture {index!r}: expected an integer index, 0 <= index < {self._total}; "
                "query_index_by_arch finds the index of a string"
            )
        have = (source or self._source).indexes
        few = ", ".join(map(str, have[:8].tolist())) + (", …" if len(have) > 8 else "")
        return QuestionError(f"architecture {index} is not here: there are {len(have)} of {self._total} ({few})")

    @cached_property
    def batch(self) -> Batch:
        """The same questions over arrays, answered by the store as it is; QuestionError where there is none."""
        if not hasattr(self._source, "table"):
            raise QuestionError("questions in batches need a store: natsbin convert makes one of an archive")
        from natsbin.batch import Batch

        store, kind = cast("Store", self._source), type(self)
        return Batch(store, self._clock, ScalarFallback(lambda: kind(store, fast_mode=True, verbose=False)))

    def _more_info(
        self, index: Any, dataset: str, iepoch: int | None, hp: str | int, is_random: bool | int
    ) -> dict[str, Any]:
        """``get_more_info`` where it prints, or objects have to answer."""
        if self.verbose:
            print(
                f"{time_string()} Call the get_more_info function with index={index}, dataset={dataset}, "
                f"iepoch={iepoch}, hp={hp}, and is_random={is_random}."
            )
        arch, index = index, self.query_index_by_arch(index)
        self._load_named(arch, index)
        name = self._hp(hp)
        if self._native is not None:
            answer = self._native.more_info(index, dataset, iepoch, name, is_random)
            if answer is not None:
                return answer
        results = self._results(index, hp)
        if is_random is True:
            is_random = random.choice(results.get_dataset_seeds(dataset))
        return more_info(results, dataset, iepoch, name, is_random, self._untimed)

    def _simulate(
        self, arch: Any, dataset: str, iepoch: int | None, hp: str | int, account_time: bool
    ) -> tuple[Any, Any, Any, Any]:
        """``simulate_train_eval`` where it prints, or objects have to answer."""
        index = self.query_index_by_arch(arch)
        if dataset not in rules.SEARCHED:
            raise QuestionError(f"Invalid dataset name : {dataset} vs {rules.SEARCHED}")
        if index == -1 and not self.verbose:
            self._load_named(arch, index)
        read = rules.trained_on(dataset)
        info = self.get_more_info(index, read, iepoch=iepoch, hp=hp, is_random=True)
        if "valid-accuracy" in info:
            accuracy, per_time = info["valid-accuracy"], info["valid-per-time"]
        else:
            accuracy = info[f"{rules.FALLBACK[0]}-accuracy"]
            per_time = self.get_more_info(index, read, iepoch=None, hp=hp, is_random=True)["valid-per-time"]
        taken = info["train-all-time"] + per_time
        latency = self.get_latency(index, dataset, hp)
        if account_time:
            self._used_time += taken
        return accuracy, latency, taken, self._used_time

    def query_by_arch(self, arch: Any, hp: str | int) -> str | None:
        """The same as ``query_info_str_by_arch``."""
        return self.query_info_str_by_arch(arch, hp)

    def query_info_str_by_arch(self, arch: Any, hp: str | int = "12") -> str | None:
        """A page of text about an architecture; None, with a warning, for one that is not at hand."""
        if self.verbose:
            print(f"{time_string()} Call query_info_str_by_arch with arch={arch}and hp={hp}")
        index = self.query_index_by_arch(arch)
        self._prepare_info(index)
        if index not in self.arch2infos_dict:
            warnings.warn(f"Find this arch-index : {index}, but this arch is not evaluated.", stacklevel=2)
            return None
        extra = f"arch-index={index}"
        if (objects := self._objects_of(index)) is not None and self._native is not None:
            try:
                return "\n".join(self._print_information(objects.table(index, self._hp(hp), self._native), extra))
            except LookupError:
                pass  # the object has to be asked
        return "\n".join(self._print_information(self._results(index, hp), extra))

    def show(self, index: int = -1) -> None:
        """Print all that is known of an architecture, or of all at hand for a negative index."""
        if index < 0:
            print(self)
            evaluated = sorted(self.evaluated_indexes)
            for place, one in enumerate(evaluated):
                print(f"\n{'-' * 10} The ({place:5d}/{len(evaluated):5d}) {one:06d}-th architecture! {'-' * 10}")
                print(f"arch : {self.meta_archs[one]}")
                self._print_results(one)
        elif index < self._total:
            if index not in self.evaluated_indexes:
                self._prepare_info(index)
            if index in self.evaluated_indexes:
                self._print_results(index)
            else:
                print(f"The {index}-th architecture has not been evaluated or not saved.")
        else:
            print(f"This index ({index}) is out of range (0~{self._total}).")

    def _print_results(self, index: int) -> None:
        parts: Iterable[str] | None = None
        if (objects := self._objects_of(index)) is not None and self._native is not None:
            with contextlib.suppress(LookupError):
                parts = list(text.results_text(objects.tables(index, self._native), self._print_information))
        for part in text.results_text(self._peek(index), self._print_information) if parts is None else parts:
            print(part)

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
            print(f"Call query_meta_info_by_index with arch_index={arch_index}, hp={hp}")
        self._prepare_info(arch_index)
        if dataname is not None and (objects := self._objects_of(arch_index)) is not None:
            trials = objects.trials(arch_index, self._hp(hp), dataname)
            if trials is not None:
                return trials
        return on_dataset(self._copied(arch_index, hp), dataname)

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
        from natsbin.api.best import find_best

        limits = dataset, rules.set_of(metric_on_set), self._hp(hp), flop_max, param_max
        index, highest = find_best(self, enforce_all, limits)
        if self.verbose:  # where nothing was found this raises, as in nats_bench
            print(f"  the best architecture : [{index}] {self.arch(index)} with accuracy={highest:.3f}%")
        return index, highest

    def get_net_param(self, index: int, dataset: str, seed: int | None, hp: str | int = "12") -> Any:
        """The trained weights of one training, or of all on a dataset by seed; None without weights."""
        if self.verbose:
            print(
                f"{time_string()} Call the get_net_param function with index={index}, dataset={dataset}, "
                f"seed={seed}, hp={hp}"
            )
        found = self.query_meta_info_by_index(index, hp).get_net_param(dataset, seed)
        given = found.values() if seed is None else [found]
        if all(weights is None for weights in given) and not self._warned_of_weights:
            self._warned_of_weights = warn_of_no_weights(self._load, index, self._hp(hp), dataset)
        return found

    def get_net_config(self, index: int, dataset: str) -> dict[str, Any]:
        """What builds the network of an architecture for a dataset."""
        if self.verbose:
            print(f"{time_string()} Call the get_net_config function with index={index}, dataset={dataset}.")
        self._prepare_info(index)
        objects = self._objects_of(index)
        if objects is not None and (found := objects.config(index, dataset)) is not None:
            return found
        results = next(iter(self._peek(index).values()))
        trial = next(iter(results.query(dataset).values()))
        config: dict[str, Any] = trial.get_config(None)
        return config

    def _cost_info(self, index: Any, dataset: str, hp: str | int) -> dict[str, Any]:
        """``get_cost_info`` where it prints, or objects have to answer."""
        if self.verbose:
            print(
                f"{time_string()} Call the get_cost_info function with index={index}, dataset={dataset}, and hp={hp}."
            )
        index = self._index_of(index)
        self._prepare_info(index)
        if self.verbose:
            print(f"Call query_meta_info_by_index with arch_index={index}, hp={hp}")
            self._prepare_info(index)
        if self._native is not None:
            answer = self._native.cost_info(index, dataset, self._hp(hp))
            if answer is not None:
                return answer
        return self._results(index, hp).get_compute_costs(dataset)

    def get_latency(self, index: int, dataset: str, hp: str | int = "12") -> Any:
        """The mean latency in seconds over the seeds that have one; None where none has."""
        if self.verbose:
            print(f"{time_string()} Call the get_latency function with index={index}, dataset={dataset}, and hp={hp}.")
        return self.get_cost_info(index, dataset, hp)["latency"]

    def statistics(self, dataset: str, hp: str | int) -> dict[int, int]:
        """How many architectures have how many seeds on a dataset."""
        if self.verbose:
            print(f"Call the statistics function with dataset={dataset} and hp={hp}.")
        if dataset not in DATASETS:
            raise QuestionError(f"{dataset} not in {list(DATASETS)}")
        name = self._hp(hp)
        counts: dict[int, int] = {}

        def ask(index: int) -> int:
            return len(self._results(index, name).dataset_seed.get(dataset, ()))

        if self._native is not None:
            return self._native.seed_counts(self.evaluated_indexes, name, dataset, ask)
        for number in map(ask, self.evaluated_indexes):
            counts[number] = counts.get(number, 0) + 1
        return counts
