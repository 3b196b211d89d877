"""The stores that all tests of batches ask."""

from __future__ import annotations

import pytest
from support.batches import Case, make_case
from support.made import Made


@pytest.fixture(scope="session", params=["tss", "sss", "tss wild", "sss wild"])
def case(request: pytest.FixtureRequest, made: Made) -> Case:
    """A store of each space, generated, and one of varied records."""
    return make_case(made, request.param)


@pytest.fixture(scope="session", params=["tss", "sss"])
def regular(request: pytest.FixtureRequest, made: Made) -> Case:
    """A store of each space, generated."""
    return make_case(made, request.param)
