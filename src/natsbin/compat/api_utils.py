"""The names of ``nats_bench.api_utils``."""

from natsbin.api.benchmark import NASBenchMetaAPI as NASBenchMetaAPI
from natsbin.api.results import ArchResults as ArchResults
from natsbin.api.results import ResultsCount as ResultsCount
from natsbin.api.utils import PICKLE_EXT as PICKLE_EXT
from natsbin.api.utils import get_file_system as get_file_system
from natsbin.api.utils import get_torch_home as get_torch_home
from natsbin.api.utils import nats_is_dir as nats_is_dir
from natsbin.api.utils import nats_is_file as nats_is_file
from natsbin.api.utils import pickle_load as pickle_load
from natsbin.api.utils import pickle_save as pickle_save
from natsbin.api.utils import remap_dataset_set_names as remap_dataset_set_names
from natsbin.api.utils import reset_file_system as reset_file_system
from natsbin.api.utils import time_string as time_string
from natsbin.rules import mean as mean
