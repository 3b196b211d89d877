"""Small stores for the explorer, and the site of both."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path
from typing import Any

import pytest
from support.made import Made

from natsbin import encodings
from natsbin.spaces import SPACES
from natsbin.store import Store, open_store

MISSING = [name for name in ("starlette", "uvicorn", "pyarrow", "scipy") if importlib.util.find_spec(name) is None]
OTHERS = [path.name for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_extra.py"]
collect_ignore = OTHERS if MISSING else []


@pytest.fixture(scope="session")
def tss(made: Made) -> Store:
    return few(made, "tss")


@pytest.fixture(scope="session")
def sss(made: Made) -> Store:
    return few(made, "sss")


def few(made: Made, name: str) -> Store:
    """A store of architectures that are neighbours of each other, irregular ones among them."""
    space = SPACES[name]
    rows = [(*first, *[2] * (space.digits - 3)) for first in itertools.product((1, 3), repeat=3)]
    return open_store(made.store(space, sorted(encodings.from_digits(space, rows).tolist())))


@pytest.fixture(scope="session")
def site(tss: Store, sss: Store) -> Any:
    from natsbin.explore import make_site

    return make_site([tss, sss], parquet=True)
