"""The examples of docs/weights.md run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.paths import DOCS as DOCS_FOLDER

pytest.importorskip("torch", reason="weights are tensors")

from natsbin.spaces import SSS
from natsbin.synthetic import make_archive

DOCS = DOCS_FOLDER / "weights.md"


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_archive(tmp_path / "NATS-sss-v1_0-50262-full", SSS, [0], kind="full")
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        exec(example, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["NATS-sss-v1_0-50262-full", "sss.h5", "sss.weights"]
