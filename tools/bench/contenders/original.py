"""``nats_bench`` in fast mode, on the archive's folder."""

from __future__ import annotations

from contenders import Setting, Work
from contenders.calls import works_of


def open_works(setting: Setting) -> dict[str, Work]:
    """All work; the objects of an architecture are made when it is first asked for."""
    import nats_bench

    api = nats_bench.create(str(setting.archive), setting.questions.space, fast_mode=True, verbose=False)
    return works_of(api, setting.questions)
