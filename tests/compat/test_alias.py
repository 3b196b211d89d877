"""``install_as_nats_bench``, the helper functions, and an import that stays light; each in a process of its own."""

from __future__ import annotations

import importlib
import typing
from pathlib import Path
from types import ModuleType
from typing import Any

import nats_bench.api_utils as theirs
import pytest
from support import oracle
from support.paths import run_python

import natsbin
from natsbin.compat import api_utils as ours

MODULES = (
    "nats_bench",
    *(f"nats_bench.{name}" for name in ("api_size", "api_topology", "api_utils", "genotype_utils")),
)


def counterpart(module: str) -> Any:
    return importlib.import_module(module.replace("nats_bench", "natsbin.compat"))


def run(program: str) -> str:
    done = run_python(program)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def names_in(module: Any) -> set[str]:
    """The names of a module, but for modules and what it imports from ``typing``."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and not hasattr(typing, name)
    }


@pytest.mark.parametrize("module", MODULES)
def test_every_name_of_the_original_is_there(module: str) -> None:
    assert names_in(counterpart(module)) == names_in(importlib.import_module(module))


def test_a_changed_import_line_finds_the_same_names() -> None:
    for module in MODULES:
        if module.endswith(("nats_bench", "_utils")):
            same, names = importlib.import_module(module.replace("nats_bench", "natsbin")), counterpart(module)
            assert all(getattr(same, name) is getattr(names, name) for name in names_in(names))
    for name in natsbin.__all__:
        assert getattr(natsbin, name) is not None
    assert natsbin.convert is importlib.import_module("natsbin.roads.convert").convert


def test_programs_get_natsbin_under_the_other_name() -> None:
    program = """
import natsbin
natsbin.install_as_nats_bench()
natsbin.install_as_nats_bench()
import importlib.util
import nats_bench
import nats_bench.api_size
from nats_bench import create, api_utils, NATStopology
from nats_bench.api_topology import NATStopology as same
from nats_bench.genotype_utils import topology_str2structure
assert create is natsbin.create and NATStopology is same is natsbin.NATStopology
assert nats_bench.api_utils is api_utils and api_utils.ResultsCount is natsbin.ResultsCount
assert importlib.util.find_spec("nats_bench").name == "nats_bench"
print(topology_str2structure("|none~0|"), nats_bench.version())
"""
    assert run(program) == "TopologyStructure(2 nodes with |none~0|) v1.8"


def test_the_name_is_not_taken_from_the_original() -> None:
    with pytest.raises(ImportError, match=r"nats_bench is imported already, from .*nats_bench"):
        natsbin.install_as_nats_bench()


def test_import_is_light() -> None:
    heavy = run(
        "import sys, natsbin; print([m for m in ('numpy', 'h5py', 'torch', 'rich', 'click') if m in sys.modules])"
    )
    assert heavy == "[]"
    assert run("import natsbin; print(sorted(set(natsbin.__all__) - set(dir(natsbin))))") == "[]"
    assert run("from natsbin import *; print(create.__name__, NATSsize.__name__)") == "create NATSsize"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        natsbin.nothing  # noqa: B018


def test_the_stub_names_the_whole_front() -> None:
    stub = Path(natsbin.__file__).with_suffix(".pyi").read_text()
    assert len(natsbin.__all__) == len(set(natsbin.__all__)) == stub.count(" import ")
    assert {"Batch", "NatsbinError", "convert", "create", "export", "open_store", "verify"} <= set(natsbin.__all__)


def agree(question: Any) -> None:
    oracle.agree(question, theirs, ours)


def test_sets_are_renamed_alike() -> None:
    for dataset in ("cifar10", "cifar10-valid", "cifar100", "ImageNet16-120", "CIFAR10", "x"):
        for name in ("train", "valid", "x-valid", "test", "x-test", "ori-test", "x"):
            for verbose in (False, True):
                agree(lambda m, a=(dataset, name, verbose): m.remap_dataset_set_names(*a))


@pytest.mark.parametrize("home", [{"TORCH_HOME": "/a/b"}, {"HOME": "/h"}, {}, {"TORCH_HOME": ""}], ids=str)
def test_torch_home(home: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TORCH_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    agree(lambda m: m.get_torch_home())


def test_file_systems(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for lib in ("default", "google", "other", "default"):
        agree(lambda m, lib=lib: m.reset_file_system(lib))
        agree(lambda m: m.get_file_system())
        for path in (tmp_path, tmp_path / "file", tmp_path / "nowhere"):
            agree(lambda m, path=path: (m.nats_is_dir(str(path)), m.nats_is_file(path)))


def test_pickles(tmp_path: Path) -> None:
    for number, (path, kwargs) in enumerate(
        [("a", {}), ("b.pbz2", {}), ("c.pickle", {}), ("d", {"ext": ".x"}), ("e", {"ext": ".x", "protocol": 2})]
    ):
        names = []
        for module in (theirs, ours):
            folder = tmp_path / f"{number}{module.__name__}"
            folder.mkdir()
            module.pickle_save({"x": (1, None)}, folder / path, **kwargs)
            names.append(sorted(file.name for file in folder.iterdir()))
            ext = kwargs.get("ext", ".pbz2")
            for reader in (theirs, ours):
                assert reader.pickle_load(folder / path, ext) == {"x": (1, None)}
                assert reader.pickle_load(folder / names[-1][0]) == {"x": (1, None)}
        assert names[0] == names[1]
    for wrong in (tmp_path / "nowhere", tmp_path):
        agree(lambda m, wrong=wrong: m.pickle_load(wrong))
    agree(lambda m: m.pickle_save(1, "/nowhere/x"))


def test_means_and_clocks() -> None:
    for values in ([], [1, 2], (1, 2), [0.1] * 3, [1e16, 1.0, -1e16], 5):
        agree(lambda m, values=values: m.mean(values))
    agree(lambda m: print(m.time_string()))
