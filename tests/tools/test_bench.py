"""The benchmark runs, and its JSON says what it should. Nothing here looks at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.made import Made
from support.paths import TOOLS

from natsbin.api.topology import NATStopology
from natsbin.roads.convert import convert
from natsbin.spaces import TSS
from natsbin.synthetic import make_archive

BENCH = TOOLS / "bench"
pytestmark = pytest.mark.slow


def run(out: Path, *words: object) -> Any:
    """What a command of the benchmark writes with ``--out``."""
    command = [sys.executable, str(BENCH), *map(str, words), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def archive(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    (folder / "archive").symlink_to(made.archive(TSS, range(4)))
    (folder / "store.h5").symlink_to(made.store(TSS, range(4)))
    for name, archs in (("small", 2), ("large", 4)):
        (folder / f"{name}.pickle.pbz2").symlink_to(made.archive(TSS, range(archs), kind="benchmark"))
    return folder / "archive"


def test_contenders_agree(archive: Path, tmp_path: Path) -> None:
    store, file = archive.with_name("store.h5"), archive.with_name("large.pickle.pbz2")
    options = ("--benchmark", file, "--scale", 1000, "--budget", 0, "--work", "points")
    result = run(tmp_path / "out.json", "compare", archive, store, *options)
    contenders = result["contenders"]
    assert list(contenders) == ["original", "loaded", "table", "plain", "scalar", "batch"]
    expected = contenders["original"]["work"]["points"]["answer"]
    for name, contender in contenders.items():
        measured = contender["work"]["points"]
        assert measured["answer"] == pytest.approx(expected, rel=1e-6), name
        assert measured["cold"] > 0 < measured["warm"], name
        assert measured["peak"] > 0 < contender["open"]["seconds"], name
    assert result["machine"]["cores"] > 0


COMMANDS: dict[str, tuple[str, ...]] = {
    "versions": ("archive", sys.executable, "--rounds", "2"),
    "scalar": ("archive", "--calls", "8", "--budget", "0"),
    "open": ("store.h5", "archive", "--runs", "1"),
    "convert": ("archive", "--rounds", "1", "--jobs", "1"),
    "memory": ("store.h5", "--points", "1000"),
    "batch": ("store.h5", "--values", "1000", "--budget", "0", "--rounds", "1"),
    "stream": ("small.pickle.pbz2", "large.pickle.pbz2", "archive"),
    "sizes": ("archive", "store.h5"),
    "chunks": ("store.h5", "--items", "64"),
}
NO_LIMITS = ("sizes", "chunks")


@pytest.mark.parametrize("name", COMMANDS)
def test_figures_stand_beside_their_limits(archive: Path, tmp_path: Path, name: str) -> None:
    words = [archive.parent / word if (archive.parent / word).exists() else word for word in COMMANDS[name]]
    figures = run(tmp_path / "figures.json", name, *words)["figures"]
    for figure in figures:
        assert isinstance(figure["value"], float | int), figure
        assert (figure["limit"] is None) == (figure["holds"] is None), figure
    assert any(figure["limit"] is not None for figure in figures) != (name in NO_LIMITS)


def test_searches_give_the_same_answers_as_the_original(made: Made, tmp_path: Path) -> None:
    published = make_archive(tmp_path / "archive", TSS, range(4), jobs=1)
    store = convert(published, tmp_path / "store.h5", jobs=1)
    options = ("--archive", published, "--runs", 2, "--sample", 1, "--seconds", 3000)
    result = run(tmp_path / "out.json", "sweep", store, *options)
    assert [one["program"] for one in result["sweeps"]] == ["random search", "evolution"]
    for one in result["sweeps"]:
        assert {row["method"] for row in one["calls"]} >= {"simulate_train_eval", "get_net_config", "all"}
        assert all(row["nats_bench"] > 0 < row["median"] <= row["max"] for row in one["calls"])


def test_every_public_method_is_asked_of_both(archive: Path, tmp_path: Path) -> None:
    result = run(tmp_path / "out.json", "methods", archive.with_name("store.h5"), archive, "--archs", 3, "--passes", 1)
    rows = {row["method"]: row for row in result["methods"]}
    public = {name for name in dir(NATStopology) if name[0] != "_" and callable(getattr(NATStopology, name))}
    assert rows.keys() > public
    for row in rows.values():
        for kind in ("first", "again"):
            assert row["times"][kind] == row["nats_bench"][kind] / row["natsbin"][kind] > 0
        assert isinstance(row["holds"], bool)
