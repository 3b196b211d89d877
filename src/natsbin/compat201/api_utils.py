"""The names of ``nas_201_api.api_utils``."""

from natsbin.api.benchmark import NASBenchMetaAPI as NASBenchMetaAPI
from natsbin.api.utils import remap_dataset_set_names as remap_dataset_set_names
from natsbin.api201.results import ArchResults as ArchResults
from natsbin.api201.results import ResultsCount as ResultsCount
