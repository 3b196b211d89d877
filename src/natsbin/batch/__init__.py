"""Questions about arrays of architectures, epochs and seeds; see docs/batch.md."""

from natsbin.batch.queries import Queries as Batch

__all__ = ["Batch"]
