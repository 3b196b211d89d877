"""What a release says of itself in several places is the same in all of them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import natsbin

ROOT = Path(__file__).parents[2]
NAMES = {"python-xxhash": "xxhash"}  # conda-forge's names, where they differ


def test_the_version_is_that_of_the_changelog_and_of_the_recipe() -> None:
    first = re.search(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    recipe = re.search(r"(?m)^  version: (\S+)", (ROOT / "recipe" / "recipe.yaml").read_text(encoding="utf-8"))
    assert first is not None
    assert recipe is not None
    assert first[1] == recipe[1] == natsbin.__version__


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs tomllib")
def test_the_recipe_asks_for_the_same_libraries() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    recipe = (ROOT / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    run = recipe.partition("  run:\n")[2].partition("\n\n")[0]
    asked = {NAMES.get(name, name): bound for name, bound in re.findall(r"- (\S+) >=(\S+)", run)}
    assert asked == dict(one.split(">=") for one in project["project"]["dependencies"])
    for one in project["build-system"]["requires"]:
        assert f"- {one.replace('>=', ' >=')}\n" in recipe
