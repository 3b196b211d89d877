"""Plots of values: learning curves, accuracy against costs, rank correlations, operations, trajectories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt

from natsbin._util.correlation import kendall_tau
from natsbin.adaptors.configurations import choices_of, place_names
from natsbin.adaptors.opening import chosen_architectures, chosen_hp, open_batch, store_digits
from natsbin.api.utils import remap_dataset_set_names
from natsbin.errors import QuestionError
from natsbin.store import Store

UNITS = {"accuracy": "%", "loss": "", "cur_time": "s", "all_time": "s", "flops": "M", "params": "M", "latency": "s"}
COSTS = ("flops", "params", "latency")


def curves(
    store: Store | str | Path,
    architectures: Any,
    dataset: str = "cifar10-valid",
    setname: str = "x-valid",
    quantity: str = "accuracy",
    *,
    hp: str | int | None = None,
    ax: Any = None,
) -> Any:
    """Learning curves of architectures: the mean over the seeds as a line, the least and the most as a band."""
    opened, batch = open_batch(store)
    name, ax = chosen_hp(opened, hp), _axes(ax)
    seeds = np.unique(opened.table(name, dataset).seed)
    for index in chosen_architectures(opened, batch, architectures).tolist():
        mean = batch.curves(index, dataset, setname, quantity, name)
        each = batch.curves(index, dataset, setname, quantity, name, seeds)
        there = np.flatnonzero(~np.isnan(mean))
        (line,) = ax.plot(there + 1, mean[there], label=f"architecture {index}")
        spread = each[:, there][~np.isnan(each[:, there]).any(axis=1)]
        if len(spread):
            ax.fill_between(there + 1, spread.min(axis=0), spread.max(axis=0), color=line.get_color(), alpha=0.2, lw=0)
    ax.set(xlabel="epochs", ylabel=_label(quantity, setname), title=f"{dataset}, hp {name}")
    ax.legend()
    return ax


def tradeoff(
    store: Store | str | Path,
    cost: str = "flops",
    dataset: str = "cifar10",
    metric_on_set: str = "valid",
    *,
    hp: str | int | None = None,
    ax: Any = None,
) -> Any:
    """Accuracy against ``flops``, ``params`` or ``latency`` of the whole store, with the Pareto front as a line."""
    if cost not in COSTS:
        raise QuestionError(f"cost {cost!r}: expected one of {', '.join(COSTS)}")
    opened, batch = open_batch(store)
    name, ax = chosen_hp(opened, hp), _axes(ax)
    index, accuracy = batch.top_k(len(opened.indexes), dataset, metric_on_set, hp=name)
    by_index = np.full(opened.total, np.nan)
    by_index[index] = accuracy
    front = batch.pareto_front(["accuracy", cost], dataset, metric_on_set, hp=name)
    kept_in = remap_dataset_set_names(dataset, metric_on_set)[0]  # the front goes by the costs of that dataset
    costs = batch.get_cost_info(np.arange(opened.total), kept_in, name)[cost]
    ax.scatter(costs[index], accuracy, s=2, alpha=0.4, lw=0, rasterized=True)
    front = front[np.argsort(costs[front], kind="stable")]
    ax.plot(costs[front], by_index[front], color="C3", marker=".", label="Pareto front")
    ax.set(xlabel=_label(cost), ylabel=_label("accuracy", metric_on_set), title=f"{dataset}, hp {name}")
    ax.legend()
    return ax


def correlation(
    store: Store | str | Path,
    columns: Sequence[Mapping[str, Any]] | None = None,
    *,
    ax: Any = None,
) -> Any:
    """Kendall's τ_b between columns of accuracies, each with each, as a matrix.

    A column is a mapping of arguments of ``Batch.column`` (``dataset``, ``setname``, ``hp``, ``iepoch``, ``seed``).
    Without any they are the last accuracies on the test set of every dataset and hp.
    """
    opened, batch = open_batch(store)
    ax = _axes(ax)
    asked = columns or [
        {"dataset": dataset, "setname": "ori-test", "hp": hp} for hp in opened.hps for dataset in opened.datasets(hp)
    ]
    values = [batch.column(**column)[opened.indexes] for column in asked]
    matrix = np.array([[kendall_tau(one, other) for other in values] for one in values])
    names = [" ".join(str(value) for value in column.values()) for column in asked]
    ticks = np.arange(len(names))
    ax.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
    ax.set_xticks(ticks, names, rotation=45, ha="right")
    ax.set_yticks(ticks, names)
    for row, column in np.ndindex(matrix.shape):
        tau, color = matrix[row, column], "white" if abs(matrix[row, column]) > 0.6 else "black"
        ax.text(column, row, f"{tau:.2f}", ha="center", va="center", fontsize="small", color=color)
    ax.set_title("rank correlation (Kendall's τ)")
    return ax


def operations(
    store: Store | str | Path,
    dataset: str = "cifar10",
    metric_on_set: str = "valid",
    *,
    hp: str | int | None = None,
    place: str | None = None,
    ax: Any = None,
) -> Any:
    """The distribution of accuracy by the operation (or channels) of a place, e.g. ``op_0_3``; the first for None."""
    opened, batch = open_batch(store)
    name, ax, names = chosen_hp(opened, hp), _axes(ax), place_names(opened.space)
    place = names[0] if place is None else place
    if place not in names:
        raise QuestionError(f"place {place!r}: expected one of {', '.join(names)}")
    index, accuracy = batch.top_k(len(opened.indexes), dataset, metric_on_set, hp=name)
    digits = store_digits(opened, index)[:, names.index(place)]
    choices = choices_of(opened.space)
    there = [digit for digit in range(len(choices)) if (digits == digit).any()]
    ax.boxplot([accuracy[digits == digit] for digit in there], showfliers=False)
    ax.set_xticks(np.arange(len(there)) + 1, [str(choices[digit]) for digit in there], rotation=20, ha="right")
    ax.set(xlabel=place, ylabel=_label("accuracy", metric_on_set), title=f"{dataset}, hp {name}")
    return ax


def trajectories(
    seconds: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    label: str | None = None,
    grid: int = 200,
    ax: Any = None,
) -> Any:
    """What searches have reached by a time: the median over runs as a line, the quarters as a band.

    ``seconds`` (simulated, ascending along the last axis) and ``values`` (the best so far, or a regret) are of shape
    (steps,) or (runs, steps). The band starts when every run has a value.
    """
    times, found = np.atleast_2d(np.asarray(seconds, np.float64)), np.atleast_2d(np.asarray(values, np.float64))
    if times.shape != found.shape or times.ndim != 2 or not times.size or (np.diff(times, axis=1) < 0).any():
        raise QuestionError(f"seconds {times.shape}, values {found.shape}: expected the same shape, ascending seconds")
    ax = _axes(ax)
    at = np.linspace(times[:, 0].max(), times[:, -1].max(), grid)
    steps = np.stack([run[np.searchsorted(time, at, side="right") - 1] for time, run in zip(times, found, strict=True)])
    low, middle, high = np.percentile(steps, [25, 50, 75], axis=0)
    (line,) = ax.step(at, middle, where="post", label=label)
    ax.fill_between(at, low, high, step="post", color=line.get_color(), alpha=0.2, lw=0)
    ax.set(xlabel="simulated time (s)", ylabel="value")
    if label is not None:
        ax.legend()
    return ax


def _axes(ax: Any) -> Any:
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def _label(quantity: str, setname: str = "") -> str:
    unit = UNITS[quantity]
    return " ".join([*([setname] if setname else []), quantity, *([f"({unit})"] if unit else [])])
