"""Whether algorithms differ: Wilcoxon's signed-rank test for each pair, and the critical difference of mean ranks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
from scipy import stats

from natsbin.sweep.report.frames import PLACE, Results

LEVEL = 0.05


def compare(results: Results) -> pd.DataFrame:
    """For each pair of algorithms and place: the median difference of final test accuracies (percent), and p.

    Runs with the same seed are a pair; ``p_holm`` corrects for the number of pairs of a place, after Holm.
    """
    rows = []
    for place, runs in results.places(results.runs):
        wide = runs.pivot(index="seed", columns="algorithm", values="test")
        pairs = list(itertools.combinations(results.algorithms, 2))
        found = []
        for a, b in pairs:
            difference = (wide[a] - wide[b]).dropna().to_numpy()
            p = stats.wilcoxon(difference).pvalue if np.any(difference != 0) else 1.0
            found.append((float(np.median(difference)) if len(difference) else math.nan, float(p)))
        corrected = _holm([p for _, p in found])
        for (a, b), (median, p), holm in zip(pairs, found, corrected, strict=True):
            rows.append((*place, a, b, median, p, holm, bool(holm < LEVEL)))
    names = [*PLACE, "algorithm", "other", "median_difference", "p", "p_holm", "differs"]
    return pd.DataFrame(rows, columns=names)


def mean_ranks(results: Results) -> tuple[pd.Series, float]:
    """Mean ranks of final test accuracies over all places and seeds, and the critical difference (Nemenyi, 5 %)."""
    wide = results.runs.pivot_table(
        index=[*PLACE, "seed"], columns="algorithm", values="test", dropna=False, observed=True
    )
    ranks = wide.rank(axis=1, ascending=False, na_option="bottom")
    count, blocks = ranks.shape[1], len(ranks)
    quantile = stats.studentized_range.ppf(1 - LEVEL, count, np.inf) / math.sqrt(2) if count > 1 else 0.0
    return ranks.mean(), float(quantile * math.sqrt(count * (count + 1) / (6 * blocks)))


def _holm(values: list[float]) -> list[float]:
    """Holm's correction of p values, in their order."""
    corrected, highest = [0.0] * len(values), 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=lambda place: values[place])):
        highest = max(highest, min(1.0, values[place] * (len(values) - rank)))
        corrected[place] = highest
    return corrected
