"""A sweep over a store of NAS-Bench-201 gives what its own API answers."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import natsbin
from natsbin.archive.torch_file import END, HEAD
from natsbin.spaces import TSS
from natsbin.sweep import AlgorithmSpec, Sweep, run
from natsbin.sweep.parts import read_parts
from natsbin.synthetic.nas_bench_201 import make_infos

INDEXES = range(0, len(TSS), 70)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nas_bench_201")
    generated = [pickle.dumps(make_infos(index)) for index in (1, 2)]
    infos = {}
    for index in INDEXES:
        infos[index] = one = pickle.loads(generated[index % 2])
        for state in one.values():
            state["arch_index"], state["arch_str"] = index, TSS.architectures[index]
            for trial in state["all_results"].values():
                trial["arch_config"]["arch_str"] = state["arch_str"]
    value = {"meta_archs": TSS.architectures, "arch2infos": infos, "evaluated_indexes": list(INDEXES)}
    path = folder / "made.pth"
    path.write_bytes(HEAD + pickle.dumps(value, 2) + END)
    return natsbin.convert(path, folder / "made.h5")


def test_runs(store: Path, tmp_path: Path) -> None:
    algorithms = (AlgorithmSpec("random"), AlgorithmSpec("rea"))
    run(
        Sweep(stores={"tss": str(store)}, algorithms=algorithms, datasets=("cifar100",), trainings=60, seeds=8),
        tmp_path,
        engine="serial",
    )
    api = natsbin.NASBench201API(str(store), verbose=False)
    rows = [row for row in read_parts(tmp_path, "runs").to_pylist() if row["accuracy"] > 0]
    assert len(rows) > 5
    for row in rows:
        index = row["index"]
        assert index in INDEXES
        # nas_201_api takes numpy's mean, a sweep Python's sum, which rounds otherwise from Python 3.12 on
        test = api.get_more_info(index, "cifar100", None, "200", False)["test-accuracy"]
        assert row["test"] == pytest.approx(test, rel=1e-15, abs=0)
        assert row["accuracy"] == api.get_more_info(index, "cifar100", None, "12", False)["valid-accuracy"]
