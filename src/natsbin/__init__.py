"""NATS-Bench as one compact HDF5 file with native queries; a drop-in for ``nats_bench``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from natsbin._version import __version__

if TYPE_CHECKING:
    from natsbin.api.create import (
        NATS_BENCH_API_VERSIONs,
        NATS_BENCH_SSS_NAMEs,
        NATS_BENCH_TSS_NAMEs,
        create,
        search_space_info,
        version,
    )
    from natsbin.api.results import ArchResults, ResultsCount
    from natsbin.api.size import NATSsize
    from natsbin.api.structure import TopologyStructure, topology_str2structure
    from natsbin.api.topology import NATStopology
    from natsbin.api.utils import (
        get_file_system,
        get_torch_home,
        mean,
        nats_is_dir,
        nats_is_file,
        pickle_load,
        pickle_save,
        remap_dataset_set_names,
        reset_file_system,
        time_string,
    )
    from natsbin.compat.alias import install_as_nats_bench

# `import natsbin` stays light: a module is imported when one of its names is first asked for (PEP 562).
_NAMES = {
    "natsbin.compat.alias": ("install_as_nats_bench",),
    "natsbin.api.create": (
        "NATS_BENCH_API_VERSIONs",
        "NATS_BENCH_SSS_NAMEs",
        "NATS_BENCH_TSS_NAMEs",
        "create",
        "search_space_info",
        "version",
    ),
    "natsbin.api.results": ("ArchResults", "ResultsCount"),
    "natsbin.api.size": ("NATSsize",),
    "natsbin.api.structure": ("TopologyStructure", "topology_str2structure"),
    "natsbin.api.topology": ("NATStopology",),
    "natsbin.api.utils": (
        "get_file_system",
        "get_torch_home",
        "mean",
        "nats_is_dir",
        "nats_is_file",
        "pickle_load",
        "pickle_save",
        "remap_dataset_set_names",
        "reset_file_system",
        "time_string",
    ),
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}

__all__ = [
    "ArchResults",
    "NATS_BENCH_API_VERSIONs",
    "NATS_BENCH_SSS_NAMEs",
    "NATS_BENCH_TSS_NAMEs",
    "NATSsize",
    "NATStopology",
    "ResultsCount",
    "TopologyStructure",
    "__version__",
    "create",
    "get_file_system",
    "get_torch_home",
    "install_as_nats_bench",
    "mean",
    "nats_is_dir",
    "nats_is_file",
    "pickle_load",
    "pickle_save",
    "remap_dataset_set_names",
    "reset_file_system",
    "search_space_info",
    "time_string",
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
