"""The one place that states the version of natsbin."""

__version__ = "0.1.0"
