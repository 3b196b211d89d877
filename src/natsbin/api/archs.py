"""The architectures of a benchmark: opening it, the dictionary of those at hand, and the clock."""

from __future__ import annotations

import abc
import copy
import os
import random
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from natsbin.api.lazy_dict import UNLOADED, Arch, Infos
from natsbin.api.results import ArchResults
from natsbin.api.source import Source
from natsbin.api.utils import time_string
from natsbin.api.weights import Loader
from natsbin.errors import QuestionError
from natsbin.roads import find
from natsbin.spaces import SearchSpace, hp_name

if TYPE_CHECKING:
    from natsbin._scalar import ScalarAnswers
    from natsbin.batch import Batch
    from natsbin.store import Store


def no_hp(index: Any, hp: Any, arch: Mapping[str, Any]) -> QuestionError:
    return QuestionError(f"The {index}-th architecture only has hyper-parameters of {list(arch)} instead of {hp}.")


class Archs(abc.ABC):
    """What a benchmark holds, before any question is asked."""

    _space: ClassVar[SearchSpace]

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
        self._used_time: Any = 0
        self.verbose = verbose
        source, told = find.find_source(file_path_or_dict, self._space, fast_mode, verbose)
        self._source = source
        self._load = Loader(source)
        self._archive_dir: Any = told
        self._opened = told
        self._told_of_weights = False
        self.filename = None if told is None else os.path.basename(told)
        self._avaliable_hps: set[str] = set()
        self._total = source.total
        self._states = bytearray(self._total)
        self._infos: Any = None
        self._fast: ScalarAnswers | None = self._fast_path()
        if source.path is None:
            infos = self.arch2infos_dict
            for index in source.indexes.tolist():
                infos[index] = infos.make(index)
        elif not fast_mode:
            self._states[:] = find.presence(source)
        if source.path is None or not fast_mode:
            self._avaliable_hps.update(source.hps)
        if verbose:
            count = len(self.evaluated_indexes) if source.path is None or fast_mode else len(source.indexes)
            print(
                f"{time_string()} Create NATS-Bench ({title}) done with {count}/{self._total} architectures avaliable."
            )

    def _fast_path(self) -> ScalarAnswers | None:
        if not hasattr(self._source, "table"):
            return None
        from natsbin.api.scalar import fast_path  # it imports the kernel, as what opened the store has done

        return fast_path(cast("Store", self._source), self._states, UNLOADED)

    def __getstate__(self) -> dict[str, Any]:
        """For pickles and deep copies: the store by its path, and the objects that programs have touched."""
        state = {k: v for k, v in self.__dict__.items() if k not in ("_fast", "batch", "meta_archs", "archstr2index")}
        if isinstance(self._infos, Infos):
            state["_infos"] = self._infos.held()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        held, self._fast = self._infos, None
        if held is None or isinstance(held, list):
            self._fast = self._fast_path()
        if isinstance(held, list):
            self._states[:] = bytes(self._total)
            self._infos = Infos(self._states, self._load)
            for index, arch in held:
                if arch is None:
                    self._infos.add_unloaded(index)
                else:
                    self._infos[index] = arch

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
            self._infos = Infos(self._states, self._load)
        return self._infos

    @arch2infos_dict.setter
    def arch2infos_dict(self, infos: Any) -> None:
        self._infos = infos
        self._fast = None  # it reads the states of the dictionary that is replaced here

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
        """Are architectures taken up one by one, as they are asked for?"""
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
        """Change the path that ``archive_dir`` tells."""
        self._archive_dir = archive_dir

    def reset_fast_mode(self, fast_mode: bool) -> None:
        """Change whether architectures that are not at hand are taken up when asked for."""
        self._fast_mode = fast_mode

    def reset_time(self) -> None:
        """Set the simulated clock to zero."""
        self._used_time = 0

    def random(self) -> int:
        """A random index, from the ``random`` module."""
        return random.randint(0, self._total - 1)

    def reload(self, archive_root: str | os.PathLike[str] | None = None, index: int | None = None) -> None:
        """Take an architecture (all without an index) anew, forgetting the object that a program may have changed.

        ``archive_root``: the path that was opened; another store or archive, whose folder or tar is read in place,
        weights included; or None for the full archive in ``$TORCH_HOME``, and where there is none for what was opened.
        """
        if self.verbose:
            print(f"{time_string()} Call clear_params with archive_root={archive_root} and index={index}")
        source = self._source_of(archive_root)
        if index is None:
            for one in range(self._total):
                self._take(source, one)
        else:
            self._take(source, index)

    def _source_of(self, archive_root: Any) -> Source:
        if archive_root is None:
            archive_root = find.full_archive(self._space) or self._opened
        if archive_root == self._opened:
            return self._source
        if not os.path.exists(archive_root):
            raise QuestionError(f"no such archive or store: {archive_root}")
        return find.open_in_place(Path(archive_root), self._space, self.verbose)

    def _take(self, source: Source, index: Any) -> None:
        """Put an architecture of a source into the dictionary, untouched if it is our own source's."""
        if not isinstance(index, (int, np.integer)) or not 0 <= index < self._total:
            raise QuestionError(f"no architecture {index!r}: expected an integer index, 0 <= index < {self._total}")
        place = int(np.searchsorted(source.indexes, index))
        if place == len(source.indexes) or source.indexes[place] != index:
            raise self._absent(index, source)
        infos = self.arch2infos_dict
        if source is self._source and source.path is not None and isinstance(infos, Infos):
            infos.add_unloaded(int(index))
            self._avaliable_hps.update(source.hps)
        else:
            record = (self._load if source is self._source else Loader(source))(int(index))
            made = OrderedDict((hp, ArchResults.create_from_state_dict(state)) for hp, state in record.items())
            infos[int(index)] = made
            self._avaliable_hps.update(made)
        self.evaluated_indexes.add(int(index))

    def query_index_by_arch(self, arch: Any) -> Any:
        """The index of an architecture given as an index, a string, or an object with ``tostr()``.

        -1 for a string that is none of this space; ValueError for an index out of range.
        """
        if self.verbose:
            print(f"{time_string()} Call query_index_by_arch with arch={arch}")
        if isinstance(arch, (int, np.integer)):
            if 0 <= arch < self._total:
                return arch if isinstance(arch, int) else int(arch)
            raise QuestionError(f"Invalid architecture index {arch} vs [0, {self._total}].")
        if not isinstance(arch, str) and hasattr(arch, "tostr"):
            arch = arch.tostr()
        return self.archstr2index.get(arch, -1) if isinstance(arch, str) else -1

    def _prepare_info(self, index: Any) -> None:
        """In fast mode, take up an architecture that is not at hand."""
        if index in self.arch2infos_dict:
            if self.verbose:
                print(f"{time_string()} Call _prepare_info with index={index} skip because it is in arch2infos_dict")
        elif self._fast_mode:
            self.reload(self._archive_dir, -1 if index is None else index)
        elif self.verbose:
            print(f"{time_string()} Call _prepare_info with index={index} skip because it is notthe fast mode.")

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
        arch = self.arch2infos_dict[index]
        if hp is None:
            for results in arch.values():
                results.clear_params()
        elif (name := hp_name(hp)) in arch:
            arch[name].clear_params()
        else:
            raise no_hp(index, hp, arch)

    def _peek(self, index: Any) -> Arch:
        """An architecture's object for reading alone; QuestionError where it is not at hand."""
        infos = self.arch2infos_dict
        if index not in infos:
            raise self._absent(index)
        found: Arch = infos.peek(index) if isinstance(infos, Infos) else infos[index]
        return found

    def _results(self, index: Any, hp: str | int) -> ArchResults:
        """An architecture's object with one set of hyper-parameters, for reading alone."""
        arch = self._peek(index)
        if (name := hp_name(hp)) not in arch:
            raise no_hp(index, hp, arch)
        return arch[name]

    def _copied(self, index: Any, hp: str | int) -> ArchResults:
        """An architecture's object with one set of hyper-parameters, for a program to have."""
        infos = self.arch2infos_dict
        fresh = isinstance(infos, Infos) and index in infos and not infos.is_live(index)
        arch = infos.make(index) if fresh else self._peek(index)
        if (name := hp_name(hp)) not in arch:
            raise no_hp(index, hp, arch)
        return arch[name] if fresh else copy.deepcopy(arch[name])

    def _seed_counts(self, dataset: str, hp: str) -> list[int] | None:
        """The number of seeds of every architecture, -1 where its object must be asked; None without a store."""
        if self._fast is None:
            return None
        from natsbin.api.scalar import seed_counts

        return seed_counts(cast("Store", self._source), hp, dataset)

    def _absent(self, index: Any, source: Source | None = None) -> QuestionError:
        if not isinstance(index, (int, np.integer)):
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
            raise QuestionError("questions in batches need a store: convert this archive, or open it by its path")
        from natsbin.batch import Batch

        return Batch(cast("Store", self._source), self)
