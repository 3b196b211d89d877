"""Shared by all tests: deterministic hypothesis, what is generated once, and the genuine samples where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.made import Made
from support.paths import SAMPLE_NAMES, SAMPLES, needs_samples

from natsbin.spaces import SPACES, SearchSpace

# torch, which is imported later, takes one thread: xdist's workers share the cores, and waiting threads burn them
os.environ.setdefault("OMP_NUM_THREADS", "1")

# fixtures of one test may serve all its examples: none changes what it is given
settings.register_profile(
    "natsbin",
    derandomize=True,
    deadline=None,
    max_examples=50,
    print_blob=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("natsbin")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Generated archives and their stores, each made once; not to be changed."""
    return Made(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session", params=["tss", "sss"])
def space(request: pytest.FixtureRequest) -> SearchSpace:
    return SPACES[request.param]


@pytest.fixture(scope="session", params=[pytest.param(name, marks=needs_samples) for name in SAMPLE_NAMES])
def genuine(request: pytest.FixtureRequest) -> tuple[str, Path]:
    """A space's name and the folder of its genuine samples."""
    return request.param, SAMPLES / SAMPLE_NAMES[request.param]
