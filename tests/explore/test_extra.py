"""What is missing is named with what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("library", ["starlette", "uvicorn", "pyarrow", "scipy"])
def test_absence_says_what_to_install(library: str) -> None:
    code = f"import sys\nsys.modules[{library!r}] = None\nimport natsbin.explore"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.strip().splitlines()[-1].endswith("pip install 'natsbin[explore]'")


def test_the_command_says_so_too() -> None:
    code = "import sys\nsys.modules['starlette'] = None\nfrom natsbin.cli import main\nmain(['explore', 'x.h5'])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "pip install 'natsbin[explore]'" in result.stderr


def test_the_command_imports_none_of_them_before() -> None:
    code = "import sys, natsbin.cli.explore; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"starlette", "uvicorn", "pyarrow", "scipy"}.isdisjoint(result.stdout.split())
