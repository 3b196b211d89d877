"""The names of ``nats_bench.genotype_utils``."""

from natsbin.api.structure import TopologyStructure, topology_str2structure

__all__ = ["TopologyStructure", "topology_str2structure"]
