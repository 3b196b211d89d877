"""The names of ``nas_201_api.api_201``."""

from natsbin.api.benchmark import NASBenchMetaAPI as NASBenchMetaAPI
from natsbin.api.utils import remap_dataset_set_names as remap_dataset_set_names
from natsbin.api201.benchmark import NASBench201API as NASBench201API
from natsbin.api201.results import ArchResults as ArchResults
from natsbin.api201.source import ALL_ARCHIVE_DIRS as ALL_ARCHIVE_DIRS
from natsbin.api201.source import ALL_BENCHMARK_FILES as ALL_BENCHMARK_FILES
from natsbin.api201.text import print_information as print_information
