"""The examples of the documentation run, and print what the pages say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.batches import RAGGED
from support.made import Made
from support.paths import DOCS

from natsbin.spaces import SSS, TSS


def examples(page: str, language: str = "python") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_batch(made: Made, tmp_path: Path) -> None:
    shutil.copy(made.store(TSS, RAGGED), tmp_path / "tss.h5")
    names: dict[str, Any] = {"archs": np.array(RAGGED), "epochs": np.zeros(len(RAGGED), np.int64)}
    exec(examples("batch.md")[0], names)
    assert names["info"]["train-loss"].shape == (2, 3)
    assert names["clock"][-1] == names["api"].used_time
    assert set(names["front"]) <= set(RAGGED)


def test_networks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="the networks need torch")
    pytest.importorskip("safetensors", reason="the example saves with safetensors")
    exec(examples("networks.md")[-1], {})
    assert capsys.readouterr().out == examples("networks.md", "text")[-1]
    assert (tmp_path / "network.safetensors").stat().st_size > 0


def test_weights(made: Made, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="weights are tensors")
    shutil.copytree(made.archive(SSS, [0], kind="full"), tmp_path / "NATS-sss-v1_0-50262-full")
    assert len(examples("weights.md")) == 2
    for example in examples("weights.md"):
        exec(example, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["NATS-sss-v1_0-50262-full", "sss.h5", "sss.weights"]


def test_encodings() -> None:
    names: dict[str, Any] = {}
    exec(examples("encodings.md")[0], names)
    assert names["x"].shape == (15_625, 6, 5)


@pytest.mark.parametrize(
    ("starts", "library", "name"),
    [("import xarray", "xarray", "ds"), ("import natsbin", "pyarrow", "table"), ("from torch", "torch", "data")],
)
def test_adaptors(made: Made, tmp_path: Path, starts: str, library: str, name: str) -> None:
    pytest.importorskip(library, reason="an extra")
    pytest.importorskip("pandas", reason="an extra")
    shutil.copy(made.store(TSS, RAGGED), tmp_path / "tss.h5")
    (example,) = [one for one in examples("adaptors.md") if one.startswith(starts)]
    names: dict[str, Any] = {}
    exec(example, names)
    assert len(names[name])
