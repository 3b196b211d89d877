"""The names of ``nats_bench.genotype_utils``."""

from copy import deepcopy

from natsbin.api.structure import TopologyStructure, topology_str2structure

__all__ = ["TopologyStructure", "deepcopy", "topology_str2structure"]
