"""A cell of the topology space as a structure: the names of ``nats_bench.genotype_utils``."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from typing import Any

from natsbin.errors import QuestionError

Edge = tuple[str, int]  # an operation, and the node that feeds it
Node = tuple[Edge, ...]


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise QuestionError(otherwise)


@lru_cache(1024)
def edges_of(node_str: str) -> Node:
    """The edges into one node, from text like ``|none~0|skip_connect~1|``."""
    edges = []
    for text in node_str.split("|"):
        if text:
            parts = text.split("~")
            _require(len(parts) == 2, f"an edge is OPERATION~NODE, not {text!r} in {node_str!r}")
            edges.append((parts[0], int(parts[1])))
    return tuple(edges)


class TopologyStructure:
    """A cell: for each node after the first, the edges (operation, earlier node) that feed it."""

    def __init__(self, genotype: Sequence[Any]) -> None:
        _require(isinstance(genotype, (list, tuple)), f"a cell is a list or tuple of nodes, not {type(genotype)}")
        self.node_num = len(genotype) + 1
        self.nodes: list[Node] = []
        self.node_N: list[int] = []
        for position, node in enumerate(genotype):
            _require(isinstance(node, (list, tuple)), f"node {position + 1} is {type(node)}: expected its edges")
            _require(len(node) >= 1, f"node {position + 1} has no edges: it takes at least one")
            for edge in node:
                _require(isinstance(edge, (list, tuple)), f"an edge of node {position + 1} is {type(edge)}")
                _require(
                    len(edge) == 2 and edge[1] <= position,
                    f"bad edge {edge} of node {position + 1}: expected (operation, node 0..{position})",
                )
            self.node_N.append(len(node))
            self.nodes.append(tuple(tuple(edge) for edge in node))

    def tolist(self, remove_str: str | None) -> tuple[list[Node] | None, bool]:
        """The nodes without the edges of one operation; (None, False) where a node loses all of them."""
        nodes = [_in_order(edge for edge in node if edge[0] != remove_str) for node in self.nodes]
        return (nodes, True) if all(nodes) else (None, False)

    def node(self, index: int) -> Node:
        """The edges of a node by its position, from 1 on, among the nodes that have edges."""
        _require(0 < index <= len(self), f"node {index} has no edges: expected 1 <= index < {len(self)}")
        return self.nodes[index]

    def tostr(self) -> str:
        """The cell as NATS-Bench writes it, like ``|none~0|+|none~0|skip_connect~1|``."""
        return "+".join("|" + "|".join(f"{op}~{source}" for op, source in node) + "|" for node in self.nodes)

    def check_valid(self) -> bool:
        """Whether any path leads from the input to the last node."""
        reached = [True]
        for node in self.nodes:
            reached.append(any(op != "none" and reached[source] for op, source in node))
        return reached[-1]

    def to_unique_str(self, consider_zero: bool | None = False) -> str:
        """A text that cells computing the same function share.

        ``consider_zero``: True also drops what a ``none`` cuts off, False drops ``skip_connect`` alone, None
        keeps every operation.
        """
        return unique_text(self.nodes, consider_zero)

    def check_valid_op(self, op_names: Container[str]) -> bool:
        """Whether every operation is one of these."""
        return all(op in op_names for node in self.nodes for op, _ in node)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.node_num} nodes with {self.tostr()})"

    def __len__(self) -> int:
        return len(self.nodes) + 1

    def __getitem__(self, index: int) -> Node:
        return self.nodes[index]

    @staticmethod
    def str2structure(xstr: str | TopologyStructure) -> TopologyStructure:
        """The cell that a text writes; QuestionError (an AssertionError) where it is not one."""
        if isinstance(xstr, TopologyStructure):
            return xstr
        _require(isinstance(xstr, str), f"a cell is written as a string, not {type(xstr)}")
        return TopologyStructure([edges_of(node) for node in xstr.split("+")])

    @staticmethod
    def str2fullstructure(xstr: str, default_name: str = "none") -> TopologyStructure:
        """As ``str2structure``, with an edge of ``default_name`` where the text leaves one out.

        The edge from the node just before is never filled in, as in ``nats_bench``.
        """
        _require(isinstance(xstr, str), f"a cell is written as a string, not {type(xstr)}")
        nodes = []
        for position, text in enumerate(xstr.split("+")):
            edges = edges_of(text)
            given = {source for _, source in edges}
            missing = [(default_name, source) for source in range(position) if source not in given]
            nodes.append(_in_order((*edges, *missing)))
        return TopologyStructure(nodes)

    @staticmethod
    def gen_all(search_space: Iterable[str], num: int, return_ori: bool) -> list[Any]:
        """Every cell of ``num`` nodes over these operations, in lexical order of its edges.

        As structures, or with ``return_ori`` as lists of nodes.
        """
        operations = tuple(search_space)
        _require(num >= 2, f"a cell has at least two nodes, not {num}")
        nodes_at = [
            [tuple(zip(ops, range(position), strict=True)) for ops in itertools.product(operations, repeat=position)]
            for position in range(1, num)
        ]
        cells = [list(cell) for cell in itertools.product(*nodes_at)]
        return cells if return_ori else [TopologyStructure(cell) for cell in cells]


def unique_text(nodes: Iterable[Node], consider_zero: bool | None) -> str:
    """``TopologyStructure.to_unique_str`` of a cell of these nodes."""
    texts = ["0"]
    for node in nodes:
        texts.append("+".join(sorted([_unique_edge(op, texts[source], consider_zero) for op, source in node])))
    return texts[-1]


def _in_order(edges: Iterable[Edge]) -> Node:
    return tuple(sorted(edges, key=lambda edge: (edge[1], edge[0])))


def _unique_edge(op: str, source: str, consider_zero: bool | None) -> str:
    if consider_zero and (op == "none" or source == "#"):
        return "#"
    if consider_zero is not None and op == "skip_connect":
        return source
    return f"({source})@{op}"


topology_str2structure = TopologyStructure.str2structure
