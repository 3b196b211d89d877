"""The tables of a report, as data frames, and as CSV and LaTeX files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from natsbin.sweep.report.frames import PLACE, Results
from natsbin.sweep.report.significance import compare

FRACTIONS = (0.1, 0.25, 0.5, 1.0)  # of the budget, at which regret is shown


def all_tables(results: Results) -> dict[str, pd.DataFrame]:
    """The tables of a report by the name of their files."""
    return {
        "accuracy": accuracy(results),
        "regret": regret(results),
        "rank": ranks(results),
        "wilcoxon": compare(results),
    }


def write_tables(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """Each as ``name.csv`` and ``name.tex``."""
    for name, table in tables.items():
        index = not isinstance(table.index, pd.RangeIndex)
        table.to_csv(folder / f"{name}.csv", index=index)
        shown = table.map(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value))
        shown.to_latex(folder / f"{name}.tex", index=index, escape=True)


def accuracy(results: Results) -> pd.DataFrame:
    """The paper's table: mean ± standard deviation of validation and test, with the best and the average architecture.

    In percent, after whole trainings; a row an algorithm, two columns for each space, hp and dataset.
    """
    columns = {}
    for (space, dataset, hp), runs in results.places(results.runs):
        known = results.spaces[space, dataset]
        for what in ("valid", "test"):
            groups = runs.groupby("algorithm", observed=True)[what]
            means, spreads = groups.mean(), groups.std(ddof=0)
            column = {name: f"{means[name]:.2f} ± {spreads[name]:.2f}" for name in results.algorithms}
            column["optimal"] = f"{known[f'best_{what}']:.2f}"
            column["average architecture"] = f"{known[f'average_{what}']:.2f}"
            columns[f"{space} {hp}", dataset, what] = column
    return pd.DataFrame(columns)


def regret(results: Results) -> pd.DataFrame:
    """Median test regret, in percent, when parts of the budget are spent."""
    frame = results.incumbents
    ends = frame.groupby(PLACE, observed=True)["at"].transform("max")
    parts = []
    for fraction in FRACTIONS:
        by_then = frame[frame["at"] <= fraction * ends]
        last = by_then.groupby([*PLACE, "algorithm", "seed"], observed=True)["test_regret"].last()
        medians = last.groupby([*PLACE, "algorithm"], observed=True).median()
        parts.append(medians.rename(f"{fraction:.0%}"))
    return pd.concat(parts, axis=1).reset_index()


def ranks(results: Results) -> pd.DataFrame:
    """The mean rank of each algorithm among all (1 is best), by test accuracy, when parts of the budget are spent."""
    frame = ranks_over_time(results)
    shown = [frame.iloc[max(int(fraction * len(frame)) - 1, 0)].rename(f"{fraction:.0%}") for fraction in FRACTIONS]
    return pd.concat(shown, axis=1).rename_axis("algorithm").reset_index()


def ranks_over_time(results: Results) -> pd.DataFrame:
    """Mean ranks over all spaces, datasets and seeds: a row a moment (a fraction of the budget), a column an algorithm.

    Runs without an incumbent come last.
    """
    frame = results.incumbents
    moment = frame.groupby([*PLACE, "algorithm", "seed"], observed=True).cumcount() + 1
    wide = frame.assign(moment=moment).pivot_table(
        index=[*PLACE, "seed", "moment"], columns="algorithm", values="test", dropna=False, observed=True
    )
    placed = wide.rank(axis=1, ascending=False, na_option="bottom")
    means = placed.groupby("moment").mean()
    means.index = means.index / len(means)
    return means
