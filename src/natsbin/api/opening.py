"""Where a benchmark reads its records: a dict, a source that is open, or a path, which ``roads.find`` opens.

This is the one module of the API that imports ``natsbin.roads``, which stands above it, and only when a path is opened.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from natsbin.api.source import DictSource, Source
from natsbin.api.utils import time_string
from natsbin.errors import QuestionError
from natsbin.spaces import SearchSpace

if TYPE_CHECKING:
    from natsbin.roads.archive_source import ArchiveWeights


def open_source(given: Any, space: SearchSpace, fast_mode: bool, verbose: bool) -> tuple[Source, str | None]:
    """What to read from, and the path that it was found at (None in memory)."""
    if isinstance(given, Mapping):
        return DictSource(given, space), None
    if given is not None and not isinstance(given, (str, os.PathLike)):
        if hasattr(given, "load") and hasattr(given, "indexes"):
            return given, None if given.path is None else str(given.path)
        raise QuestionError(f"a benchmark is a path or a dict, not {type(given)}: {given!r:.80}")
    from natsbin.roads import find

    path = find.in_torch_home(space, fast_mode) if given is None else os.fspath(given)
    if verbose:
        print(
            f"{time_string()} Try to create the NATS-Bench ({space.title}) api from {path} with fast_mode={fast_mode}"
        )
    return find.open_path(path, space, verbose), path


def weights_of(archive: str, space: SearchSpace) -> ArchiveWeights | None:
    """The trained weights of an archive, read in place; None where it has none."""
    from natsbin.roads import find

    return find.weights_in_place(archive, space)


def reopen(archive_root: Any, source: Source, opened: str | None, verbose: bool) -> Source:
    """What ``reload`` reads: ``source``, which was opened from ``opened``, or another one from ``archive_root``."""
    from natsbin.roads import find

    if archive_root is None:
        archive_root = find.full_archive(source.space) or opened
    if archive_root == opened:
        return source
    if not os.path.exists(archive_root):
        raise QuestionError(f"no such archive or store: {archive_root}")
    return find.open_in_place(os.fspath(archive_root), source.space, verbose)
