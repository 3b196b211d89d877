"""``natsbin sweep``: what it prints, and how it fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support.commands import runner

from natsbin.cli import main

OWN = """
class Constant:
    def __init__(self, space, epochs, rng):
        self.epochs = epochs

    def ask(self):
        return 260, self.epochs

    def tell(self, training, accuracy):
        pass
"""


@pytest.fixture
def spec(stores: dict[str, str], tmp_path: Path) -> Path:
    path = tmp_path / "spec.toml"
    path.write_text(
        f'seeds = 4\ndatasets = ["cifar100"]\ntrainings = 20\nalgorithms = ["random", "own_algorithm:Constant"]\n'
        f'[stores]\ntss = "{stores["tss"]}"\n'
    )
    (tmp_path / "own_algorithm.py").write_text(OWN)
    return path


def test_run_and_report(spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [*sys.path])  # the command adds the folder of SPEC
    command = ["sweep", str(spec), "--out", str(tmp_path / "out"), "--engine", "serial", "--quiet"]
    done = runner().invoke(main, [*command, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["runs"], found["computed"]) == (8, 8)
    assert {row["algorithm"]: row["trainings"] for row in found["results"]} == {"random": 80, "Constant": 80}
    again = runner().invoke(main, command)
    assert again.exit_code == 0, again.output
    assert "8 runs, 0 of them now" in again.stdout
    report = runner().invoke(main, ["sweep", "report", str(tmp_path / "out")])
    assert report.exit_code == 0, report.output
    assert report.stdout.strip() == str(tmp_path / "out" / "report" / "report.html")
    assert runner().invoke(main, ["sweep", "--help"]).exit_code == 0


def test_refusals(spec: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out"), "--quiet"]
    engine = runner().invoke(main, ["sweep", str(spec), *out, "--engine", "threads"])
    assert (engine.exit_code, engine.stderr) == (1, "Error: no engine 'threads': there are serial, joblib, dask, ray\n")
    nothing = runner().invoke(main, ["sweep", str(tmp_path / "no.toml"), *out])
    assert nothing.exit_code == 1
    assert "no.toml" in nothing.stderr
    assert not (tmp_path / "out").exists()
    assert runner().invoke(main, ["sweep", "report", str(tmp_path)]).exit_code == 1
