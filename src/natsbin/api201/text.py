"""The page of text about an architecture, as ``nas_201_api`` writes it."""

from __future__ import annotations

from typing import Any

from natsbin.api import text
from natsbin.api.results import ArchResults


def print_information(information: ArchResults, extra_info: Any = None, show: bool = False) -> list[str]:
    """The lines of text about an architecture, printed too with ``show``."""
    return text.page(information, extra_info, show, (("train", "train"), ("valid", "x-valid")), joint=", ")
