"""Shared by all tests: deterministic hypothesis, and the genuine samples where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from support.paths import SAMPLE_NAMES, SAMPLES

settings.register_profile("natsbin", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("natsbin")


@pytest.fixture(scope="session", params=["tss", "sss"])
def genuine(request: pytest.FixtureRequest) -> tuple[str, Path]:
    """A space's name and the folder of its genuine samples."""
    folder = SAMPLES / SAMPLE_NAMES[request.param]
    if not folder.is_dir():
        pytest.skip(f"the genuine samples are not here: {folder}")
    return request.param, folder
