"""The names of ``nas_201_api`` 2.1 (PyPI: ``nas-bench-201``), module by module: this one is the package itself.

:func:`natsbin.install_as_nas_201_api` makes this folder the package ``nas_201_api`` of a process.
"""

from natsbin.api201.benchmark import NASBench201API as NASBench201API
from natsbin.api201.results import ArchResults as ArchResults
from natsbin.api201.results import ResultsCount as ResultsCount

# relative: of the package that this is loaded as
from . import api_201 as api_201
from . import api_utils as api_utils

NAS_BENCH_201_API_VERSION = "v2.0"  # what version 2.1 says of itself
