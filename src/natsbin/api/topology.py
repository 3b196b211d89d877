"""The topology search space: 15,625 cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from natsbin.api.benchmark import NASBenchMetaAPI
from natsbin.api.results import ArchResults
from natsbin.api.structure import Node, edges_of, unique_text
from natsbin.api.text import page
from natsbin.errors import QuestionError
from natsbin.spaces import OPERATIONS, TSS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALL_BASE_NAMES = [TSS.archive_name]


def print_information(information: ArchResults, extra_info: Any = None, show: bool = False) -> list[str]:
    """The lines of text about an architecture, printed too with ``show``."""
    return page(information, extra_info, show, (("train", "train"), ("valid", "x-valid")))


class NATStopology(NASBenchMetaAPI):
    """The topology search space of NATS-Bench."""

    _space = TSS
    _untimed = True
    _print_information = staticmethod(print_information)

    @property
    def is_size(self) -> bool:
        """Whether this is the size space."""
        return False

    @property
    def is_topology(self) -> bool:
        """Whether this is the topology space."""
        return True

    @property
    def full_epochs_in_paper(self) -> int:
        """The epochs of the trainings that the paper reports."""
        return 200

    def get_unique_str(self, arch: Any) -> str:
        """A text that cells computing the same function share."""
        index = self.query_index_by_arch(arch)
        if index < 0:
            raise QuestionError(f"unknown architecture {arch!r}: expected one like {self.meta_archs[0]!r}")
        return unique_text(self.str2lists(self.meta_archs[index]), consider_zero=True)

    @staticmethod
    def str2lists(arch_str: str) -> list[Node]:
        """The edges (operation, earlier node) into each node of a cell's string."""
        return [edges_of(node) for node in arch_str.split("+")]

    @staticmethod
    def str2matrix(arch_str: str, search_space: Sequence[str] = OPERATIONS) -> NDArray[np.float64]:
        """A cell's string as a matrix: at (node, earlier node) the number of the operation between them."""
        import numpy as np

        nodes = NATStopology.str2lists(arch_str)
        matrix = np.zeros((len(nodes) + 1, len(nodes) + 1))
        for row, node in enumerate(nodes, start=1):
            for operation, source in node:
                if operation not in search_space:
                    raise QuestionError(f"unknown operation {operation!r}: expected one of {search_space}")
                matrix[row, source] = search_space.index(operation)
        return matrix
