"""``nats_bench`` with its benchmark file in memory."""

from __future__ import annotations

from contenders import Setting, Work
from contenders.calls import works_of


def open_works(setting: Setting) -> dict[str, Work]:
    """All work but the best of a pool: without fast mode that is sought in all, of which some have no latency."""
    import nats_bench

    api = nats_bench.create(str(setting.benchmark), setting.questions.space, fast_mode=False, verbose=False)
    works = works_of(api, setting.questions)
    del works["find_best, pool"]
    return works
