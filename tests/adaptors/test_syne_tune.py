"""500 asynchronous trials through Syne Tune's simulator, at the times that natsbin says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.small_spaces import CHOICES

from natsbin.errors import QuestionError
from natsbin.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # its warnings are its own
syne_tune = pytest.importorskip("syne_tune")
pytest.importorskip("syne_tune.blackbox_repository", reason="its extra `blackbox-repository`", exc_type=ImportError)

from syne_tune.backend.simulator_backend.simulator_backend import SimulatorConfig  # noqa: E402
from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback  # noqa: E402
from syne_tune.blackbox_repository import BlackboxRepositoryBackend, UserBlackboxBackend, load_blackbox  # noqa: E402
from syne_tune.optimizer.baselines import ASHA, RandomSearch  # noqa: E402

from natsbin.adaptors.syne_tune import (  # noqa: E402
    ACCURACY,
    ELAPSED_TIME,
    EPOCH,
    ArchitectureBlackbox,
    register,
)


def run(backend: Any, scheduler: Any, trials: int, path: Path) -> Any:
    """The results of an experiment on four workers, without a wait."""
    callback = SimulatorCallback()
    tuner = syne_tune.Tuner(
        trial_backend=backend,
        scheduler=scheduler,
        stop_criterion=syne_tune.StoppingCriterion(max_num_trials_finished=trials),
        n_workers=4,
        sleep_time=0,
        callbacks=[callback],
        tuner_name=path.name,
        save_tuner=False,
        suffix_tuner_name=False,
    )
    tuner.tuner_path = path
    tuner.run()
    return callback.dataframe()


@pytest.fixture(scope="session")
def blackbox(sss: Store) -> ArchitectureBlackbox:
    return ArchitectureBlackbox(sss, hp="12", choices=CHOICES["sss"])


def test_the_blackbox_says_what_the_scalar_api_says(blackbox: ArchitectureBlackbox, sss: Store, said: Any) -> None:
    for index in sss.indexes.tolist()[::5]:
        configuration = {f"channels_{k}": int(c) for k, c in enumerate(sss.space.architectures[index].split(":"))}
        whole = blackbox(configuration)
        assert whole.shape == (12, 2)
        assert whole.tolist() == [list(said(index, epoch)) for epoch in range(12)]
        assert blackbox(configuration, fidelity={EPOCH: 3}) == dict(
            zip((ACCURACY, ELAPSED_TIME), said(index, 2), strict=True)
        )
    with pytest.raises(QuestionError, match="1 to 12"):
        blackbox(configuration, fidelity=13)


@pytest.mark.parametrize("kind", ["random", "asha"])
def test_500_asynchronous_trials(
    blackbox: ArchitectureBlackbox, said: Any, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path))
    space = blackbox.configuration_space
    if kind == "random":
        scheduler = RandomSearch(space, metrics=[ACCURACY], do_minimize=False, random_seed=1)
    else:
        scheduler = ASHA(space, metric=ACCURACY, time_attr=EPOCH, max_t=12, do_minimize=False, random_seed=1)
    backend = UserBlackboxBackend(
        blackbox=blackbox,
        elapsed_time_attr=ELAPSED_TIME,
        simulator_config=SimulatorConfig(0, 0, 0, 0, 0),
        tuner_sleep_time=1,
    )
    results = run(backend, scheduler, 500, tmp_path / kind)
    assert results["trial_id"].nunique() >= 500
    for row in results.to_dict("records"):
        index = blackbox.trainings.index({name: int(row[f"config_{name}"]) for name in space})
        assert (row[ACCURACY], row[ELAPSED_TIME]) == said(index, int(row[EPOCH]) - 1)
    if kind == "random":
        check_queue(results, blackbox)
    else:
        assert results.groupby("trial_id")[EPOCH].max().nunique() > 1  # some were stopped


def check_queue(results: Any, blackbox: ArchitectureBlackbox) -> None:
    """Whole trainings on four workers end when natsbin's own queue says, as seen once a second."""
    whole = results[results[EPOCH] == 12].sort_values("trial_id")
    finished, _ = blackbox.trainings.batch.queue(whole[ELAPSED_TIME].to_numpy(), 4)
    np.testing.assert_allclose(whole["st_tuner_time"].to_numpy(), finished, rtol=0.05)


def test_it_is_found_by_its_name(sss: Store, said: Any) -> None:
    register("natsbin-small-sizes", sss, hp="12")
    assert set(load_blackbox("natsbin-small-sizes")) == {"cifar10", "cifar100", "ImageNet16-120"}
    backend = BlackboxRepositoryBackend("natsbin-small-sizes", ELAPSED_TIME, dataset="cifar10")
    found = backend.config_objectives({f"channels_{k}": 64 for k in range(5)}, seed=None)
    index = backend.blackbox.trainings.index({f"channels_{k}": 64 for k in range(5)})
    assert [(row[ACCURACY], row[ELAPSED_TIME]) for row in found] == [said(index, epoch) for epoch in range(12)]
    with pytest.raises(QuestionError, match="no dataset with such trainings"):
        register("none", sss, hp="200")
    assert json.dumps(sorted(found[0])) == '["accuracy", "elapsed_time", "epoch"]'
