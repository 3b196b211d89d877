"""The names of ``nats_bench.api_size``."""

from natsbin.api.benchmark import NASBenchMetaAPI as NASBenchMetaAPI
from natsbin.api.results import ArchResults as ArchResults
from natsbin.api.size import ALL_BASE_NAMES as ALL_BASE_NAMES
from natsbin.api.size import NATSsize as NATSsize
from natsbin.api.size import print_information as print_information
from natsbin.api.utils import PICKLE_EXT as PICKLE_EXT
from natsbin.api.utils import get_torch_home as get_torch_home
from natsbin.api.utils import nats_is_dir as nats_is_dir
from natsbin.api.utils import nats_is_file as nats_is_file
from natsbin.api.utils import pickle_load as pickle_load
from natsbin.api.utils import time_string as time_string
