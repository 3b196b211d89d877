"""Questions about arrays of architectures, epochs and seeds; see docs/batch.md."""

from natsbin.batch.columns import View
from natsbin.batch.schedules import Batch

__all__ = ["Batch", "View"]
