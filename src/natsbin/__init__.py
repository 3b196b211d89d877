"""NATS-Bench as one compact HDF5 file with native queries; a drop-in for ``nats_bench``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from natsbin._version import __version__

if TYPE_CHECKING:
    from natsbin.api.alias import install_as_nats_bench
    from natsbin.api.create import create, search_space_info, version
    from natsbin.api.results import ArchResults, ResultsCount
    from natsbin.api.size import NATSsize
    from natsbin.api.structure import TopologyStructure, topology_str2structure
    from natsbin.api.topology import NATStopology
    from natsbin.api.utils import pickle_load, pickle_save

# `import natsbin` stays light: a module is imported when one of its names is first asked for (PEP 562).
_HOMES = {
    "ArchResults": "natsbin.api.results",
    "NATSsize": "natsbin.api.size",
    "NATStopology": "natsbin.api.topology",
    "ResultsCount": "natsbin.api.results",
    "TopologyStructure": "natsbin.api.structure",
    "create": "natsbin.api.create",
    "install_as_nats_bench": "natsbin.api.alias",
    "pickle_load": "natsbin.api.utils",
    "pickle_save": "natsbin.api.utils",
    "search_space_info": "natsbin.api.create",
    "topology_str2structure": "natsbin.api.structure",
    "version": "natsbin.api.create",
}

__all__ = [
    "ArchResults",
    "NATSsize",
    "NATStopology",
    "ResultsCount",
    "TopologyStructure",
    "__version__",
    "create",
    "install_as_nats_bench",
    "pickle_load",
    "pickle_save",
    "search_space_info",
    "topology_str2structure",
    "version",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
