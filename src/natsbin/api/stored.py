"""Objects of the architectures of a store, made as little as a program asks for.

An architecture's ``ArchResults`` of each hp get their attributes when one is first used, and a training its curves when
each is first read. So an object costs microseconds, and reads no chunks of the store but those of the curves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from natsbin.api.results import ArchResults
from natsbin.api.trial import ResultsCount, Unread, network_config
from natsbin.store.file import reading

if TYPE_CHECKING:
    from natsbin._scalar import ScalarAnswers
    from natsbin.api.text import Sets
    from natsbin.api.weights import RecordLoader
    from natsbin.store import Store
    from natsbin.store.assemble import StateMaker, TrialMaker
    from natsbin.store.table import Table

Make = Callable[[], dict[str, Any]]


class UnreadResults(ArchResults):
    """An ``ArchResults`` whose attributes are made when any of them is first used; it then becomes a plain one."""

    _plain: ClassVar[type[ArchResults]] = ArchResults

    def __init__(self, make: Make) -> None:
        object.__getattribute__(self, "__dict__")["make"] = make

    def __getattribute__(self, name: str) -> Any:
        _read(self)
        return getattr(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _read(self)
        setattr(self, name, value)

    def __delattr__(self, name: str) -> None:
        _read(self)
        delattr(self, name)


UnreadResults.__name__ = UnreadResults.__qualname__ = ArchResults.__name__


def _read(results: UnreadResults) -> None:
    """Make a plain ``ArchResults`` of it. Of two threads that do so at a time, both find it complete."""
    attributes = object.__getattribute__(results, "__dict__")
    make = attributes.get("make")
    if make is not None:
        attributes.update(make())
        attributes.pop("make", None)
    kind = object.__getattribute__(results, "__class__")
    if issubclass(kind, UnreadResults):
        object.__setattr__(results, "__class__", kind._plain)


class UnreadCurves(Unread):
    """Stands in place of every curve of a training until that is read."""

    __slots__ = ("_maker", "_row", "_table", "_where")

    def __init__(self, maker: TrialMaker, table: Table, row: int, where: str) -> None:
        self._maker, self._table, self._row, self._where = maker, table, row, where

    def read(self, field: str) -> dict[Any, float]:
        with reading(self._where):
            return self._maker.read(self._table, self._row, field)


class TableResults:
    """What tables say of an architecture at an hp: the part of ``ArchResults`` that a page of text needs.

    Methods raise LookupError where the object has to be asked.
    """

    def __init__(
        self,
        native: ScalarAnswers,
        epochs_of: Callable[[str, str], int],
        index: int,
        hp: str,
        arch: str,
        maker: StateMaker,
    ) -> None:
        self._native, self._epochs_of, self._index, self._hp = native, epochs_of, index, hp
        self.arch_str: str = maker.arch_str(arch)
        self._datasets = maker.datasets

    def get_dataset_names(self) -> list[str]:
        return self._datasets

    def page_numbers(self, sets: Sets) -> list[tuple[Any, ...]]:
        found = self._native.page_numbers(self._index, self._hp, sets)
        if found is None:
            raise LookupError(self._index)
        return found

    def get_total_epoch(self) -> int:
        epochs = {self._epochs_of(self._hp, dataset) for dataset in self._datasets}
        if len(epochs) != 1:
            raise LookupError(epochs)
        return epochs.pop()


class StoredObjects:
    """Makes objects from a store, with the weights that a ``RecordLoader`` finds beside it."""

    unread_class: ClassVar[type[UnreadResults]] = UnreadResults
    trial_class: ClassVar[type[ResultsCount]] = ResultsCount

    def __init__(self, store: Store, loader: RecordLoader) -> None:
        self._store, self._loader = store, loader
        self._where = store.file.path
        self._makers_of_form: dict[int, dict[str, StateMaker]] = {}
        nothing: Any = None
        self._attributes = dict.fromkeys(vars(self.trial_class(nothing, *[None] * 9)))
        self._blanks: dict[TrialMaker, tuple[dict[str, Any], bool]] = {}

    def __call__(self, index: int) -> OrderedDict[str, ArchResults]:
        """An architecture's object; KeyError where it is absent."""
        return OrderedDict(
            [
                (hp, self.unread_class(partial(self._results, index, hp, maker)))
                for hp, maker in self._makers(index).items()
            ]
        )

    def one(self, index: int, hp: str) -> ArchResults | None:
        """An architecture's object with one set of hyper-parameters; None where it has none of them."""
        maker = self._makers(index).get(hp)
        return None if maker is None else self.unread_class(partial(self._results, index, hp, maker))

    def _makers(self, index: int) -> dict[str, StateMaker]:
        """What makes the states of an architecture, by hp; KeyError where it is absent."""
        number = self._forms[index]
        if number not in self._makers_of_form:
            self._makers_of_form[number] = self._store.assembler.states(self._store.record_form(index))
        return self._makers_of_form[number]

    @cached_property
    def _forms(self) -> list[int]:
        """The number of the form of each architecture's record; -1 where it is absent."""
        forms = np.full(self._store.total, -1)
        forms[self._store.indexes] = self._store.record
        found: list[int] = forms.tolist()
        return found

    def tables(self, index: int, native: ScalarAnswers) -> OrderedDict[str, TableResults]:
        """What tables say of an architecture, by hp."""
        return OrderedDict([(hp, self._table(index, hp, one, native)) for hp, one in self._makers(index).items()])

    def table(self, index: int, hp: str, native: ScalarAnswers) -> TableResults:
        """What tables say of an architecture with one set of hyper-parameters; KeyError where it has none of them."""
        return self._table(index, hp, self._makers(index)[hp], native)

    def _table(self, index: int, hp: str, maker: StateMaker, native: ScalarAnswers) -> TableResults:
        return TableResults(native, self._epochs, index, hp, self._store.meta_archs[index], maker)

    def _epochs(self, hp: str, dataset: str) -> int:
        return self._store.table(hp, dataset).epochs

    def config(self, index: int, dataset: str) -> dict[str, Any] | None:
        """What ``get_net_config`` gives; None where the object has to be asked."""
        hp, state = next(iter(self._makers(index).items()))
        if not (seeds := state.seeds.get(dataset)):
            return None
        with reading(self._where):
            table = self._store.table(hp, dataset)
            maker = self._store.assembler.trial(table, table.kernel.row_of(index, seeds[0]))
        make = maker.literals.get("arch_config")
        return None if make is None else network_config(make(self._store.meta_archs[index]), None)

    def trials(self, index: int, hp: str, dataset: str) -> dict[int, ResultsCount] | None:
        """An architecture's trainings on a dataset by seed; None where the object has to be asked."""
        state = self._makers(index).get(hp)
        if self._loader.weights is not None or state is None or not (seeds := state.seeds.get(dataset)):
            return None
        arch = self._store.meta_archs[index]
        with reading(self._where):
            table = self._store.table(hp, dataset)
            return {seed: self._trial(table, index, arch, seed) for seed in seeds}

    def _results(self, index: int, hp: str, maker: StateMaker) -> dict[str, Any]:
        """The attributes of an ``ArchResults``, in the order of one that is read from a record."""
        arch = self._store.meta_archs[index]
        with reading(self._where):
            state = maker.make(
                index, arch, lambda dataset, seed: self._trial(self._store.table(hp, dataset), index, arch, seed)
            )
        if "all_results" in state:
            state["all_results"] = dict(state["all_results"])
        trials = state.get("all_results", {})
        for key, unread in self._loader.unread(index, hp, trials).items():
            if trials[key].net_state_dict is None:
                trials[key].net_state_dict = unread
                state["clear_net_done"] = False
        return {**vars(ArchResults(-1, "")), **state}

    def _trial(self, table: Table, index: int, arch: str, seed: int) -> ResultsCount:
        row = table.kernel.row_of(index, seed)
        maker = self._store.assembler.trial(table, row)
        blank, complete = self._blanks.get(maker) or self._blank(maker)
        attributes = blank.copy()
        maker.fill(attributes, table, row, arch)
        unread = UnreadCurves(maker, table, row, self._where)
        for name in maker.curves:
            attributes[name] = unread
        if not complete:
            return self.trial_class.create_from_state_dict(attributes)
        trial = self.trial_class.__new__(self.trial_class)
        trial.__dict__ = attributes
        return trial

    def _blank(self, maker: TrialMaker) -> tuple[dict[str, Any], bool]:
        """The attributes that trainings of a form begin with, and whether these are all that a training has."""
        complete = maker.blank.keys() >= self._attributes.keys()
        found = self._blanks[maker] = {**(self._attributes if complete else {}), **maker.blank}, complete
        return found
