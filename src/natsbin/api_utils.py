"""The names of ``nats_bench.api_utils``: for programs that import natsbin in its place."""

from natsbin.compat.api_utils import *  # noqa: F403
