"""``natsbin.Batch``: the batch of a store, with the scalar API as its fallback.

It stands here because ``natsbin.batch`` imports nothing of the API, and a store with irregular records needs both.
"""

from __future__ import annotations

from natsbin import batch
from natsbin.api.scalar_fallback import ScalarFallback
from natsbin.api.size import NATSsize
from natsbin.api.topology import NATStopology
from natsbin.store import Store


class Batch(batch.Batch):
    """A store asked in batches, with a clock of its own; ``natsbin.create(...).batch`` shares the clock of the API."""

    def __init__(
        self, store: Store, clock: batch.Clock | None = None, fallback: batch.ScalarFallback | None = None
    ) -> None:
        benchmark = NATStopology if store.space.name == "tss" else NATSsize
        scalar = ScalarFallback(lambda: benchmark(store, fast_mode=True, verbose=False))
        super().__init__(store, clock, fallback or scalar)
