"""An optional library that is not installed is named with what to install; none is imported before its time."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.paths import ROOT

EXTRAS = {
    "natsbin.frames": ("pyarrow", "pandas"),
    "natsbin.sweep": ("pyarrow", "sweep"),
    "natsbin.sweep.report": ("jinja2", "sweep"),
    "natsbin.torch": ("torch", "torch"),
    "natsbin.plot": ("matplotlib", "plot"),
    "natsbin.adaptors.xarray": ("xarray", "xarray"),
    "natsbin.adaptors.optuna": ("optuna", "optuna"),
    "natsbin.adaptors.configspace": ("ConfigSpace", "configspace"),
    "natsbin.adaptors.pymoo": ("pymoo", "pymoo"),
    "natsbin.adaptors.syne_tune": ("syne_tune", "syne-tune"),
    "natsbin.adaptors.ray_tune": ("ray", "ray-tune"),
    "natsbin.adaptors.nevergrad": ("nevergrad", "nevergrad"),
}


@pytest.mark.parametrize("module", EXTRAS)
def test_absence_says_what_to_install(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library, extra = EXTRAS[module]
    code = f"import sys\nsys.modules[{library!r}] = None\nimport {module}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: {module} needs ")
    assert last.endswith(f"pip install 'natsbin[{extra}]'")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib is of Python 3.11")
def test_all_is_every_extra_of_users() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    named = set(everything.removeprefix("natsbin[").removesuffix("]").split(","))
    assert named == {name for name in extras if name not in ("all", "docs", "release") and not name.startswith("test")}
    assert named >= {extra for _, extra in EXTRAS.values()}


def test_natsbin_imports_none_of_them() -> None:
    code = "import sys, natsbin, natsbin.encodings, natsbin.cli.table, natsbin.cli.plot; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in result.stdout.split()}
    assert loaded.isdisjoint(library for library, _ in EXTRAS.values())


def test_importing_natsbin_loads_no_numpy() -> None:
    code = "import sys, natsbin; print('numpy' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
