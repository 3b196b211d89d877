"""Encodings held to their definitions, one architecture after the other, and to their inverses over the whole space."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsbin import encodings
from natsbin.api.structure import TopologyStructure
from natsbin.errors import QuestionError
from natsbin.spaces import OPERATIONS, SPACES, SSS, TSS

ALL = {name: np.arange(len(space)) for name, space in SPACES.items()}
NASLIB = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"]
BY_SOURCE = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
BY_TARGET = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]

indexes = st.integers(0, len(TSS) - 1)
orders = pytest.mark.parametrize(("order", "listed", "names"), [
    ("darts", BY_TARGET, list(OPERATIONS)), ("naslib", BY_SOURCE, NASLIB),
])  # fmt: skip


def cell(index: int) -> dict[tuple[int, int], str]:
    """The operation of each edge, read from the architecture's string."""
    nodes = TopologyStructure.str2structure(TSS.architectures[index]).nodes
    return {(source, target): op for target, node in enumerate(nodes, 1) for op, source in node}


@pytest.mark.parametrize("space", [TSS, SSS], ids=["tss", "sss"])
def test_digits_are_those_of_the_strings(space: Any) -> None:
    found = encodings.digits(space, ALL[space.name])
    assert [tuple(row) for row in found.tolist()] == [space.parse(name) for name in space.architectures]


INVERSES: list[tuple[str, Callable[..., Any], Callable[..., Any]]] = [
    ("tss", lambda i: encodings.digits("tss", i), lambda v: encodings.from_digits("tss", v)),
    ("sss", lambda i: encodings.digits("sss", i), lambda v: encodings.from_digits("sss", v)),
    ("sss", lambda i: encodings.one_hot(SSS, i), lambda v: encodings.from_one_hot(SSS, v)),
    ("sss", encodings.channels, encodings.from_channels),
]
for _order in encodings.ORDERS:
    INVERSES += [
        (
            "tss",
            lambda i, o=_order: encodings.one_hot(TSS, i, o),
            lambda v, o=_order: encodings.from_one_hot(TSS, v, o),
        ),
        ("tss", lambda i, o=_order: encodings.operations(i, o), lambda v, o=_order: encodings.from_operations(v, o)),
        ("tss", lambda i, o=_order: encodings.edges(i, o), lambda v, o=_order: encodings.from_edges(v, o)),
        ("tss", lambda i, o=_order: encodings.nodes(i, o)[1], lambda v, o=_order: encodings.from_nodes(v, o)),
        ("tss", lambda i, o=_order: encodings.paths(i, o), lambda v, o=_order: encodings.from_paths(v, o)),
    ]


@pytest.mark.parametrize(("space", "encode", "decode"), INVERSES)
def test_inverses_are_exact_over_the_whole_space_and_in_any_shape(
    space: str, encode: Callable[..., Any], decode: Callable[..., Any]
) -> None:
    np.testing.assert_array_equal(decode(encode(ALL[space])), ALL[space])
    table = np.array([[5, 17, 0], [3, 999, 15_624]])
    np.testing.assert_array_equal(decode(encode(table)), table)
    assert decode(encode(12)).shape == ()
    assert decode(encode([])).shape == (0,)


@orders
@given(index=indexes)
def test_operations_by_edge(order: str, listed: list[tuple[int, int]], names: list[str], index: int) -> None:
    ops = cell(index)
    expected = [names.index(ops[edge]) for edge in listed]
    assert encodings.operations(index, order).tolist() == expected
    assert encodings.one_hot(TSS, index, order).tolist() == [[int(k == op) for k in range(5)] for op in expected]
    matrix = encodings.edges(index, order)
    for source, target in itertools.product(range(4), repeat=2):
        row = [int(ops.get((source, target)) == name) for name in names]
        assert matrix[source, target].tolist() == row


def test_edges_are_the_matrices_of_nats_bench() -> None:
    """Those have the number of an operation at [target, source]; there 0 stands for ``none``, and for no edge."""
    original = pytest.importorskip("nats_bench")
    found = np.stack([original.NATStopology.str2matrix(name) for name in TSS.architectures])
    numbers = encodings.edges(ALL["tss"]).argmax(axis=-1)
    np.testing.assert_array_equal(numbers, found.transpose(0, 2, 1))


def test_unique_cells_are_those_of_xautodl() -> None:
    searchs = pytest.importorskip("xautodl.models.cell_searchs")
    first: dict[str, int] = {}
    for index, name in enumerate(TSS.architectures):
        first.setdefault(searchs.CellStructure.str2structure(name).to_unique_str(True), index)
    assert sorted(first.values()) == np.unique(encodings.unique_cells()).tolist()


@orders
@given(index=indexes)
def test_operations_as_nodes(order: str, listed: list[tuple[int, int]], names: list[str], index: int) -> None:
    adjacency, features = encodings.nodes(index, order)
    ops = cell(index)
    kinds = ["input", *(ops[edge] for edge in listed), "output"]
    assert features.tolist() == [[int(kind == name) for name in ("input", *names, "output")] for kind in kinds]
    expected = np.zeros((8, 8), int)
    for k, (source, target) in enumerate(listed, 1):
        if source == 0:
            expected[0, k] = 1
        if target == 3:
            expected[k, 7] = 1
        for m, (other, _) in enumerate(listed, 1):
            if other == target:
                expected[k, m] = 1
    np.testing.assert_array_equal(adjacency, expected)


def test_the_published_adjacency_of_operations_as_nodes() -> None:
    """Edges by source: what NASLib's GCN encoding of NAS-Bench-201 lists as successors of each node."""
    adjacency, _ = encodings.nodes(0, "naslib")
    assert [np.flatnonzero(row).tolist() for row in adjacency] == [[1, 2, 3], [4, 5], [6], [7], [6], [7], [7], []]


@orders
@given(index=indexes)
def test_paths_are_those_walked_through_the_cell(
    order: str, listed: list[tuple[int, int]], names: list[str], index: int
) -> None:
    ops = cell(index)
    walks = [[0, 3], [0, 1, 3], [0, 2, 3], [0, 1, 2, 3]]
    places = set()
    for walk in walks:
        numbers = [names.index(ops[edge]) for edge in itertools.pairwise(walk)]
        before = sum(5**k for k in range(1, len(numbers)))
        places.add(before + sum(number * 5**k for k, number in enumerate(numbers)))
    assert set(np.flatnonzero(encodings.paths(index, order)).tolist()) == places


def test_channels_are_those_of_the_strings() -> None:
    assert [":".join(map(str, row)) for row in encodings.channels(ALL["sss"]).tolist()] == SSS.architectures


def test_unique_cells_are_the_6466_of_the_paper() -> None:
    found = encodings.unique_cells()
    assert len(np.unique(found)) == 6466
    texts = [TopologyStructure.str2structure(name).to_unique_str(consider_zero=True) for name in TSS.architectures]
    first: dict[str, int] = {}
    for index, text in enumerate(texts):
        first.setdefault(text, index)
    assert found.tolist() == [first[text] for text in texts]


@pytest.mark.parametrize("space", [TSS, SSS], ids=["tss", "sss"])
@pytest.mark.parametrize("distance", [0, 1, 2])
def test_neighbours_are_all_at_that_distance(space: Any, distance: int) -> None:
    rows = encodings.digits(space, ALL[space.name])
    for index in (0, 6111, 15_000):
        found = encodings.neighbours(space, index, distance)
        away = (rows != rows[index]).sum(axis=1)
        np.testing.assert_array_equal(np.sort(found), np.flatnonzero(away == distance))
        np.testing.assert_array_equal(encodings.edit_distance(space, index, ALL[space.name]), away)
    both = encodings.neighbours(space, [[1, 2]], distance)
    np.testing.assert_array_equal(both[0, 1], encodings.neighbours(space, 2, distance))


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (lambda: encodings.digits("tss", 15_625), "0 <= index < 15625"),
        (lambda: encodings.digits("tss", [-1]), "0 <= index"),
        (lambda: encodings.digits("tss", [0.5]), "expected indexes"),
        (lambda: encodings.digits("nb101", 0), "expected one of tss, sss"),
        (lambda: encodings.from_digits("tss", [[0, 0, 0, 0, 0, 5]]), "from 0 to 4"),
        (lambda: encodings.from_digits("tss", [0, 1]), "shape"),
        (lambda: encodings.one_hot("tss", 0, "enas"), "darts, naslib"),
        (lambda: encodings.from_one_hot("tss", np.ones((6, 5))), "single 1"),
        (lambda: encodings.from_operations([[9] * 6]), "from 0 to 4"),
        (lambda: encodings.from_paths(np.zeros((1, 155), np.uint8)), "place 0"),
        (lambda: encodings.from_channels([8, 8, 8, 8, 9]), r"\[9\]"),
        (lambda: encodings.neighbours("tss", 0, 7), "from 0 to 6"),
    ],
)
def test_what_is_none_is_refused(question: Callable[[], object], says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        question()
