"""The names of ``nats_bench.genotype_utils``: for programs that import natsbin in its place."""

from natsbin.compat.genotype_utils import *  # noqa: F403
