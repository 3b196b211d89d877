"""The networks behind NATS-Bench, for current torch; the archives' trained weights fit them as they are."""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401 - imported here, so that one place reports its absence
except ImportError as error:
    raise ImportError("natsbin.models needs torch and safetensors: pip install natsbin[weights]") from error

from natsbin.models.costs import count_flops, count_params
from natsbin.models.network import CellNetwork, get_cell_based_tiny_net

__all__ = ["CellNetwork", "count_flops", "count_params", "get_cell_based_tiny_net"]
