"""Says why the tests of sweeps are left out where what they need is not installed."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("name", ["pyarrow", "joblib", "pandas", "matplotlib", "jinja2", "scipy", "fsspec"])
def test_the_extra_is_installed(name: str) -> None:
    pytest.importorskip(name, reason=f"{name} is not installed, so tests/sweep is left out: pip install natsbin[sweep]")
