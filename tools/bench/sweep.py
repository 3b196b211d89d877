"""Whole searches by programs that know one API call at a time: what each call takes, in the middle and in the tail."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import h5py
import measure
import numpy as np
import report
from questions import SEARCHED, space_of
from rich.table import Table

from natsbin.spaces import SPACES, SearchSpace

Ask = Callable[..., Any]
"""(method, its arguments): the answer of an API, whose time is noted."""

POPULATION, SAMPLE = 10, 3  # of regularized evolution, as in the scripts of NATS-Bench
MEAN, TAIL = 2e-6, 20e-6  # seconds a call: limits of the mean and of the 99.9th percentile


def random_search(ask: Ask, space: SearchSpace, present: list[int], hp: str, seconds: float) -> None:
    """Train random architectures until the time is up; then look at the best."""
    ask("reset_time")
    best, clock = (0.0, 0), 0.0
    while clock < seconds:
        index = random.choice(present)
        accuracy, _, _, clock = ask("simulate_train_eval", index, SEARCHED, hp=hp)
        best = max(best, (accuracy, index))
    _look_at(ask, best[1], hp)


def evolution(ask: Ask, space: SearchSpace, present: list[int], hp: str, seconds: float) -> None:
    """Regularized evolution over architecture strings: mutate the best of a few, forget the oldest."""
    ask("reset_time")
    strings = {space.architectures[index] for index in present}
    history: list[tuple[float, str, int]] = []
    clock = 0.0
    while clock < seconds:
        string = space.architectures[random.choice(present)]
        if len(history) >= POPULATION:
            mutated = _mutate(space, max(random.sample(history[-POPULATION:], SAMPLE))[1])
            string = mutated if mutated in strings else string
        index = ask("query_index_by_arch", string)
        accuracy, _, _, clock = ask("simulate_train_eval", index, SEARCHED, hp=hp)
        history.append((accuracy, string, index))
    _look_at(ask, max(history)[2], hp)


def _mutate(space: SearchSpace, string: str) -> str:
    digits = list(space.parse(string))
    place = random.randrange(space.digits)
    digits[place] = (digits[place] + random.randrange(1, space.base)) % space.base
    return space.string(tuple(digits))


def _look_at(ask: Ask, index: int, hp: str) -> None:
    ask("get_more_info", index, SEARCHED, hp=hp, is_random=False)
    ask("get_cost_info", index, SEARCHED, hp=hp)
    ask("query_info_str_by_arch", index, hp)
    ask("get_net_config", index, SEARCHED)
    ask("query_by_index", index, SEARCHED, hp)


PROGRAMS = {"random search": random_search, "evolution": evolution}


def _run(
    library: str, path: Path, space: str, present: list[int], search: tuple[str, str, float], runs: int, cpu: bool
) -> dict[str, Any]:
    """In a fresh process: seconds of every call, by method, less those of reading the time.

    Also the simulated clock after each run, which all libraries should share.
    """
    api: Any = __import__(library).create(str(path), space, fast_mode=True, verbose=False)
    program, hp, seconds = search
    now = time.thread_time_ns if cpu else time.perf_counter_ns
    nothing = [now() for _ in range(10_001)]
    reading = float(np.median(np.diff(nothing)))
    spent: dict[str, list[int]] = {}
    clocks: list[float] = []

    def ask(method: str, *args: Any, **kwargs: Any) -> Any:
        question, start = getattr(api, method), now()
        try:
            return question(*args, **kwargs)
        finally:
            spent.setdefault(method, []).append(now() - start)

    for run in range(runs):
        random.seed(run)
        PROGRAMS[program](ask, SPACES[space], present, hp, seconds)
        clocks.append(api.used_time)
    less = {name: np.maximum(np.array(one) - reading, 0) / 1e9 for name, one in spent.items()}
    return {"spent": less, "clocks": clocks, "reading": reading / 1e9}


@click.command()
@click.argument("store", type=click.Path(exists=True, path_type=Path))
@click.option("--archive", type=click.Path(exists=True, path_type=Path), help="The folder, to ask nats_bench too.")
@click.option("--hp", "hps", multiple=True, default=("12",), show_default=True)
@click.option("--seconds", default=20_000.0, show_default=True, help="Simulated seconds of a run.")
@click.option("--runs", default=500, show_default=True, help="Searches by natsbin.")
@click.option("--sample", default=3, show_default=True, help="The first of them, by nats_bench.")
@click.option("--rounds", default=3, show_default=True, help="Processes of natsbin; the one of the least mean counts.")
@click.option("--cpu", is_flag=True, help="CPU time instead of wall time: for a machine that is not idle.")
@report.out_option
def sweep(
    store: Path,
    archive: Path | None,
    hps: tuple[str, ...],
    seconds: float,
    runs: int,
    sample: int,
    rounds: int,
    cpu: bool,
    out: Path | None,
) -> None:
    """Searches over the architectures of STORE: seconds of each call, and how many times nats_bench's mean they are."""
    about, space, tables, found = measure.machine(), space_of(store), [], []
    with h5py.File(store) as file:
        present = file["architecture"][()].tolist()
    with report.progress.status("Searching") as status:
        for hp in hps:
            for program in PROGRAMS:
                status.update(f"{program}, hp {hp}")
                search = (program, hp, seconds)
                tried = [
                    measure.fresh(_run, "natsbin", store, space, present, search, runs, cpu) for _ in range(rounds)
                ]
                ours = min(tried, key=lambda result: _all(result).mean())  # what else a machine does only adds time
                theirs: dict[str, Any] = {"spent": {}, "clocks": []}
                if archive is not None:
                    theirs = measure.fresh(_run, "nats_bench", archive, space, present, search, sample, cpu)
                    if theirs["clocks"] != ours["clocks"][:sample]:
                        raise click.ClickException(f"{program}, hp {hp}: the two libraries answered differently")
                rows = [_row(name, one, theirs["spent"].get(name)) for name, one in ours["spent"].items()]
                rows.append(_row("all", _all(ours), _all(theirs) if archive else None))
                reading = ours["reading"]
                found.append({"program": program, "hp": hp, "runs": runs, "reading the time": reading, "calls": rows})
                title = f"{space}, {program}, hp {hp}: {runs} runs of {seconds:,.0f} s"
                tables.append(_table(f"{title}, less {report.duration(reading)} for reading the time", rows))
    report.publish({"machine": about, "space": space, "sweeps": found}, tables, out)


def _all(result: dict[str, Any]) -> Any:
    return np.concatenate(list(result["spent"].values()))


def _row(name: str, spent: Any, original: Any) -> dict[str, Any]:
    middle, high, higher = np.percentile(spent, (50, 99, 99.9)).tolist()
    theirs = None if original is None else float(original.mean())
    return {
        "method": name,
        "count": len(spent),
        "mean": float(spent.mean()),
        "median": middle,
        "99%": high,
        "99.9%": higher,
        "max": float(spent.max()),
        "nats_bench": theirs,
    }


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(*rows[0], "ratio", title=title)
    for row in rows:
        cells = [report.duration(one) for name, one in row.items() if isinstance(one, float) and name != "nats_bench"]
        theirs = row["nats_bench"]
        compared = ("", "") if theirs is None else (report.duration(theirs), f"×{report.number(theirs / row['mean'])}")
        table.add_row(row["method"], f"{row['count']:,}", *cells, *compared)
    held = rows[-1]["mean"] <= MEAN and rows[-1]["99.9%"] <= TAIL
    table.caption = f"limits of all: mean 2 µs, 99.9% 20 µs: {'held' if held else 'missed'}"
    return table
