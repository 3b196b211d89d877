"""``Batch.points`` is one column of ``get_more_info``, alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from natsbin import Batch
from natsbin.roads.convert import convert
from natsbin.spaces import SPACES
from natsbin.store import open_store
from natsbin.synthetic import make_archive


@pytest.mark.parametrize(("space", "hp"), [("tss", "200"), ("sss", "12")])
def test_points_are_those_of_get_more_info(tmp_path: Path, space: str, hp: str) -> None:
    make_archive(tmp_path / "archive", SPACES[space], range(24), seed=5, jobs=1)
    batch = Batch(open_store(convert(tmp_path / "archive", tmp_path / "store.h5", jobs=1)))
    random = np.random.default_rng(1)
    epochs = SPACES[space].epochs[hp]
    archs, at = random.integers(24, size=(300, 1)), random.integers(epochs, size=300)
    seeds = random.choice([777, 888, 999], 300)
    for dataset, label, setname in (("cifar10-valid", "valid", "x-valid"), ("cifar100", "valtest", "ori-test")):
        for chosen in (False, seeds):
            info = batch.get_more_info(archs, dataset, iepoch=at, hp=hp, is_random=chosen)
            for quantity, name in (("accuracy", "accuracy"), ("loss", "loss"), ("all_time", "all-time")):
                found = batch.points(archs, dataset, setname, quantity, iepoch=at, hp=hp, is_random=chosen)
                assert found.shape == (300, 300)
                there = ~np.isnan(info[f"{label}-accuracy"])
                np.testing.assert_array_equal(found[there], info[f"{label}-{name}"][there])
