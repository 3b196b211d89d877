"""The names of ``nats_bench`` 1.8, module by module: this one is the package itself.

:func:`natsbin.install_as_nats_bench` makes this folder the package ``nats_bench`` of a process.
"""

from natsbin.api.create import NATS_BENCH_API_VERSIONs as NATS_BENCH_API_VERSIONs
from natsbin.api.create import NATS_BENCH_SSS_NAMEs as NATS_BENCH_SSS_NAMEs
from natsbin.api.create import NATS_BENCH_TSS_NAMEs as NATS_BENCH_TSS_NAMEs
from natsbin.api.create import create as create
from natsbin.api.create import search_space_info as search_space_info
from natsbin.api.create import version as version
from natsbin.api.results import ArchResults as ArchResults
from natsbin.api.results import ResultsCount as ResultsCount
from natsbin.api.size import NATSsize as NATSsize
from natsbin.api.topology import NATStopology as NATStopology
from natsbin.api.utils import pickle_load as pickle_load
from natsbin.api.utils import pickle_save as pickle_save

# relative: of the package that this is loaded as
from . import api_size as api_size
from . import api_topology as api_topology
from . import api_utils as api_utils
from . import genotype_utils as genotype_utils
