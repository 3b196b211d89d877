"""natsbin asked as ``nats_bench`` is: the same program with another import."""

from __future__ import annotations

from typing import Any

from questions import SEARCHED

from contenders import Setting, Work
from contenders.calls import curves_of_calls, works_of


def open_works(setting: Setting) -> dict[str, Work]:
    """All work; what looks at the whole space on an API that has all of it at hand."""
    import natsbin

    questions = setting.questions
    api = natsbin.create(setting.store, questions.space, fast_mode=True, verbose=False)
    whole: Any = None

    def find_best() -> list[float]:
        nonlocal whole
        whole = whole or natsbin.create(setting.store, questions.space, verbose=False)
        return [whole.find_best(SEARCHED, "valid", hp=questions.hp)[1]]

    return {
        **works_of(api, questions),
        "find_best, all": find_best,
        "curves": lambda: curves_of_calls(api, questions),
    }
