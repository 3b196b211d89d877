"""``natsbin.Batch``: the batch of a store, with the scalar API as its fallback.

It stands here because ``natsbin.batch`` imports nothing of the API, and a store with irregular records needs both.
"""

from __future__ import annotations

from natsbin import batch
from natsbin.api.scalar_fallback import ScalarFallback
from natsbin.store import Store


class Batch(batch.Batch):
    """A store asked in batches: ``natsbin.create(...).batch``, or ``natsbin.Batch(store)`` with a clock of its own."""

    def __init__(
        self, store: Store, clock: batch.Clock | None = None, fallback: batch.ScalarFallback | None = None
    ) -> None:
        super().__init__(store, clock, ScalarFallback(store) if fallback is None else fallback)
