"""The example of docs/networks.md runs and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.paths import DOCS

pytest.importorskip("torch", reason="the networks need torch")
pytest.importorskip("safetensors", reason="the example saves with safetensors")

PAGE = DOCS / "networks.md"


def test_the_example_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    code, printed = dict(blocks)["python"], dict(blocks)["text"]
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(PAGE), "exec"), {})
    assert capsys.readouterr().out == printed
    assert (tmp_path / "network.safetensors").stat().st_size > 0
