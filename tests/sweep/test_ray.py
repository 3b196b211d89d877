"""The same files from local Ray, one of whose workers is killed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from natsbin.sweep import AlgorithmSpec, Sweep, run

pytest.importorskip("ray", reason="Ray is an extra: pip install 'natsbin[ray]'")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # what Ray warns of is not ours


def test_the_same_files_though_a_worker_is_killed(
    small: Sweep, tmp_path: Path, files_in: Callable[[Path], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = str(Path(__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")]))
    dying = AlgorithmSpec("support.algorithms:Dying", {"folder": str(tmp_path), "spared": os.getpid()})
    sweep = replace(small, algorithms=(*small.algorithms, dying))
    run(sweep, tmp_path / "ray", engine="ray", jobs=2)
    assert (tmp_path / "killed").exists()
    run(sweep, tmp_path / "serial", engine="serial")
    assert files_in(tmp_path / "ray") == files_in(tmp_path / "serial")
