"""The same files from a Dask cluster, one of whose workers is killed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from natsbin.sweep import AlgorithmSpec, Sweep, run

distributed = pytest.importorskip("distributed", reason="Dask is an extra: pip install 'natsbin[dask]'")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # what Dask warns of is not ours


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as started:
            yield started


def test_the_same_files(
    small: Sweep, tmp_path: Path, cluster: Any, files_in: Callable[[Path], dict[str, bytes]]
) -> None:
    run(small, tmp_path / "dask", engine="dask", address=cluster.scheduler_address)
    run(small, tmp_path / "serial", engine="serial")
    assert files_in(tmp_path / "dask") == files_in(tmp_path / "serial")


def test_a_killed_worker(
    small: Sweep, tmp_path: Path, cluster: Any, files_in: Callable[[Path], dict[str, bytes]]
) -> None:
    dying = AlgorithmSpec("support.algorithms:Dying", {"folder": str(tmp_path), "spared": os.getpid()})
    sweep = replace(small, algorithms=(*small.algorithms, dying))
    run(sweep, tmp_path / "dask", engine="dask", address=cluster.scheduler_address)
    assert (tmp_path / "killed").exists()
    run(sweep, tmp_path / "serial", engine="serial")
    assert files_in(tmp_path / "dask") == files_in(tmp_path / "serial")
