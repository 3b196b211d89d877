"""Two installed natsbin asked the same questions in turns: how many times as long as the other one this one takes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from questions import DATASET, SEARCHED, draw, space_of
from report import Figure, figures_command

import natsbin

MOST = 1.02  # of the other one's time
PASS = 0.02  # seconds that a pass takes at least

_ASKED = """
import contextlib, json, random, sys, time
given = json.loads(sys.stdin.readline())
sys.path[:0] = given["path"]
import numpy as np
import natsbin
from natsbin.batch import Batch
from natsbin.cli import main
from natsbin.store import open_store

with contextlib.redirect_stdout(sys.stderr):
    main(["convert", given["archive"], given["store"], "--quiet"], standalone_mode=False)
api = natsbin.create(given["store"], given["space"], fast_mode=True, verbose=False)
batch, calls, points = Batch(open_store(given["store"])), given["calls"], given["points"]
dataset, searched, hp = given["dataset"], given["searched"], given["hp"]
(archs, at), (pointed, seeds, epochs) = np.array(calls).T.copy(), np.array(points).T.copy()

def more_info(is_random):
    for arch, epoch in calls:
        api.get_more_info(arch, dataset, iepoch=epoch, hp=hp, is_random=is_random)

def simulated():
    for arch, epoch in calls:
        api.simulate_train_eval(arch, searched, iepoch=epoch, hp=hp)

def costs():
    for arch, _ in calls:
        api.get_cost_info(arch, dataset, hp=hp)

works = {
    "get_more_info, mean": lambda: more_info(False),
    "get_more_info, random": lambda: more_info(True),
    "simulate_train_eval": simulated,
    "get_cost_info": costs,
    "batch.get_more_info": lambda: batch.get_more_info(archs, dataset, iepoch=at, hp=hp),
    "batch.simulate_train_eval": lambda: batch.simulate_train_eval(
        archs, searched, iepoch=at, hp=hp, rng=np.random.default_rng(0)
    ),
    "batch.get_cost_info": lambda: batch.get_cost_info(archs, dataset, hp=hp),
    "batch.points": lambda: batch.points(pointed, dataset, "x-valid", iepoch=epochs, hp=hp, is_random=seeds),
    "batch.find_best": lambda: batch.find_best(searched, "valid", hp=hp),
}
print(json.dumps([natsbin.__version__, natsbin.__file__, list(works)]), flush=True)
for line in sys.stdin:
    name, times = json.loads(line)
    random.seed(0)
    start = time.process_time()
    for _ in range(times):
        works[name]()
    print(time.process_time() - start, flush=True)
"""


@figures_command
@click.argument("archive", type=click.Path(exists=True, path_type=Path))
@click.argument("other", type=click.Path(exists=True, dir_okay=False))
@click.option("--rounds", default=101, show_default=True, help="Of each work; in each, both are asked, in turns.")
@click.option("--pool", default=1000, show_default=True, help="Architectures asked about.")
def versions(archive: Path, other: str, rounds: int, pool: int) -> list[Figure]:
    """CPU time of this natsbin and that of the Python OTHER, each on its store of ARCHIVE: medians of rounds."""
    with tempfile.TemporaryDirectory() as folder:
        store = natsbin.convert(archive, Path(folder, "drawn.h5"))
        return _figures(archive.absolute(), store, other, rounds, pool)


def _figures(archive: Path, store: Path, other: str, rounds: int, pool: int) -> list[Figure]:
    questions = draw(store, pool, 1)
    given = {
        "archive": str(archive),
        "space": space_of(store),
        "calls": questions.calls.tolist(),
        "points": questions.points.tolist(),
        "dataset": DATASET,
        "searched": SEARCHED,
        "hp": questions.hp,
    }
    this = {"path": [str(Path(natsbin.__file__).parents[1])], "store": str(store.with_name("ours.h5"))}
    that = {"path": [], "store": str(store.with_name("theirs.h5"))}
    with _Asked(sys.executable, given | this) as ours, _Asked(other, given | that) as theirs:
        figures = []
        for work in ours.works:
            for one in (ours, theirs):
                one.seconds(work, 1)  # first questions
            times = max(1, round(PASS / max(ours.seconds(work, 1), 1e-5)))
            taken = []
            for number in range(rounds):
                pair = {one: one.seconds(work, times) / times for one in ((ours, theirs), (theirs, ours))[number % 2]}
                taken.append((pair[ours], pair[theirs]))
            us, them = (statistics.median(column) for column in zip(*taken, strict=True))
            ratio = statistics.median(one / two for one, two in taken)
            note = f"{us * 1e6:,.0f} µs, {theirs.version}: {them * 1e6:,.0f} µs"
            figures.append(Figure(f"{work}: in terms of the other", ratio, "×", MOST, note=note))
        return figures


class _Asked:
    """A process of an interpreter that has a natsbin. What is in ``PYTHONPATH`` is not for it."""

    def __init__(self, python: str, given: dict[str, Any]) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self._process = subprocess.Popen(
            [python, "-c", _ASKED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.version, self.file, self.works = self._answer(given)

    def __enter__(self) -> _Asked:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def seconds(self, work: str, times: int) -> float:
        """CPU seconds of doing a work so many times."""
        return float(self._answer([work, times]))

    def _answer(self, words: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise click.ClickException("a process of natsbin ended; what it said is above")
        return json.loads(line)
