"""Small stores of both spaces."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.searches import sparse_store

from natsbin.store import Store, open_store


@pytest.fixture(scope="session", params=["tss", "sss"])
def sparse(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    path: Path = tmp_path_factory.mktemp("stores") / f"{request.param}.h5"
    return open_store(sparse_store(path, request.param))
