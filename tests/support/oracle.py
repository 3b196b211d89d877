"""Asking ``nats_bench`` and natsbin the same question, and comparing all that can be seen of the answers."""

from __future__ import annotations

import contextlib
import io
import math
import random
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from natsbin._util import compare

_CLOCK = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]")


@dataclass
class Outcome:
    """What a question did: its value or its error, what it printed and warned, and the random state after it."""

    value: Any = None
    error: BaseException | None = None
    printed: str = ""
    warned: list[str] = field(default_factory=list)
    random_state: Any = None

    def __str__(self) -> str:
        if self.error is not None:
            return f"{type(self.error).__name__}: {self.error}"[:300]
        return f"{self.value!r}"[:300]


def ask(question: Callable[[], Any]) -> Outcome:
    """Ask, keeping everything that can be seen."""
    outcome, printed = Outcome(), io.StringIO()
    with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            outcome.value = question()
        except Exception as error:
            outcome.error = error
    outcome.printed = _CLOCK.sub("[clock]", printed.getvalue())
    outcome.warned = [str(one.message) for one in warned if one.category is UserWarning]
    outcome.random_state = random.getstate()
    return outcome


def plain(value: Any) -> Any:
    """A value of either library as nested tuples of built-ins: the classes of both by name, and any NaN as one."""
    name = type(value).__name__
    if hasattr(value, "state_dict") and hasattr(value, "load_state_dict"):
        return name, plain(value.state_dict())
    if name == "TopologyStructure":
        return name, plain(vars(value))
    if isinstance(value, dict):
        return "OrderedDict" if isinstance(value, OrderedDict) else "dict", [
            (plain(key), plain(one)) for key, one in value.items()
        ]
    if isinstance(value, (list, tuple)):
        return name, [plain(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return "set", sorted(map(repr, value))
    if isinstance(value, np.ndarray):
        return "array", value.dtype.str, value.tolist()
    if name == "Tensor":
        return name, str(value.dtype), tuple(value.shape), value.numpy().tobytes()
    if isinstance(value, float) and math.isnan(value):
        return name, "nan"
    return name, value


def difference(theirs: Outcome, ours: Outcome) -> str | None:
    """How natsbin's outcome differs from what a program may expect of it; None where it does not."""
    if theirs.error is not None:
        if not isinstance(ours.error, type(theirs.error)):
            return f"expected an error caught as {theirs}, got {ours}"
    elif ours.error is not None:
        return f"expected {theirs}, got {ours}"
    elif found := compare.difference(plain(theirs.value), plain(ours.value)):
        return f"answered otherwise{found}"
    if theirs.printed != ours.printed:
        return f"printed {theirs.printed!r}, got {ours.printed!r}"
    if theirs.warned != ours.warned:
        return f"warned {theirs.warned}, got {ours.warned}"
    if theirs.random_state != ours.random_state:
        return "drew other random numbers"
    return None


class Pair:
    """The same benchmark opened by both; every question goes to both, from the same random state."""

    def __init__(self, theirs: Any, ours: Any) -> None:
        self.theirs, self.ours = theirs, ours
        self.differences: list[str] = []
        self.asked = 0

    def ask(self, question: Callable[[Any], Any], told: str = "") -> Outcome:
        """Ask both, note any difference, and return the original's outcome."""
        state = random.getstate()
        theirs = ask(lambda: question(self.theirs))
        random.setstate(state)
        ours = ask(lambda: question(self.ours))
        self.asked += 1
        found = difference(theirs, ours) or self._state_difference()
        if found is not None:
            self.differences.append(f"{told}: {found}")
        return theirs

    def call(self, method: str, *args: Any, **kwargs: Any) -> Outcome:
        """Call a method of both by name."""
        told = f"{method}({', '.join([repr(a) for a in args] + [f'{k}={v!r}' for k, v in kwargs.items()])})"
        if method == "statistics":  # its order is that of a set of integers, which depends on how the set came about
            return self.ask(lambda api: sorted(api.statistics(*args, **kwargs).items()), told)
        return self.ask(lambda api: getattr(api, method)(*args, **kwargs), told)

    def _state_difference(self) -> str | None:
        for name, state in (
            ("keys of arch2infos_dict", lambda api: list(api.arch2infos_dict)),
            ("evaluated_indexes", lambda api: set(api.evaluated_indexes)),
            ("used_time", lambda api: api.used_time),
            ("avaliable_hps", lambda api: sorted(api.avaliable_hps)),
        ):
            theirs, ours = state(self.theirs), state(self.ours)
            if found := compare.difference(plain(theirs), plain(ours), name):
                return found
        return None


def agree(question: Callable[[Any], Any], theirs: Any, ours: Any) -> None:
    """Assert that a question about a thing of each library, from the same random state, does the same."""
    state = random.getstate()
    first = ask(lambda: question(theirs))
    random.setstate(state)
    assert difference(first, ask(lambda: question(ours))) is None
