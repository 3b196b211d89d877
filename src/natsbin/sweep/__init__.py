"""Sweeps: every algorithm over many seeds, on one core, all cores or a cluster; see docs/sweeps.md."""

from natsbin._util.extras import missing

try:
    import pyarrow  # noqa: F401 - asked for here, so that its absence is told in one place
except ImportError as error:
    raise missing("natsbin.sweep", "pyarrow", "sweep") from error

from natsbin.sweep.run import run
from natsbin.sweep.spec import AlgorithmSpec, Sweep, load_sweep

__all__ = ["AlgorithmSpec", "Sweep", "load_sweep", "run"]
