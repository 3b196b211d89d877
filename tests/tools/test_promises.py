"""What docs/reliability.md promises is held by tests that are there."""

from __future__ import annotations

import re

import pytest
from support.paths import DOCS, ROOT, load_tool

PAGE = (DOCS / "reliability.md").read_text(encoding="utf-8")
_NAME = re.compile(r"`([\w/]+\.py)?(?:::(test_\w+))?`")


def named(text: str) -> list[tuple[str, str]]:
    """The files and tests that a text names, in its order; a test without a file is in the one before."""
    found: list[tuple[str, str]] = []
    for match in _NAME.finditer(text):
        file, test = match.group(1) or (found[-1][0] if found else ""), match.group(2) or ""
        if match.group(1) or match.group(2):
            found.append((file, test))
    return found


@pytest.mark.parametrize(("file", "test"), named(PAGE))
def test_a_named_test_is_there(file: str, test: str) -> None:
    path = ROOT / "tests" / file
    assert path.is_file()
    assert not test or f"\ndef {test}(" in path.read_text(encoding="utf-8")


def test_every_promise_names_a_test() -> None:
    """Each section does, and each point of the first four."""
    sections = PAGE.split("\n## ")[1:]
    assert [section.partition("\n")[0] for section in sections if not named(section)] == []
    points = [point for section in sections[:4] for point in re.split(r"\n(?=- )", section)[1:]]
    assert len(points) > 15
    assert [point for point in points if not named(point)] == []


def test_the_command_for_all_of_it_names_what_is_there() -> None:
    """And so do the tests that the sanitizers leave out."""
    words = {word for step in load_tool("safety").STEPS.values() for word in step}
    paths = {word for word in words if "/" in word} | {f"tests/{name}" for name in load_tool("sanitize").LEFT_OUT}
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []
