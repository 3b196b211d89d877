"""The names of ``nats_bench`` 1.8, module by module: this one is the package itself.

:func:`natsbin.install_as_nats_bench` makes this folder the package ``nats_bench`` of a process.
"""

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
from natsbin.api.topology import NATStopology
from natsbin.api.utils import pickle_load, pickle_save

from . import api_size, api_topology, api_utils, genotype_utils  # relative: of the package that this is loaded as

__all__ = [
    "ArchResults",
    "NATS_BENCH_API_VERSIONs",
    "NATS_BENCH_SSS_NAMEs",
    "NATS_BENCH_TSS_NAMEs",
    "NATSsize",
    "NATStopology",
    "ResultsCount",
    "api_size",
    "api_topology",
    "api_utils",
    "create",
    "genotype_utils",
    "pickle_load",
    "pickle_save",
    "search_space_info",
    "version",
]
