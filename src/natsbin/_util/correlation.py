"""Rank correlation, of columns with gaps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def kendall_tau(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Kendall's τ_b of two arrays, of the places where both have numbers: -1 to 1, NaN where all are equal."""
    from scipy.stats import kendalltau

    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    there = ~(np.isnan(a) | np.isnan(b))
    return float(kendalltau(a[there], b[there]).statistic) if there.sum() > 1 else float("nan")
