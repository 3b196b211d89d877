"""Plots of a store with matplotlib: every function draws into ``ax``, or a new one, and returns it."""

from __future__ import annotations

from natsbin._util.extras import missing

try:
    import matplotlib.pyplot  # noqa: F401 - asked for here, so that its absence is told in one place
except ImportError as error:
    raise missing("natsbin.plot", "matplotlib", "plot") from error

from natsbin.plot.drawings import architecture
from natsbin.plot.results import correlation, curves, operations, tradeoff, trajectories

__all__ = ["architecture", "correlation", "curves", "operations", "tradeoff", "trajectories"]
