"""Batches over the genuine samples equal nats_bench itself, and the page's example runs."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import nats_bench
import numpy as np
import pytest
from support.batches import Case, answer, bits, make_case
from support.paths import DOCS

DATASETS = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")
PAGE = DOCS / "batch.md"


def check(found: dict[str, Any], expected: list[dict[str, Any] | None]) -> None:
    for name, values in found.items():
        if not isinstance(values, str):
            assert [bits(value) for value in values] == [bits((one or {}).get(name)) for one in expected], name


def test_genuine_samples_answer_as_nats_bench(genuine: tuple[str, Path], tmp_path: Path) -> None:
    name, folder = genuine
    case = Case(folder, name, wild=False, path=tmp_path / "genuine.h5")
    original: Any = nats_bench.create(str(folder), name, fast_mode=True, verbose=False)
    rng = random.Random(0)
    for hp in case.store.hps:
        for dataset in DATASETS:
            index = rng.choices(case.indexes, k=4)
            epoch = [case.space.epochs[hp] - 1, 0, *rng.choices(range(case.space.epochs[hp]), k=2)]
            pairs = list(zip(index, epoch, strict=True))
            for chosen in (False, 777):
                asked = [
                    answer(lambda i=i, e=e, c=chosen, hp=hp, d=dataset: original.get_more_info(i, d, e, hp, c))
                    for i, e in pairs
                ]
                check(case.batch.get_more_info(index, dataset, epoch, hp, chosen), asked)
            costs = [answer(lambda i=i, hp=hp, d=dataset: original.get_cost_info(i, d, hp)) for i in index]
            check(case.batch.get_cost_info(index, dataset, hp), costs)
            if dataset != "cifar10-valid":
                random.seed(6)
                trained = [
                    answer(lambda i=i, e=e, hp=hp, d=dataset: original.simulate_train_eval(i, d, e, hp))
                    for i, e in pairs
                ]
                random.seed(6)
                found = case.batch.simulate_train_eval(index, dataset, epoch, hp)
                for place, one in enumerate(trained):
                    assert [bits(values[place]) for values in found] == [bits(value) for value in one or ()]


def test_the_example_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(tmp_path, "tss")
    monkeypatch.chdir(tmp_path)
    example = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None
    names: dict[str, Any] = {"archs": np.array(case.indexes), "epochs": np.zeros(len(case.indexes), np.int64)}
    exec(example.group(1), names)
    assert names["info"]["train-loss"].shape == (2, 3)
    assert names["clock"][-1] == names["api"].used_time
    assert set(names["front"]) <= set(case.indexes)
