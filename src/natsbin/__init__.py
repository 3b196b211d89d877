"""NATS-Bench as one compact HDF5 file with native queries; a drop-in for ``nats_bench``."""

from natsbin._version import __version__

__all__ = ["__version__"]
