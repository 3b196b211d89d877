"""Where things lie: the checkout, its documents and tools, and the genuine samples; and how programs are run.

The samples are looked for in ``$NATSBIN_SAMPLES``, beside the project in ``shared/natsbench``, and in a clone of the
original's public repository beside the project.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS, TOOLS, GOLDEN = ROOT / "docs", ROOT / "tools", ROOT / "tests" / "golden"
SAMPLE_NAMES = {"tss": "NATS-tss-v1_0-3ffb9-simple", "sss": "NATS-sss-v1_0-50262-simple"}


def _find_samples() -> Path:
    given = os.environ.get("NATSBIN_SAMPLES")
    beside = [ROOT.parent / "shared" / "natsbench", ROOT.parent / "NATS-Bench" / "fake_torch_dir"]
    places = [Path(given)] if given else beside
    return next((place for place in places if place.is_dir()), places[0])


SAMPLES = _find_samples()
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"the genuine samples are not in {SAMPLES}; NATSBIN_SAMPLES may say where they are"
)


def load_tool(name: str) -> Any:
    """A module of ``tools``, which find each other beside themselves."""
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    return importlib.import_module(name)


def run_python(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    """Run a program in an interpreter of its own, in which warnings are errors; it may fail."""
    command = [sys.executable, "-W", "error", "-c", code, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
