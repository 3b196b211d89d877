"""Found instead of ``nats_bench`` where the folder above is on the path; it gives way to ``natsbin.compat``."""

import sys

from natsbin.compat.alias import install_as_nats_bench

if __name__ == "nats_bench":
    del sys.modules[__name__]
    install_as_nats_bench()  # what the import then finds in sys.modules
