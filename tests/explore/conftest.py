"""Small but whole search spaces for the explorer, and the site of both."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from support.made import Made
from support.small_spaces import small_space

from natsbin.store import Store

MISSING = [name for name in ("starlette", "uvicorn", "pyarrow", "scipy") if importlib.util.find_spec(name) is None]
OTHERS = [path.name for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_extra.py"]
collect_ignore = OTHERS if MISSING else []


@pytest.fixture(scope="session")
def tss(made: Made) -> Store:
    return small_space(made, "tss")


@pytest.fixture(scope="session")
def sss(made: Made) -> Store:
    return small_space(made, "sss")


@pytest.fixture(scope="session")
def site(tss: Store, sss: Store) -> Any:
    from natsbin.explore import make_site

    return make_site([tss, sss], parquet=True)
