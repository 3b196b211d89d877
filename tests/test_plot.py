"""What plots draw is what the batch answers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import runner
from support.made import Made
from support.paths import DOCS
from support.small_spaces import small_space

import natsbin
from natsbin.cli import main
from natsbin.errors import QuestionError
from natsbin.store import Store

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("scipy")
matplotlib.use("agg")

from matplotlib import pyplot as plt  # noqa: E402

from natsbin import plot  # noqa: E402


@pytest.fixture(scope="session", params=["tss", "sss"])
def store(request: pytest.FixtureRequest, made: Made) -> Store:
    return small_space(made, request.param)


@pytest.fixture(autouse=True)
def closing() -> Iterator[None]:
    yield
    plt.close("all")


def batch_of(store: Store) -> Any:
    return natsbin.create(store, store.space.name, fast_mode=True, verbose=False).batch


def test_curves_with_their_spread(store: Store) -> None:
    two = store.indexes[:2].tolist()
    ax = plot.curves(store, two, hp="12")
    expected = batch_of(store).curves(two, "cifar10-valid", "x-valid", "accuracy", "12")
    for line, curve in zip(ax.lines, expected, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), curve)
        assert line.get_xdata().tolist() == list(range(1, 13))
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    seeds = np.unique(store.table("12", "cifar10-valid").seed)
    each = batch_of(store).curves(two[0], "cifar10-valid", "x-valid", "accuracy", "12", seeds)
    assert (band.min(), band.max()) == (each.min(), each.max())
    assert ax.get_ylabel() == "x-valid accuracy (%)"


def test_only_evaluated_epochs_are_drawn(store: Store) -> None:
    hp = store.hps[-1]
    ax = plot.curves(store, store.indexes[:1], "cifar100", "x-test", hp=hp, ax=plt.subplots()[1])
    curve = batch_of(store).curves(store.indexes[0], "cifar100", "x-test", "accuracy", hp)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), curve[~np.isnan(curve)])


@pytest.mark.parametrize("cost", ["flops", "params", "latency"])
def test_a_tradeoff_has_every_architecture_and_the_front(store: Store, cost: str) -> None:
    batch = batch_of(store)
    ax = plot.tradeoff(store, cost, hp="12")
    accuracy = batch.column("cifar10-valid", "x-valid", "accuracy", "12")[store.indexes]
    costs = batch.get_cost_info(store.indexes, "cifar10-valid", "12")[cost]
    drawn = {tuple(point) for point in ax.collections[0].get_offsets().tolist()}
    everything = set(zip(costs.tolist(), accuracy.tolist(), strict=True))
    assert drawn == everything
    front = {(c, a) for c, a in everything if not any(x <= c and y >= a and (x, y) != (c, a) for x, y in everything)}
    assert {tuple(point) for point in ax.lines[0].get_xydata().tolist()} == front


def naive_tau(one: Any, other: Any) -> float:
    pairs = [(np.sign(a - b), np.sign(c - d)) for (a, c), (b, d) in itertools.combinations(zip(one, other), 2)]  # noqa: B905
    ties = [sum(1 for pair in pairs if pair[k] == 0) for k in (0, 1)]
    n = len(pairs)
    return float(sum(x * y for x, y in pairs) / np.sqrt((n - ties[0]) * (n - ties[1])))


def test_correlations(store: Store) -> None:
    columns = [
        {"dataset": "cifar10", "setname": "ori-test", "hp": "12"},
        {"dataset": "cifar100", "setname": "x-valid", "hp": "12", "iepoch": 4},
    ]
    matrix = plot.correlation(store, columns).images[0].get_array()
    values = [batch_of(store).column(**column)[store.indexes].tolist() for column in columns]
    np.testing.assert_allclose(matrix, [[1, naive_tau(*values)], [naive_tau(*values), 1]])
    assert plot.correlation(store).images[0].get_array().shape == (len(store.keys),) * 2


def test_the_distribution_by_operation(store: Store) -> None:
    place = "op_0_3" if store.space.name == "tss" else "channels_3"
    ax = plot.operations(store, hp="12", place=place)
    names = [label.get_text() for label in ax.get_xticklabels()]
    assert names == (["skip_connect", "nor_conv_3x3"] if store.space.name == "tss" else ["8", "64"])
    accuracy = batch_of(store).column("cifar10-valid", "x-valid", "accuracy", "12")[store.indexes]
    digits = [store.space.parse(store.meta_archs[index])[3] for index in store.indexes.tolist()]
    medians = [np.median(accuracy[np.array(digits) == digit]) for digit in sorted(set(digits))]
    drawn = [line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1 and line.get_color() == "C1"]
    assert drawn == medians


def test_the_gallery_shows_every_plot_and_every_figure_is_drawn_there() -> None:
    page = (DOCS / "gallery.md").read_text()
    assert [name for name in plot.__all__ if f"plot.{name}(" not in page] == []
    drawn = set(re.findall(r"<!-- figure (\w+) -->", page))
    assert drawn == {path.stem for path in (DOCS / "gallery").iterdir()}
    assert drawn == set(re.findall(r"\(gallery/(\w+)\.png\)", page))


def test_trajectories() -> None:
    ax = plot.trajectories([[1, 2, 3], [1, 1.5, 4]], [[5, 6, 9], [1, 8, 8]], label="two", grid=7)
    assert ax.lines[0].get_xdata().tolist() == [1, 1.5, 2, 2.5, 3, 3.5, 4]
    assert ax.lines[0].get_ydata().tolist() == [3, 6.5, 7, 7, 8.5, 8.5, 8.5]
    with pytest.raises(QuestionError, match="ascending"):
        plot.trajectories([2, 1], [1, 1])


def test_architectures_are_drawn(store: Store) -> None:
    index = int(store.indexes[5])
    ax = plot.architecture(store.space, index)
    if store.space.name == "sss":
        assert [bar.get_height() for bar in ax.patches] == [int(c) for c in store.meta_archs[index].split(":")]
    else:
        texts = [text.get_text() for text in ax.texts if text.get_text()]
        named = [word.partition("~")[0] for word in store.meta_archs[index].split("|") if "~" in word]
        assert sorted(texts) == sorted([*named, "in", "1", "2", "out"])


@pytest.mark.parametrize(
    ("words", "suffix"),
    [
        (["curves", "{0}", "{1}", "--hp", "12", "--set", "train"], "png"),
        (["architecture", "{0}"], "svg"),
        (["correlation"], "pdf"),
        (["tradeoff", "--cost", "latency", "--dataset", "cifar100", "--set", "test"], "png"),
        (["operations", "--hp", "12"], "svg"),
    ],
)
def test_the_command_writes_a_figure(store: Store, tmp_path: Path, words: list[str], suffix: str) -> None:
    out = tmp_path / f"figure.{suffix}"
    words = [word.format(*store.indexes) for word in words]
    result = runner().invoke(main, ["plot", str(store.path), *words, "-o", str(out)])
    assert result.exit_code == 0, result.output
    head = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert out.read_bytes().startswith(head)
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["curves"], 2, "expected indexes"),
        (["correlation", "1"], 2, "none for other kinds"),
        (["tradeoff", "--place", "op_0_1"], 2, "tradeoff takes no place"),
        (["operations", "--place", "op_9_9"], 1, "expected one of"),
        (["curves", "999999"], 1, "999999"),
        (["correlation", "-o", "figure.xyz"], 1, "figure.xyz"),
    ],
)
def test_the_command_refuses(store: Store, tmp_path: Path, words: list[str], code: int, says: str) -> None:
    words = [str(tmp_path / word) if word == "figure.xyz" else word for word in words]
    output = [] if "-o" in words else ["-o", str(tmp_path / "figure.png")]
    result = runner().invoke(main, ["plot", str(store.path), *words, *output])
    assert result.exit_code == code, result.output
    assert says in result.stderr.replace("\n", " ")
    assert list(tmp_path.iterdir()) == []
