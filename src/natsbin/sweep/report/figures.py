"""The figures of a report, drawn without a display."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from natsbin.sweep.report.frames import Results
from natsbin.sweep.report.significance import mean_ranks
from natsbin.sweep.report.tables import ranks_over_time

SPREADS = ("quartiles", "bootstrap")
_RESAMPLES = 1000
Floats = npt.NDArray[np.float64]


def all_figures(results: Results, spread: str) -> dict[str, Figure]:
    """The figures of a report by the name of their files."""
    figures = {
        "_".join(("accuracy", *place)): best_so_far(results, place, rows, spread)
        for place, rows in results.places(results.incumbents)
    }
    figures["rank"] = rank_over_time(results)
    if len(results.algorithms) > 1:
        figures["critical_difference"] = critical_difference(results)
    return figures


def best_so_far(results: Results, place: tuple[str, str, str], rows: Any, spread: str) -> Figure:
    """Test accuracy of the incumbents: the median with quartiles, or the mean with a 95 % bootstrap interval."""
    figure, axes = _axes()
    for name, own in rows.groupby("algorithm", observed=True):
        wide = own.pivot(index="at", columns="seed", values="test")
        values = wide.to_numpy()
        there = ~np.isnan(values).any(axis=1)  # before, some runs have no training
        middle, low, high = _spread(values[there], spread)
        times = wide.index.to_numpy()[there]
        (line,) = axes.plot(times, middle, label=name)
        axes.fill_between(times, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    best = results.spaces[place[0], place[1]]["best_test"]
    axes.axhline(best, color="black", linestyle=":", linewidth=1, label="optimal")
    axes.set(xlabel=results.unit, ylabel="test accuracy (%)", title=" ".join(place))
    axes.legend(frameon=False)
    return figure


def rank_over_time(results: Results) -> Figure:
    """Mean ranks over all spaces, datasets and seeds."""
    figure, axes = _axes()
    for name, column in ranks_over_time(results).items():
        axes.plot(column.index * 100, column.to_numpy(), label=name)
    axes.set(xlabel="budget spent (%)", ylabel="mean rank by test accuracy (1 is best)")
    axes.invert_yaxis()
    axes.legend(frameon=False)
    return figure


def critical_difference(results: Results) -> Figure:
    """Mean ranks on a line; bars join algorithms that are less than the critical difference apart."""
    ranks, difference = mean_ranks(results)
    ranks = ranks.sort_values()
    figure, axes = _axes(1.2 + 0.35 * len(ranks))
    values = ranks.to_numpy()
    for place, (name, rank) in enumerate(ranks.items()):
        axes.plot([rank, rank], [0, -1 - place], color="black", linewidth=0.8)
        text = axes.annotate(f" {name} ({rank:.2f})", (rank, -1 - place), va="center")
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
    height = 0.25
    for start in range(len(values)):
        end = int(np.searchsorted(values, values[start] + difference, side="right")) - 1
        if end > start and (start == 0 or values[end] > values[start - 1] + difference):
            axes.plot([values[start], values[end]], [height, height], color="tab:red", linewidth=3)
            height += 0.25
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlim=(1, len(ranks) + 0.5), yticks=[], xlabel=f"mean rank; critical difference {difference:.3f} (5 %)")
    axes.spines["left"].set_visible(False)
    return figure


def _axes(height: float = 3.6) -> tuple[Figure, Any]:
    figure = Figure(figsize=(6, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _spread(values: Floats, spread: str) -> tuple[Floats, Floats, Floats]:
    """Middle, low and high of values of shape (moments, runs)."""
    if spread == "quartiles":
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=1)
        return middle, low, high
    runs = values.shape[1]
    weights = np.random.default_rng(0).multinomial(runs, np.full(runs, 1 / runs), _RESAMPLES) / runs
    low, high = np.quantile(weights @ values.T, [0.025, 0.975], axis=0)
    return values.mean(axis=1), low, high
