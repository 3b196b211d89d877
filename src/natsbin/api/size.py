"""The size search space: 32,768 settings of five channels."""

from __future__ import annotations

from typing import Any

from natsbin.api.base import NASBenchMetaAPI
from natsbin.api.results import ArchResults
from natsbin.api.text import page
from natsbin.spaces import SSS

ALL_BASE_NAMES = [SSS.archive_name]


def print_information(information: ArchResults, extra_info: Any = None, show: bool = False) -> list[str]:
    """The lines of text about an architecture, printed too with ``show``."""
    return page(information, extra_info, show, (("train", "train"), ("valid", "x-valid"), ("test", "ori-test")))


class NATSsize(NASBenchMetaAPI):
    """The size search space of NATS-Bench."""

    _space = SSS
    _untimed = False

    @property
    def is_size(self) -> bool:
        """Is this the size space?"""
        return True

    @property
    def is_topology(self) -> bool:
        """Is this the topology space?"""
        return False

    @property
    def full_epochs_in_paper(self) -> int:
        """The epochs of the trainings that the paper reports."""
        return 90

    def query_info_str_by_arch(self, arch: Any, hp: str | int = "12") -> str | None:
        """A page of text about an architecture; None, with a warning, for one that is not at hand."""
        return self._query_info_str_by_arch(arch, hp, print_information)

    def show(self, index: int = -1) -> None:
        """Print all that is known of an architecture, or of all at hand for a negative index."""
        self._show(index, print_information)
