"""What a sweep writes, that every engine writes the same, and that an interrupted one goes on."""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import functools
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from natsbin._util.files import new_part
from natsbin.errors import OutputError, QuestionError
from natsbin.search import Budget, StoredSimulation, search
from natsbin.search.registry import find_algorithm
from natsbin.store import open_store
from natsbin.sweep import AlgorithmSpec, Sweep, engines, run
from natsbin.sweep.parts import read_parts
from natsbin.sweep.summary import summarize

Content = Callable[[Path], dict[str, bytes]]


def test_runs_are_those_of_single_searches(small: Sweep, tmp_path: Path) -> None:
    run(small, tmp_path, engine="serial")
    runs = read_parts(tmp_path, "runs").to_pylist()
    assert len(runs) == 2 * 2 * 4 * 7
    for row in runs:
        if row["algorithm"].endswith("script"):
            continue
        simulation = simulation_of(small.stores[row["space"]], row["dataset"], row["hp"])
        rng = np.random.default_rng(row["seed"])
        algorithm = find_algorithm(row["algorithm"]).make(simulation.space, 12, rng, {})
        history = search(algorithm, simulation, Budget(trainings=30), rng)
        best = int(np.argmax(history.accuracy[0]))
        assert (row["index"], row["accuracy"]) == (history.index[0, best], history.accuracy[0, best])
        assert (row["trainings"], row["seconds"]) == (30, history.clock[0, -1])
    api_rows = [row for row in runs if row["accuracy"] > 0]
    assert api_rows
    for row in api_rows[:20]:
        api = simulation_of(small.stores[row["space"]], row["dataset"], row["hp"]).api
        hp = "200" if row["space"] == "tss" else "90"
        test = "ori-test" if row["dataset"] == "cifar10" else "x-test"
        assert row["test"] == api.batch.points(row["index"], row["dataset"], test, "accuracy", None, hp)
        assert row["test_regret"] >= 0


@functools.cache
def simulation_of(path: str, dataset: str, hp: str) -> StoredSimulation:
    return StoredSimulation(open_store(Path(path)), dataset, hp)


def test_incumbents_and_trajectories_agree(small: Sweep, tmp_path: Path) -> None:
    run(dataclasses.replace(small, trajectories=True), tmp_path, engine="serial")
    steps = read_parts(tmp_path, "trajectories").to_pandas()
    keys = ["space", "dataset", "hp", "algorithm", "seed"]
    incumbents = read_parts(tmp_path, "incumbents").to_pandas().groupby(keys, observed=True)
    for key, run_steps in steps.groupby(keys, observed=True):
        assert run_steps["training"].tolist() == list(range(30))
        rows = incumbents.get_group(key)
        assert rows["at"].tolist() == [6, 12, 18, 24, 30]
        for at, index, accuracy in zip(rows["at"], rows["index"], rows["accuracy"], strict=True):
            before = run_steps[run_steps["training"] < at]
            best = before.loc[before["accuracy"].idxmax()]
            assert (index, accuracy) == (best["index"], best["accuracy"])


def test_engines_write_the_same(small: Sweep, tmp_path: Path, files_in: Content) -> None:
    for engine in ("serial", "joblib"):
        run(small, tmp_path / engine, engine=engine, jobs=2)
    assert files_in(tmp_path / "serial") == files_in(tmp_path / "joblib")


def test_finished_parts_are_not_computed_again(
    small: Sweep, tmp_path: Path, files_in: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(small, tmp_path, engine="serial")
    before = files_in(tmp_path)
    gone = sorted((tmp_path / "runs").iterdir())[::5]
    for path in gone:
        path.unlink()
    half = new_part(gone[0])
    half.write_bytes(b"half")
    computed, compute = [], engines.compute
    monkeypatch.setattr(engines, "compute", lambda unit: computed.append(unit.name) or compute(unit))
    told: list[tuple[int, int | None]] = []
    run(small, tmp_path, engine="serial", progress=lambda *one: told.append(one))
    assert sorted(computed) == [path.stem for path in gone]
    assert files_in(tmp_path) == before
    assert not half.exists()
    assert told[0][0] < told[-1][0] == told[-1][1] == 112


def _run_forked(sweep: Sweep, out: Path) -> None:
    os.setpgid(0, 0)
    run(sweep, out, engine="serial")


def test_a_killed_sweep_goes_on(small: Sweep, tmp_path: Path, files_in: Content) -> None:
    run(small, tmp_path / "whole", engine="serial")
    whole, rng = files_in(tmp_path / "whole"), np.random.default_rng(0)
    context = multiprocessing.get_context("fork")
    out, killed = tmp_path / "killed", 0
    for _ in range(10):
        process = context.Process(target=_run_forked, args=(small, out))
        process.start()
        time.sleep(rng.uniform(0.0, 0.5))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        for path, data in (files_in(out) if out.exists() else {}).items():
            assert whole[path] == data
    assert killed > 0
    run(small, out, engine="serial")
    assert files_in(out) == whole


def test_a_lost_process_is_replaced(small: Sweep, tmp_path: Path, files_in: Content) -> None:
    algorithm = AlgorithmSpec("support.algorithms:Dying", {"folder": str(tmp_path), "spared": os.getpid()})
    sweep = dataclasses.replace(small, stores={"tss": small.stores["tss"]}, algorithms=(algorithm,))
    run(sweep, tmp_path / "joblib", engine="joblib", jobs=2)
    assert (tmp_path / "killed").exists()
    run(sweep, tmp_path / "serial", engine="serial")
    assert files_in(tmp_path / "joblib") == files_in(tmp_path / "serial")


def test_a_users_algorithm(small: Sweep, tmp_path: Path) -> None:
    own = AlgorithmSpec("support.algorithms:Alternating", {"first": 1})
    run(dataclasses.replace(small, algorithms=(own,)), tmp_path, engine="serial")
    assert {row["algorithm"] for row in summarize(tmp_path)} == {"Alternating"}


def test_another_sweep_is_refused(small: Sweep, tmp_path: Path, files_in: Content) -> None:
    run(small, tmp_path, engine="serial")
    before = files_in(tmp_path)
    with pytest.raises(OutputError, match="parts of another sweep: its seeds is 7, not 8"):
        run(dataclasses.replace(small, seeds=8), tmp_path, engine="serial")
    other = dataclasses.replace(small, stores={"tss": small.stores["tss"]})
    with pytest.raises(OutputError, match="its stores is"):
        run(other, tmp_path, engine="serial")
    (tmp_path / "sweep.json").write_text("{}")
    with pytest.raises(OutputError, match="expected a sweep"):
        run(small, tmp_path, engine="serial")
    assert {**before, "sweep.json": b"{}"} == files_in(tmp_path)


def test_two_runs_in_one_folder(small: Sweep, tmp_path: Path) -> None:
    def begin_another(done: int, total: int | None) -> None:
        with pytest.raises(OutputError, match="another run of a sweep is writing here"):
            run(small, tmp_path, engine="serial")

    run(small, tmp_path, engine="serial", progress=begin_another)


def test_a_full_disk(small: Sweep, tmp_path: Path, files_in: Content, monkeypatch: pytest.MonkeyPatch) -> None:
    run(small, tmp_path / "whole", engine="serial")
    fsync, left = os.fsync, [9]

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="No space left on device"):
            run(small, tmp_path / "full", engine="serial")
    whole, kept = files_in(tmp_path / "whole"), files_in(tmp_path / "full")
    assert 0 < len(kept) < len(whole)
    assert kept.items() <= whole.items()
    run(small, tmp_path / "full", engine="serial")
    assert files_in(tmp_path / "full") == whole


def test_a_damaged_part(small: Sweep, tmp_path: Path) -> None:
    run(small, tmp_path, engine="serial")
    first = min((tmp_path / "runs").iterdir())
    first.write_bytes(first.read_bytes()[:100])
    with pytest.raises(OutputError, match=f"{first.name}: not a part of a sweep, or damaged"):
        summarize(tmp_path)
    with pytest.raises(OutputError, match="no runs of a sweep in it"):
        summarize(tmp_path / "runs")


def test_time_needs_most_of_the_space(small: Sweep, tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="have no training with hp 12 on cifar10: expected most of the space"):
        run(dataclasses.replace(small, trainings=None, seconds=100.0), tmp_path, engine="serial")


def test_parts_open_in_other_tools(small: Sweep, tmp_path: Path) -> None:
    run(small, tmp_path, engine="serial")
    schema = pq.read_schema(min((tmp_path / "runs").iterdir()))
    assert schema.names[:5] == ["space", "dataset", "hp", "algorithm", "seed"]


def test_files_of_others_in_the_folder_are_left(small: Sweep, tmp_path: Path) -> None:
    theirs = {tmp_path / name: name.encode() for name in (".lock", "movie.partial", "runs/notes.partial")}
    (tmp_path / "runs").mkdir()
    for path, content in theirs.items():
        path.write_bytes(content)
    run(small, tmp_path, engine="serial")
    assert {path: path.read_bytes() for path in theirs} == theirs


def test_a_file_system_without_locks(
    small: Sweep, tmp_path: Path, files_in: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(small, tmp_path / "usual", engine="serial")

    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    assert files_in(run(small, tmp_path / "without", engine="serial")) == files_in(tmp_path / "usual")


def test_a_folder_whose_name_is_no_text(small: Sweep, tmp_path: Path) -> None:
    out = run(small, tmp_path / os.fsdecode(b"\xff"), engine="serial")
    assert len(summarize(out)) == 16
