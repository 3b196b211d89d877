"""The names of ``nats_bench.genotype_utils``."""

from copy import deepcopy as deepcopy

from natsbin.api.structure import TopologyStructure as TopologyStructure
from natsbin.api.structure import topology_str2structure as topology_str2structure
