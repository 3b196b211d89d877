"""What fuzzing starts with: each input is read, or refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.paths import ROOT, load_tool

INPUTS = sorted((ROOT / "tests" / "fuzz").glob("*/*"))


def test_there_are_inputs_for_each_target() -> None:
    assert {path.parent.name for path in INPUTS} == set(load_tool("fuzz_targets").TARGETS)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_inputs(path: Path) -> None:
    target, data = load_tool("fuzz_targets").TARGETS[path.parent.name], path.read_bytes()
    target(data)
    for end in range(1, len(data), len(data) // 20):
        target(data[:end])
