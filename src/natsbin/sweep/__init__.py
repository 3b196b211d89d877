"""Sweeps: every algorithm over many seeds, on one core, all cores or a cluster; see docs/sweeps.md."""

from natsbin.sweep.run import run
from natsbin.sweep.spec import AlgorithmSpec, Sweep, load_sweep

__all__ = ["AlgorithmSpec", "Sweep", "load_sweep", "run"]
