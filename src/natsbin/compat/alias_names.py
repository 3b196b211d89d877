"""The names in each module of ``nats_bench`` 1.8, and what they are in natsbin."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from natsbin.api import create, size, structure, topology, utils
from natsbin.api.base import NASBenchMetaAPI
from natsbin.api.results import ArchResults, ResultsCount

_COMMON: dict[str, object] = {
    "ArchResults": ArchResults,
    "NASBenchMetaAPI": NASBenchMetaAPI,
    "PICKLE_EXT": utils.PICKLE_EXT,
    "get_torch_home": utils.get_torch_home,
    "nats_is_dir": utils.nats_is_dir,
    "nats_is_file": utils.nats_is_file,
    "pickle_load": utils.pickle_load,
    "time_string": utils.time_string,
}

_TOPOLOGY: dict[str, object] = {
    **_COMMON,
    "ALL_BASE_NAMES": topology.ALL_BASE_NAMES,
    "NATStopology": topology.NATStopology,
    "print_information": topology.print_information,
    "topology_str2structure": structure.topology_str2structure,
}

_SIZE: dict[str, object] = {
    **_COMMON,
    "ALL_BASE_NAMES": size.ALL_BASE_NAMES,
    "NATSsize": size.NATSsize,
    "print_information": size.print_information,
}

_UTILS: dict[str, object] = {
    **_COMMON,
    "ResultsCount": ResultsCount,
    "get_file_system": utils.get_file_system,
    "mean": utils.mean,
    "pickle_save": utils.pickle_save,
    "remap_dataset_set_names": utils.remap_dataset_set_names,
    "reset_file_system": utils.reset_file_system,
}

_GENOTYPES: dict[str, object] = {
    "TopologyStructure": structure.TopologyStructure,
    "deepcopy": deepcopy,
    "topology_str2structure": structure.topology_str2structure,
}

_PACKAGE: dict[str, object] = {
    "ArchResults": ArchResults,
    "NATS_BENCH_API_VERSIONs": create.NATS_BENCH_API_VERSIONs,
    "NATS_BENCH_SSS_NAMEs": create.NATS_BENCH_SSS_NAMEs,
    "NATS_BENCH_TSS_NAMEs": create.NATS_BENCH_TSS_NAMEs,
    "NATSsize": size.NATSsize,
    "NATStopology": topology.NATStopology,
    "ResultsCount": ResultsCount,
    "create": create.create,
    "pickle_load": utils.pickle_load,
    "pickle_save": utils.pickle_save,
    "search_space_info": create.search_space_info,
    "version": create.version,
}

MODULES: Mapping[str, dict[str, object]] = {
    "nats_bench": _PACKAGE,
    "nats_bench.api_size": _SIZE,
    "nats_bench.api_topology": _TOPOLOGY,
    "nats_bench.api_utils": _UTILS,
    "nats_bench.genotype_utils": _GENOTYPES,
}
