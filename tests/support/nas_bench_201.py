"""Generated NAS-Bench-201 benchmarks, opened by the PyPI package and by natsbin."""

from __future__ import annotations

import copy
from typing import Any

from natsbin.api201.benchmark import NASBench201API
from natsbin.store import Store
from support.oracle import Outcome, Pair, ask, difference


class Pair201(Pair):
    """The same generated dict in ``nas_201_api`` and in natsbin."""

    def _state_difference(self) -> str | None:
        for name, state in (
            ("keys of arch2infos_dict", lambda api: list(api.arch2infos_dict)),
            ("used_time", lambda api: api.used_time),
            ("avaliable_hps", lambda api: sorted(api.avaliable_hps)),
        ):
            if state(self.theirs) != state(self.ours):
                return f"{name} became {state(self.ours)}, not {state(self.theirs)}"
        return None


def open_pair(benchmark: dict[str, Any], store: Store | None, verbose: bool) -> Pair201:
    """Both over a dict; natsbin over its store, if there is one."""
    from nas_201_api import NASBench201API as Original

    theirs = Original(copy.deepcopy(benchmark), verbose)
    return Pair201(theirs, NASBench201API(store if store is not None else copy.deepcopy(benchmark), verbose))


__all__ = ["Outcome", "Pair201", "ask", "difference", "open_pair"]
