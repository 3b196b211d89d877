"""Specifications: what TOML says is what the dataclass holds, and what is wrong is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from natsbin.errors import QuestionError
from natsbin.search import Budget
from natsbin.sweep import AlgorithmSpec, Sweep, load_sweep

TEXT = """
seeds = 20
datasets = ["cifar10", "cifar100"]
hps = ["12", "200", 1]
algorithms = ["random", { name = "rea", label = "REA-20", population = 20 }]
[stores]
tss = "tss.h5"
sss = "s3://bucket/sss.h5"
[seconds]
cifar10 = 20000
cifar100 = 40000
"""


def test_toml_and_dataclass_agree(tmp_path: Path) -> None:
    path = tmp_path / "spec.toml"
    path.write_text(TEXT)
    sweep = load_sweep(path, block=5)
    assert sweep == Sweep(
        stores={"tss": str(tmp_path / "tss.h5"), "sss": "s3://bucket/sss.h5"},
        algorithms=(AlgorithmSpec("random"), AlgorithmSpec("rea", {"population": 20}, "REA-20")),
        datasets=("cifar10", "cifar100"),
        hps=("12", "200", "01"),
        seeds=20,
        block=5,
        seconds={"cifar10": 20000, "cifar100": 40000},
    )
    assert sweep.places == [("tss", "12"), ("tss", "200"), ("sss", "12"), ("sss", "01")]
    assert sweep.budget("cifar100") == Budget(seconds=40000.0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("seeds = 20", "seeds = 0", "seeds=0: expected a whole number of at least 1"),
        ("seeds = 20", "seed = 20", "no field 'seed' of a sweep: there are algorithms, block"),
        ("seeds = 20", "seeds = ", "spec.toml"),
        ('"cifar100"]', '"cifar101"]', "no dataset 'cifar101': there are cifar10, cifar100, ImageNet16-120"),
        ('"cifar100"]', '"ImageNet16-120"]', "no budget in seconds for ImageNet16-120: there are cifar10, cifar100"),
        ("cifar10 = 20000", "cifar10 = 0", "budget seconds=0: expected more than 0"),
        ("[seconds]\ncifar10 = 20000\ncifar100 = 40000", "", "a budget of nothing"),
        ('"200", 1', '"90", 17', "no hyper-parameters '17'"),
        ("cifar10 = 20000", 'cifar10 = "long"', "budget seconds='long': expected a number"),
        ("seeds = 20", 'seeds = 20\ntrajectories = "yes"', "trajectories='yes': expected true or false"),
        ("tss =", "tts =", "no space 'tts': there are tss, sss"),
        ('["random"', '["randon"', "no algorithm 'randon': expected one of random, rea"),
        ("population = 20", "size = 20", "no setting 'size': there are population, sample"),
        ('"REA-20"', '"random"', "each with a label of its own"),
        ('"REA-20"', '"../x"', "label '../x': expected letters"),
        ('["random", {', "[7, {", "algorithm 7: expected a name"),
        ('datasets = ["cifar10", "cifar100"]', 'datasets = "cifar10"', "datasets='cifar10': expected a list"),
    ],
)
def test_bad_specifications(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "spec.toml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(QuestionError, match=re.escape(words)):
        load_sweep(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="No such file"):
        load_sweep(tmp_path / "spec.toml")
