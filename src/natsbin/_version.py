"""The one place that states the version of natsbin."""

__version__ = "1.0.0rc1"
