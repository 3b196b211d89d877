"""``arch2infos_dict``: an OrderedDict of architectures whose objects are made when a program first reads them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, ItemsView, Mapping, ValuesView
from functools import lru_cache
from typing import Any

from natsbin._api import NOT_MADE
from natsbin._util.integers import is_integer
from natsbin.api.results import ArchResults

Results = OrderedDict[str, ArchResults]
"""What is known of an architecture, by set of hyper-parameters."""

Make = Callable[[int], Results]
"""Makes an architecture's object; KeyError where it is absent."""

ABSENT, UNLOADED, LOADED = 0, 1, 2

_REMEMBERED = 16  # at most 2 MB an architecture, less than a program notices

_MISSING: Any = object()


def results_of(record: Mapping[str, dict[str, Any]], kind: type[ArchResults] = ArchResults) -> Results:
    """The object of a record."""
    return OrderedDict((hp, kind.create_from_state_dict(state)) for hp, state in record.items())


class ArchitectureDict(OrderedDict[int, Results]):
    """Architectures by index, each ``{hp: ArchResults}``, in the order in which they were added.

    ``states`` says of every index of the space whether it is absent (ABSENT), present without an object
    (UNLOADED: a store answers for it), or present as an object that the program may have changed (LOADED). Those
    that are UNLOADED from the start are present in the order of their indexes. The native path reads the
    states, so they are changed in place, never replaced.
    """

    def __init__(self, states: bytearray, make: Make) -> None:
        super().__init__()
        self.states = states
        self.make = make
        self._remembered = lru_cache(_REMEMBERED)(make)
        if any(states):
            for index, state in enumerate(states):
                if state:
                    super().__setitem__(index, NOT_MADE)

    def add_unloaded(self, index: int) -> None:
        """Add an architecture of the source without making its object."""
        OrderedDict.__setitem__(self, index, NOT_MADE)  # twice as fast as by super()
        self.states[index] = UNLOADED

    def is_live(self, index: int) -> bool:
        """Whether the program got, or gave, this architecture's object."""
        found = super().get(index, NOT_MADE)
        return found is not NOT_MADE

    def held(self) -> list[tuple[int, Results | None]]:
        """Every architecture in order, with its object or, where none was made, None."""
        stored = super().__getitem__
        return [(index, stored(index) if self.is_live(index) else None) for index in self]

    def peek(self, index: int) -> Results:
        """The object of an architecture for reading alone: what is not live stays so. KeyError if absent.

        The last few are remembered: a program may ask again about one that the native path does not answer for.
        """
        found = super().__getitem__(index)
        return self._remembered(index) if found is NOT_MADE else found

    def _mark(self, index: Any, state: int) -> None:
        if is_integer(index) and 0 <= index < len(self.states):
            self.states[index] = state

    def __getitem__(self, index: int) -> Results:
        found = super().__getitem__(index)
        if found is NOT_MADE:
            found = self.make(index)
            self[index] = found
        return found

    def __setitem__(self, index: int, value: Results) -> None:
        super().__setitem__(index, value)
        self._mark(index, LOADED)

    def __delitem__(self, index: int) -> None:
        super().__delitem__(index)
        self._mark(index, ABSENT)

    def get(self, index: int, default: Any = None) -> Any:
        """The architecture, or the default where it is absent."""
        if index not in self:
            return default
        return self[index]

    def setdefault(self, index: int, default: Any = None) -> Any:
        """The architecture; where it is absent, the default, which is added."""
        if index not in self:
            self[index] = default
        return self[index]

    def pop(self, index: int, default: Any = _MISSING) -> Any:
        """Remove an architecture and return it."""
        if index not in self and default is not _MISSING:
            return default
        value = self[index]
        del self[index]
        return value

    def popitem(self, last: bool = True) -> tuple[int, Results]:
        """Remove and return the architecture that was added last, or first."""
        if not self:
            raise KeyError("no architecture is at hand: the dictionary is empty")
        index = next(reversed(self) if last else iter(self))
        return index, self.pop(index)

    def clear(self) -> None:
        """Forget every architecture and every object."""
        super().clear()
        self.states[:] = bytes(len(self.states))

    def values(self) -> ValuesView[Results]:  # type: ignore[override]
        """The architectures, made one by one."""
        return ValuesView(self)

    def items(self) -> ItemsView[int, Results]:  # type: ignore[override]
        """Indexes and architectures, made one by one."""
        return ItemsView(self)

    def copy(self) -> OrderedDict[int, Results]:  # type: ignore[override]
        """A plain OrderedDict of all of them."""
        return OrderedDict(self.items())

    __copy__ = copy

    def __reduce__(self) -> tuple[Any, ...]:
        return OrderedDict, (list(self.items()),)

    def __eq__(self, other: object) -> bool:
        return bool(self.copy() == other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def __repr__(self) -> str:
        return repr(self.copy())
