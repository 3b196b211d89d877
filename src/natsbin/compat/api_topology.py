"""The names of ``nats_bench.api_topology``."""

from natsbin.api.benchmark import NASBenchMetaAPI
from natsbin.api.results import ArchResults
from natsbin.api.structure import topology_str2structure
from natsbin.api.topology import ALL_BASE_NAMES, NATStopology, print_information
from natsbin.api.utils import PICKLE_EXT, get_torch_home, nats_is_dir, nats_is_file, pickle_load, time_string

__all__ = [
    "ALL_BASE_NAMES",
    "PICKLE_EXT",
    "ArchResults",
    "NASBenchMetaAPI",
    "NATStopology",
    "get_torch_home",
    "nats_is_dir",
    "nats_is_file",
    "pickle_load",
    "print_information",
    "time_string",
    "topology_str2structure",
]
