"""A Ray Tune study with ASHA, each report of which the scalar API gives too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.small_spaces import CHOICES

from natsbin.adaptors.configurations import index_of
from natsbin.errors import QuestionError
from natsbin.spaces import SSS
from natsbin.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # its warnings are its own
ray = pytest.importorskip("ray")
tune = pytest.importorskip("ray.tune", exc_type=ImportError)

from natsbin.adaptors.ray_tune import ArchitectureTrainable, search_space  # noqa: E402


@pytest.fixture
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()


@pytest.mark.usefixtures("cluster")
def test_a_study(sss: Store, said: Any, tmp_path: Path) -> None:
    scheduler = tune.schedulers.ASHAScheduler(metric="accuracy", mode="max", max_t=12, grace_period=2)
    tuner = tune.Tuner(
        tune.with_parameters(ArchitectureTrainable, store=str(sss.path.absolute()), dataset="cifar10", hp="12"),
        param_space=search_space("sss", CHOICES["sss"]),
        tune_config=tune.TuneConfig(
            num_samples=8, scheduler=scheduler, max_concurrent_trials=2, search_alg=None, trial_name_creator=None
        ),
        run_config=tune.RunConfig(storage_path=str(tmp_path), verbose=0),
    )
    results = tuner.fit()
    assert len(results) == 8
    assert not results.errors
    for result in results:
        index, epochs = index_of(SSS, result.config), result.metrics["training_iteration"]
        reported = result.metrics_dataframe
        assert result.metrics["architecture"] == index
        assert [tuple(row) for row in reported[["accuracy", "elapsed_time"]].to_numpy().tolist()] == [
            said(index, epoch) for epoch in range(epochs)
        ]
        assert result.metrics["time_total_s"] == pytest.approx(result.metrics["elapsed_time"])


def test_it_pauses_and_resumes(sss: Store, said: Any) -> None:
    configuration = {f"channels_{layer}": 64 for layer in range(5)}
    kind = tune.with_parameters(ArchitectureTrainable, store=str(sss.path), hp="12")
    one, other = kind(configuration), kind(configuration)
    for _ in range(3):
        one.step()
    other.load_checkpoint(one.save_checkpoint(""))
    index = index_of(SSS, configuration)
    assert other.step()["accuracy"] == said(index, 3)[0]
    with pytest.raises(QuestionError, match="with_parameters"):
        ArchitectureTrainable(configuration)
