"""Where the API of NAS-Bench-201 reads: a store of its file, or the dict that the file holds."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from natsbin.api.source import DictSource, Source
from natsbin.api.weights import UnreadArrays
from natsbin.errors import QuestionError
from natsbin.spaces import TSS

ALL_BENCHMARK_FILES = ["NAS-Bench-201-v1_0-e61699.pth", "NAS-Bench-201-v1_1-096897.pth"]
ALL_ARCHIVE_DIRS = ["NAS-Bench-201-v1_1-archive"]

_HPS = (("12", "less"), ("200", "full"))


def by_hp(infos: Any, index: Any) -> OrderedDict[str, dict[str, Any]]:
    """``{full, less}`` as a record by hyper-parameter set."""
    lacking = [name for _, name in _HPS if not isinstance(infos, Mapping) or name not in infos]
    if lacking:
        raise QuestionError(f"architecture {index} has no {lacking[0]!r}: expected a dict of 'full' and 'less'")
    return OrderedDict((hp, infos[name]) for hp, name in _HPS)


def read_file(path: str, index: int, arch: str) -> OrderedDict[str, dict[str, Any]]:
    """The record in the file of one architecture, with its trained weights.

    Raises ArchiveError where it is no such file, QuestionError where it lacks a set of hyper-parameters.
    """
    from natsbin.archive.nas_bench_201_files import read_architecture

    states = read_architecture(Path(path), index, arch, weights=True)
    for state in states.values():
        for trial in state["all_results"].values():
            if trial["net_state_dict"] is not None:
                trial["net_state_dict"] = UnreadArrays(trial["net_state_dict"])
    return by_hp({name: states[hp] for hp, name in _HPS if hp in states}, index)


class DictSource201(DictSource):
    """Records in memory: the dict that a NAS-Bench-201 file holds."""

    def __init__(self, benchmark: Mapping[str, Any]) -> None:
        infos = benchmark.get("arch2infos")
        if isinstance(infos, Mapping):
            records = {index: by_hp(one, index) for index, one in infos.items()}
            benchmark = {**benchmark, "arch2infos": records}
        super().__init__(benchmark, TSS)


def torch_home() -> str:
    """``$TORCH_HOME``; QuestionError (a KeyError) where it is not set."""
    home = os.environ.get("TORCH_HOME")
    if home is None:
        raise QuestionError("TORCH_HOME is not set: set it to the folder of the benchmark, or give a path")
    return home


def default_path() -> str:
    """What there is in ``$TORCH_HOME``: a store first, else the file of the newest version."""
    path = os.path.join(torch_home(), ALL_BENCHMARK_FILES[-1])
    store = path.removesuffix(".pth") + ".h5"
    return store if os.path.isfile(store) and not os.path.isfile(path) else path


def open_source(given: Any, verbose: bool) -> tuple[Source, str | None]:
    """What to read from, and the name of the file (None in memory)."""
    if isinstance(given, Mapping):
        return DictSource201(given), None
    if isinstance(given, (str, os.PathLike)):
        from natsbin.roads import find

        path = os.fspath(given)
        if verbose:
            print(f"try to create the NAS-Bench-201 api from {path}")
        if not os.path.exists(path):
            raise QuestionError(f"invalid path : {path}")
        return find.open_path(os.fspath(path), TSS, verbose, "NAS-Bench-201"), os.path.basename(path)
    if getattr(given, "benchmark", None) == "NAS-Bench-201":  # a store
        return given, os.path.basename(given.path)
    raise QuestionError(f"invalid type : {type(given)} not in [str, dict]")
