"""What a release says of itself in several places is the same in all of them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.paths import ROOT

import natsbin

FROM_FOLDER = re.findall(r"(?m)^python -m pip install .*--find-links dist .*$", (ROOT / "README.md").read_text("utf-8"))
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


def test_the_policy_says_why_libraries_start_where_they_do() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    policy = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8").partition("## Ranges of libraries")[2]
    bounds = re.findall(r"`([\w-]+>=[\d.]+)`", policy)
    assert [bound for bound in bounds if f'"{bound}"' not in project] == []
    own = re.search(r"(?m)^dependencies = (.*)$", project)
    assert own is not None
    assert set(re.findall(r'"([^"]+)"', own[1])) <= set(bounds)


def test_the_pythons_are_the_same_for_users_wheels_and_tests() -> None:
    workflow = ROOT / ".github" / "workflows" / "tests.yml"
    if not workflow.is_file():
        pytest.skip("an sdist has no workflows")
    project, tests = (ROOT / "pyproject.toml").read_text(encoding="utf-8"), workflow.read_text(encoding="utf-8")
    classified = re.findall(r'"Programming Language :: Python :: 3\.(\d+)"', project)
    wheels = re.search(r'(?m)^build = "(.*)"$', project)
    matrix = re.search(r"(?m)^ +python: \[(.*)\]$", tests)
    assert wheels is not None
    assert matrix is not None
    assert f'requires-python = ">=3.{classified[0]}"' in project
    assert wheels[1] == " ".join(f"cp3{minor}-*" for minor in classified)
    assert matrix[1] == ", ".join(f'"3.{minor}"' for minor in classified)


@pytest.mark.parametrize("line", FROM_FOLDER, ids=["run", "test"])
def test_the_readme_installs_a_wheel_from_a_folder(line: str, tmp_path: Path) -> None:
    """Pip takes it with these options, also a release candidate; ``.ci/run`` installs a real one with libraries."""
    pytest.importorskip("pip")
    (tmp_path / "dist").mkdir()
    about = f"natsbin-{natsbin.__version__}.dist-info"
    with zipfile.ZipFile(tmp_path / "dist" / f"natsbin-{natsbin.__version__}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: natsbin\nVersion: {natsbin.__version__}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    _, *words = shlex.split(line.partition(" && ")[0])
    own = [word for word in words if word not in ("-q", "nats_bench==1.8")]
    alone = ("--dry-run", "--no-index", "--no-deps", "--ignore-installed")
    done = subprocess.run([sys.executable, *own, *alone], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f"Would install natsbin-{natsbin.__version__}" in done.stdout, done.stderr
