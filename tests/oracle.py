"""Asking ``nats_bench`` and natsbin the same question, and comparing all that can be seen of the answers."""

from __future__ import annotations

import bz2
import contextlib
import copy
import io
import math
import pickle
import random
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from natsbin.spaces import SearchSpace

_CLOCK = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]")
_ADDRESS = re.compile(r"0x[0-9a-f]+")


def load(path: Path) -> Any:
    """A pickle of the project's own making, or of the genuine samples."""
    return pickle.loads(bz2.decompress(path.read_bytes()))


class ArchiveSource:
    """A folder of pickles as a natsbin source, read without natsbin's own reader."""

    def __init__(self, path: Path, space: SearchSpace) -> None:
        self.path, self.space = path, space
        self.meta_archs = load(path / "meta.pickle.pbz2")["meta_archs"]
        self.total = len(self.meta_archs)
        files = sorted(path.glob("[0-9]*.pickle.pbz2"))
        self.indexes = np.array([int(file.name.split(".")[0]) for file in files], np.int32)
        self.hps = tuple(space.epochs)

    def load(self, index: int) -> OrderedDict[str, dict[str, Any]]:
        if index not in self.indexes:
            raise KeyError(index)
        record: OrderedDict[str, dict[str, Any]] = load(self.path / f"{index:06d}.pickle.pbz2")
        return record


def benchmark(folder: Path, indexes: Iterable[int] | None = None) -> dict[str, Any]:
    """The dict of a benchmark file with the architectures of a folder."""
    files = sorted(folder.glob("[0-9]*.pickle.pbz2"))
    numbers = [int(file.name.split(".")[0]) for file in files] if indexes is None else list(indexes)
    return {
        "meta_archs": load(folder / "meta.pickle.pbz2")["meta_archs"],
        "total_archs": 0,
        "arch2infos": {number: load(folder / f"{number:06d}.pickle.pbz2") for number in numbers},
        "evaluated_indexes": set(numbers),
    }


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
    """A value as nested tuples with the types and the order of everything in it, NaN equal to NaN."""
    if hasattr(value, "state_dict") and hasattr(value, "load_state_dict"):
        return type(value).__name__, plain(value.state_dict())
    if type(value).__name__ == "TopologyStructure":
        return type(value).__name__, plain(vars(value))
    if isinstance(value, dict):
        kind = "OrderedDict" if isinstance(value, OrderedDict) else "dict"
        return kind, [(plain(key), plain(one)) for key, one in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return "set", sorted(map(repr, value))
    if isinstance(value, np.ndarray):
        return "array", value.dtype.str, value.tolist()
    if isinstance(value, float) and math.isnan(value):
        return type(value).__name__, "nan"
    return type(value).__name__, value


def difference(theirs: Outcome, ours: Outcome) -> str | None:
    """How natsbin's outcome differs from what a program may expect of it; None where it does not."""
    if theirs.error is not None:
        if not isinstance(ours.error, type(theirs.error)):
            return f"expected an error caught as {theirs}, got {ours}"
    elif ours.error is not None:
        return f"expected {theirs}, got {ours}"
    elif plain(theirs.value) != plain(ours.value):
        return f"{first_difference(plain(theirs.value), plain(ours.value))}"
    if theirs.printed != ours.printed:
        return f"printed {theirs.printed!r}, got {ours.printed!r}"
    if theirs.warned != ours.warned:
        return f"warned {theirs.warned}, got {ours.warned}"
    if theirs.random_state != ours.random_state:
        return "drew other random numbers"
    return None


def first_difference(theirs: Any, ours: Any) -> str:
    """The first place where two plain values differ."""
    while isinstance(theirs, (list, tuple)) and isinstance(ours, (list, tuple)) and len(theirs) == len(ours):
        pairs = [(a, b) for a, b in zip(theirs, ours, strict=True) if a != b]
        if not pairs:
            break
        theirs, ours = pairs[0]
    return f"{theirs!r:.200} is not {ours!r:.200}"


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
        return self.ask(lambda api: getattr(api, method)(*args, **kwargs), told)

    def _state_difference(self) -> str | None:
        for name, state in (
            ("keys of arch2infos_dict", lambda api: list(api.arch2infos_dict)),
            ("evaluated_indexes", lambda api: set(api.evaluated_indexes)),
            ("used_time", lambda api: api.used_time),
            ("avaliable_hps", lambda api: sorted(api.avaliable_hps)),
        ):
            theirs, ours = state(self.theirs), state(self.ours)
            if plain(theirs) != plain(ours):
                return f"{name} is {ours!r:.200}, expected {theirs!r:.200}"
        return None


def varied(record: dict[str, Any], index: int, arch: str, rng: random.Random) -> dict[str, Any]:
    """A record of the same shape with other numbers in every place, some odd: no two sums or means agree by chance."""
    record = copy.deepcopy(record)
    for state in record.values():
        state["arch_index"], state["arch_str"] = index, arch
        for dataset, seeds in state["dataset_seed"].items():
            for seed in (222, 888):
                if seed not in seeds and rng.random() < 0.4:
                    state["all_results"][dataset, seed] = copy.deepcopy(state["all_results"][dataset, seeds[0]])
                    state["all_results"][dataset, seed]["seed"] = f"{seed:04d}"
                    seeds.append(seed)
            seeds.sort()
        for trial in state["all_results"].values():
            _vary(trial, rng)
            trial["arch_config"]["arch_str"] = arch
    return record


def _vary(trial: dict[str, Any], rng: random.Random) -> None:
    for name in ("train_acc1es", "train_losses", "train_times", "eval_acc1es", "eval_losses", "eval_times"):
        for key in trial[name]:
            trial[name][key] = rng.random() * 10 ** rng.randint(-2, 3)
    if rng.random() < 0.3:
        trial["params"], trial["flop"] = np.float64(rng.random()), rng.random() * 100
    trial["latency"] = rng.choice(
        [[np.float64(rng.random())], [np.float64(rng.random())], [np.float64(-1)], None, [rng.random(), rng.random()]]
    )
    if rng.random() < 0.2:
        trial["eval_losses"][rng.choice(list(trial["eval_losses"]))] = math.nan
    if rng.random() < 0.2:
        for name in ("eval_acc1es", "eval_losses"):
            gone = rng.choice(sorted(trial[name] or ["none"]))
            trial["eval_acc1es"].pop(gone, None)
            trial["eval_losses"].pop(gone, None)
    if rng.random() < 0.1:
        rng.shuffle(trial["eval_names"])


def varied_benchmark(folder: Path, indexes: Iterable[int], seed: int) -> dict[str, Any]:
    """A benchmark dict of varied records, made from a folder's records."""
    rng, base = random.Random(seed), benchmark(folder)
    records = list(base["arch2infos"].values())
    base["arch2infos"] = {
        index: varied(rng.choice(records), index, base["meta_archs"][index], rng) for index in indexes
    }
    base["evaluated_indexes"] = set(base["arch2infos"])
    return base


def write_folder(base: dict[str, Any], folder: Path) -> None:
    """A benchmark dict as an archive folder."""
    folder.mkdir()
    meta = {**base, "arch2infos": None, "evaluated_indexes": set()}
    for name, record in [("meta", meta), *((f"{i:06d}", one) for i, one in base["arch2infos"].items())]:
        (folder / f"{name}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(record, protocol=4), 1))
