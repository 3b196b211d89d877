"""The names of ``nats_bench.api_utils``."""

from natsbin.api.benchmark import NASBenchMetaAPI
from natsbin.api.results import ArchResults, ResultsCount
from natsbin.api.utils import (
    PICKLE_EXT,
    get_file_system,
    get_torch_home,
    nats_is_dir,
    nats_is_file,
    pickle_load,
    pickle_save,
    remap_dataset_set_names,
    reset_file_system,
    time_string,
)
from natsbin.rules import mean

__all__ = [
    "PICKLE_EXT",
    "ArchResults",
    "NASBenchMetaAPI",
    "ResultsCount",
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
]
