"""Programs written from the documented use of ``nas_201_api`` run unedited, and print the same with natsbin."""

from __future__ import annotations

import collections
import contextlib
import importlib
import io
import runpy
import sys
import typing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.paths import run_python

import natsbin
from natsbin.compat.alias import AliasError, install_as_nas_201_api
from natsbin.synthetic.nas_bench_201 import make_nas_bench_201

torch = pytest.importorskip("torch")
PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_nas_bench_201(tmp_path_factory.mktemp("programs") / "made.pth", range(8))


def forget_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if one.partition(".")[0] == "nas_201_api"]:
        monkeypatch.delitem(sys.modules, name)


def run(program: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    printed = io.StringIO()
    monkeypatch.setattr(sys, "argv", [program.name, str(file)])
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(program), run_name="__main__")
    return printed.getvalue()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.stem)
def test_program(program: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(PROGRAMS) == 8
    load = torch.load
    with monkeypatch.context() as theirs:
        # the original asks for no more than torch 1.x needed
        theirs.setattr(torch, "load", lambda *args, **kwargs: load(*args, **kwargs, weights_only=False))
        expected = run(program, file, theirs)
    with monkeypatch.context() as ours:
        forget_modules(ours)
        install_as_nas_201_api()
        found = run(program, file, ours)
        forget_modules(ours)
    assert found == expected
    assert found


def names_in(module: Any) -> set[str]:
    """The names of a module, but for modules, and what it imports for itself."""
    imported = {*dir(typing), *dir(collections), "Path", "test_api", "annotations"}
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name not in imported
    }


@pytest.mark.parametrize("name", ["", ".api_201", ".api_utils"])
def test_every_name_of_the_original_is_there(name: str) -> None:
    theirs, ours = importlib.import_module(f"nas_201_api{name}"), importlib.import_module(f"natsbin.compat201{name}")
    assert names_in(ours) == names_in(theirs)
    for kind in ("NASBench201API", "ArchResults", "ResultsCount"):
        if hasattr(theirs, kind):
            public = {one for one in dir(getattr(theirs, kind)) if not one.startswith("_")}
            assert public <= set(dir(getattr(ours, kind)))


def test_the_name_that_is_taken() -> None:
    importlib.import_module("nas_201_api")
    with pytest.raises(AliasError, match="install_as_nas_201_api"):
        install_as_nas_201_api()


def test_natsbin_run_offers_both(file: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import subprocess, sys, nas_201_api, nats_bench\n"
        "from nas_201_api.api_utils import ArchResults\n"
        "assert nas_201_api.__file__.endswith('compat201/__init__.py'), nas_201_api.__file__\n"
        "assert 'compat' in nats_bench.__file__ and 'torch' not in sys.modules\n"
        "if len(sys.argv) > 1:\n"
        "    print(nas_201_api.NASBench201API(sys.argv[1], verbose=False).get_latency(1, 'cifar10'))\n"
        "    subprocess.run([sys.executable, __file__], check=True)\n"
    )
    done = run_python(f"from natsbin.cli import main; main(['run', {str(program)!r}, {str(file)!r}])")
    assert done.returncode == 0, done.stderr
    expected = natsbin.NASBench201API(str(file), verbose=False).get_latency(1, "cifar10")
    assert done.stdout.split() == [str(expected)]
