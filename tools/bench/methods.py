"""Every public method of the API, on first and on repeated questions, and the objects, beside ``nats_bench``."""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import measure
import psutil
import report
from questions import DATASET, HPS, SEARCHED, space_of
from rich.markup import escape
from rich.table import Table

LEAST_TIMES, LIMIT = 50, 20e-6  # a method is as many times as fast as the original, or takes at most so many seconds

OF_KNOWN = ("clear_params", "find_best", "statistics")
"""Methods that look at the architectures that were asked about before."""

Ask = Callable[[Any, int], Any]
"""(API, index of an architecture): one question."""


def _questions(path: str, hp: str) -> dict[str, Ask]:
    """One question of each public method, as a program in fast mode asks it."""
    return {
        "arch": lambda api, index: api.arch(index),
        "clear_params": lambda api, index: api.clear_params(index, hp),
        "find_best": lambda api, index: api.find_best(DATASET, "x-valid", hp=hp, enforce_all=False),
        "get_cost_info": lambda api, index: api.get_cost_info(index, DATASET, hp),
        "get_latency": lambda api, index: api.get_latency(index, DATASET, hp),
        "get_more_info": lambda api, index: api.get_more_info(index, DATASET, hp=hp),
        "get_net_config": lambda api, index: api.get_net_config(index, DATASET),
        "get_net_param": lambda api, index: api.get_net_param(index, DATASET, None, hp),
        "get_unique_str": lambda api, index: api.get_unique_str(index),
        "query_by_arch": lambda api, index: api.query_by_arch(api[index], hp),
        "query_by_index": lambda api, index: api.query_by_index(index, DATASET, hp),
        "query_index_by_arch": lambda api, index: api.query_index_by_arch(api[index]),
        "query_info_str_by_arch": lambda api, index: api.query_info_str_by_arch(index, hp),
        "query_meta_info_by_index": lambda api, index: api.query_meta_info_by_index(index, hp),
        "random": lambda api, index: api.random(),
        "reload": lambda api, index: api.reload(path, index),
        "reset_archive_dir": lambda api, index: api.reset_archive_dir(path),
        "reset_fast_mode": lambda api, index: api.reset_fast_mode(True),
        "reset_time": lambda api, index: api.reset_time(),
        "show": lambda api, index: api.show(index),
        "simulate_train_eval": lambda api, index: api.simulate_train_eval(index, SEARCHED, hp=hp),
        "statistics": lambda api, index: api.statistics(DATASET, hp),
        "str2lists": lambda api, index: api.str2lists(api[index]),
        "str2matrix": lambda api, index: api.str2matrix(api[index]),
    }


def _objects(path: str, hp: str) -> dict[str, Ask]:
    """What programs do with ``arch2infos_dict``, and a question after it."""

    def touched(api: Any, index: int) -> Any:
        if index not in api.arch2infos_dict:
            api.reload(path, index)
        return api.arch2infos_dict[index][hp]

    def forgotten(forget: Callable[[Any], object], api: Any, index: int) -> Any:
        api.get_cost_info(index, DATASET, hp)
        forget(api)
        return api.get_cost_info(index, DATASET, hp)

    def accuracy(api: Any, index: int) -> Any:
        trials = touched(api, index).query(DATASET)
        return next(iter(trials.values())).get_eval("x-valid", 0)["accuracy"]

    return {
        "arch2infos_dict[i][hp].get_dataset_names": lambda api, index: touched(api, index).get_dataset_names(),
        "arch2infos_dict[i][hp], an accuracy of a seed": accuracy,
        "popitem(last=False), ask again": partial(forgotten, lambda api: api.arch2infos_dict.popitem(last=False)),
        "clear(), ask again": partial(forgotten, lambda api: api.arch2infos_dict.clear()),
        "arch2infos_dict = {}, ask again": partial(forgotten, lambda api: setattr(api, "arch2infos_dict", {})),
    }


def _run(library: str, path: str, space: str, hp: str, archs: list[int], passes: int, cpu: bool) -> dict[str, Any]:
    """In a fresh process: seconds of a question by method: the very first, on a new and on a known architecture.

    Also the resident bytes that the objects of all ``archs`` add, or that stay in memory after them.
    """
    module: Any = __import__(library)
    now = time.thread_time if cpu else time.perf_counter
    asked = {**_questions(path, hp), **_objects(path, hp)}
    found: dict[str, Any] = {}
    process = psutil.Process()
    warnings.simplefilter("ignore")  # there are no weights
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        for name, ask in asked.items():
            api = module.create(path, space, fast_mode=True, verbose=False)
            if name.isidentifier() and not hasattr(api, name):
                continue
            public = {one for one in dir(api) if one[0] != "_" and callable(getattr(type(api), one, None))}
            if library == "nats_bench" and (missed := public - asked.keys()):
                raise LookupError(f"no question of {', '.join(sorted(missed))}")
            random.seed(0)
            spent: list[float] = []
            before = process.memory_info().rss
            for index in archs * (1 + passes):
                if name in OF_KNOWN:
                    api.get_cost_info(index, DATASET, hp)
                start = now()
                ask(api, index)
                spent.append(now() - start)
                if len(spent) == len(archs):
                    resident = process.memory_info().rss - before
            first, again = spent[1 : len(archs)], spent[len(archs) :]
            found[name] = {
                "very first": spent[0],
                "first": statistics.median(first),
                "again": statistics.median(again),
                "resident": resident,
            }
    return found


@click.command()
@click.argument("store", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("archive", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--hp", help="By default that of the longest trainings.")
@click.option("--archs", "count", default=20, show_default=True, help="How many architectures are asked about.")
@click.option("--passes", default=3, show_default=True, help="Of repeated questions.")
@click.option("--cpu", is_flag=True, help="CPU time instead of wall time: for a machine that is not idle.")
@report.out_option
def methods(store: Path, archive: Path, hp: str | None, count: int, passes: int, cpu: bool, out: Path | None) -> None:
    """Every public method on STORE, and the same of nats_bench on its ARCHIVE, a folder; medians over architectures."""
    from natsbin.store import open_store

    about, space = measure.machine(), space_of(store)
    hp = hp or HPS[space]
    present = open_store(store).indexes.tolist()
    archs = random.Random(0).sample(present, min(count, len(present)))
    rows: list[dict[str, Any]] = []
    with report.progress.status("Asking"):
        ours = measure.fresh(_run, "natsbin", str(store), space, hp, archs, passes, cpu)
        theirs = measure.fresh(_run, "nats_bench", str(archive), space, hp, archs, passes, cpu)
    for name, original in theirs.items():
        row: dict[str, Any] = {"method": name, "nats_bench": original, "natsbin": ours[name]}
        row["times"] = {kind: original[kind] / ours[name][kind] for kind in ("first", "again")}
        row["holds"] = all(
            row["times"][kind] >= LEAST_TIMES or ours[name][kind] <= LIMIT for kind in ("first", "again")
        )
        rows.append(row)
    report.publish(
        {"machine": about, "space": space, "hp": hp, "archs": archs, "methods": rows},
        [_table(rows, f"{space}, hp {hp}: medians over {len(archs)} architectures")],
        out,
    )


def _table(rows: list[dict[str, Any]], title: str) -> Table:
    heads = ("method", "very first", "first", "nats_bench", "", "again", "nats_bench", "", "MB", "nats_bench", "")
    table = Table(*heads, title=title)
    for row in rows:
        ours, theirs, times = row["natsbin"], row["nats_bench"], row["times"]
        cells = [report.duration(ours["very first"])]
        for kind in ("first", "again"):
            seconds = report.duration(ours[kind]), report.duration(theirs[kind])
            cells += [*seconds, f"×{report.number(times[kind])}"]
        memory = (f"{one['resident'] / measure.MB:.1f}" for one in (ours, theirs))
        table.add_row(escape(row["method"]), *cells, *memory, "[green]held[/]" if row["holds"] else "[red]missed[/]")
    table.caption = f"limits: {LEAST_TIMES} times as fast, or 20 µs; MB: what the first questions add to the process"
    return table
