"""Algorithms by name, and a user's own by ``module:Class``."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

from natsbin.errors import QuestionError
from natsbin.search.training import Algorithm
from natsbin.spaces import SearchSpace

NAMES: dict[str, tuple[str, str, str | None]] = {
    "random": ("RandomSearch", "random_search", "random_search:RandomSearchBlock"),
    "rea": ("RegularizedEvolution", "evolution", "evolution:RegularizedEvolutionBlock"),
    "reinforce": ("Reinforce", "single", "reinforce:ReinforceBlock"),
    "bohb": ("Bohb", "single", "bohb:BohbBlock"),
    "local-search": ("LocalSearch", "local_search", "local_search:LocalSearchBlock"),
    "successive-halving": ("SuccessiveHalving", "hyperband", "hyperband:SuccessiveHalvingBlock"),
    "hyperband": ("Hyperband", "hyperband", "hyperband:HyperbandBlock"),
    "asha": ("Asha", "asha", "asha:AshaBlock"),
    "tpe": ("Tpe", "single", "tpe:TpeBlock"),
    "random-script": ("ScriptRandomSearch", "scripts", None),
    "rea-script": ("ScriptEvolution", "scripts", None),
}
"""Of each algorithm: its class, the module that has it, and its class in lockstep, if there is one."""


@dataclass(frozen=True)
class Found:
    """An algorithm's class, and its class in lockstep where it has one."""

    single: type[Any]
    block: type[Any] | None

    def make(self, space: SearchSpace, epochs: int, rng: np.random.Generator, settings: dict[str, Any]) -> Algorithm:
        """A run of it. QuestionError for settings that it does not have."""
        check_settings(self.block or self.single, settings)
        algorithm: Algorithm = self.single(space, epochs, rng, **settings)
        return algorithm


def find_algorithm(name: str) -> Found:
    """The algorithm of a name, or of ``module:Class``. QuestionError, with the names there are, for none."""
    if name in NAMES:
        single, module, lockstep = NAMES[name]
        file, _, block = (lockstep or "").partition(":")
        return Found(
            getattr(importlib.import_module(f"natsbin.search.{module}"), single),
            getattr(importlib.import_module(f"natsbin.search.lockstep.{file}"), block) if file else None,
        )
    module, colon, attribute = name.partition(":")
    if not colon:
        raise QuestionError(f"no algorithm {name!r}: expected one of {', '.join(NAMES)}, or module:Class")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise QuestionError(f"no algorithm {name!r}: {error}") from error
    if not callable(getattr(found, "ask", None)) or not callable(getattr(found, "tell", None)):
        raise QuestionError(f"{name}: expected a class with the methods ask and tell")
    return Found(found, None)


def check_settings(algorithm: type[Any], settings: dict[str, Any]) -> None:
    """QuestionError, with the settings there are, for one that an algorithm does not have."""
    parameters = inspect.signature(algorithm).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return
    have = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
    for name in settings:
        if name not in have:
            raise QuestionError(f"no setting {name!r}: there are {', '.join(have) or 'none'}")
