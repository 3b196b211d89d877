"""A small sweep over small stores of both spaces."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.searches import sparse_store

MISSING = [
    name
    for name in ("pyarrow", "joblib", "pandas", "matplotlib", "jinja2", "scipy", "fsspec")
    if importlib.util.find_spec(name) is None
]
OTHERS = [path.name for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_extra.py"]
collect_ignore = OTHERS if MISSING else []
if not MISSING:
    from natsbin.sweep import AlgorithmSpec, Sweep

SMALL: dict[str, Any] = {"datasets": ("cifar10", "cifar100"), "trainings": 30, "seeds": 7, "block": 3, "times": 5}


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("stores")
    return {space: str(sparse_store(folder / f"{space}.h5", space)) for space in ("tss", "sss")}


@pytest.fixture
def small(stores: dict[str, str]) -> Sweep:
    algorithms = tuple(AlgorithmSpec(name) for name in ("random", "rea", "bohb", "rea-script"))
    return Sweep(stores=stores, algorithms=algorithms, **SMALL)


def content(folder: Path) -> dict[str, bytes]:
    """What a sweep wrote: all files but the lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def files_in() -> Callable[[Path], dict[str, bytes]]:
    return content
