"""Architectures as arrays: the encodings that predictors and optimisers take, over arrays of indexes, and back.

Every function takes official indexes of any shape and puts its axes behind theirs; ``from_NAME`` is the exact inverse
of ``NAME``. ``docs/encodings.md`` draws each encoding and says where it comes from.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from natsbin.errors import QuestionError
from natsbin.spaces import CHANNELS, OPERATIONS, SPACES, TSS, SearchSpace, search_space

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]

NODES = 4
"""Nodes of a cell: its input is node 0, its output the last one."""


class Order(NamedTuple):
    """The order in which edges and operations of a cell are numbered."""

    edges: tuple[tuple[int, int], ...]  # (source, target) of nodes counted from 0
    operations: tuple[str, ...]


ORDERS = {
    "darts": Order(((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)), OPERATIONS),
    "naslib": Order(
        ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)),
        ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"),
    ),
}
"""``darts``: edges by the node that they enter, as in architecture strings, operations as in NATS-Bench.
``naslib``: edges by the node that they leave, operations as NASLib numbers them."""

PATHS = (((0, 3),), ((0, 1), (1, 3)), ((0, 2), (2, 3)), ((0, 1), (1, 2), (2, 3)))
"""The edges of each path from the input of a cell to its output."""


def digits(space: SearchSpace | str, index: Any) -> Bytes:
    """The digits of architectures: operations or channels by their position in ``spaces``; shape (…, 6) or (…, 5)."""
    space = search_space(space)
    return _all_digits(space.name)[_indexes(space, index)]


def from_digits(space: SearchSpace | str, values: Any) -> Ints:
    """The indexes of rows of digits, of shape (…, 6) or (…, 5)."""
    space = search_space(space)
    given = _rows("digits", values, (space.digits,))
    if given.dtype.kind not in "iu" or (given.size and not 0 <= given.min() <= given.max() < space.base):
        raise QuestionError(f"digits of {given.dtype}: expected whole numbers from 0 to {space.base - 1}")
    found: Ints = _index_of_rank(space.name)[given.astype(np.int32) @ _powers(space)]
    return found


def one_hot(space: SearchSpace | str, index: Any, order: str = "darts") -> Bytes:
    """A 1 for the operation of each edge, or the channels of each layer; shape (…, 6, 5) or (…, 5, 8)."""
    space = search_space(space)
    numbers = operations(index, order) if space is TSS else digits(space, index)
    return np.eye(space.base, dtype=np.uint8)[numbers]


def from_one_hot(space: SearchSpace | str, values: Any, order: str = "darts") -> Ints:
    """The indexes of one-hot rows. QuestionError unless each has exactly one 1 and no other number but 0."""
    space = search_space(space)
    numbers = _from_one_hot("one-hot rows", _rows("one-hot rows", values, (space.digits, space.base)))
    return from_operations(numbers, order) if space is TSS else from_digits(space, numbers)


def operations(index: Any, order: str = "darts") -> Bytes:
    """The operation of each edge of cells as a number, both in ``order``; shape (…, 6)."""
    edges, numbers = _order(order)
    return numbers[digits(TSS, index)[..., edges]]


def from_operations(values: Any, order: str = "darts") -> Ints:
    """The indexes of cells from the numbers of their operations."""
    edges, numbers = _order(order)
    given = _rows("operations", values, (TSS.digits,))
    if given.dtype.kind not in "iu" or (given.size and not 0 <= given.min() <= given.max() < TSS.base):
        raise QuestionError(f"operations of {given.dtype}: expected whole numbers from 0 to {TSS.base - 1}")
    return from_digits(TSS, np.argsort(numbers)[given[..., np.argsort(edges)]])


def edges(index: Any, order: str = "darts") -> Bytes:
    """Operations on edges: at [source, target] the operation's one-hot row, zeros where a cell has no edge.

    Of shape (…, 4, 4, 5). The operations are in ``order``; a matrix of nodes has no order of edges.
    """
    rows = one_hot(TSS, index, order)
    out = np.zeros((*rows.shape[:-2], NODES, NODES, TSS.base), np.uint8)
    sources, targets = zip(*ORDERS[order].edges, strict=True)
    out[..., sources, targets, :] = rows
    return out


def from_edges(values: Any, order: str = "darts") -> Ints:
    """The indexes of cells from ``edges``."""
    _order(order)
    given = _rows("edges", values, (NODES, NODES, TSS.base))
    sources, targets = zip(*ORDERS[order].edges, strict=True)
    return from_one_hot(TSS, given[..., sources, targets, :], order)


def nodes(index: Any, order: str = "darts") -> tuple[Bytes, Bytes]:
    """Operations on nodes: the graph whose nodes are a cell's input, its edges in ``order``, and its output.

    The adjacency matrix, of shape (8, 8), is the same for all: [i, j] is 1 where data flows from i to j. The features
    are of shape (…, 8, 7): one-hot rows of input, the five operations, output.
    """
    rows = one_hot(TSS, index, order)
    features = np.zeros((*rows.shape[:-2], TSS.digits + 2, TSS.base + 2), np.uint8)
    features[..., 0, 0] = features[..., -1, -1] = 1
    features[..., 1:-1, 1:-1] = rows
    ends = [(0, 0), *ORDERS[order].edges, (NODES - 1, NODES - 1)]
    inner = range(1, len(ends) - 1)
    adjacency = np.zeros((len(ends), len(ends)), np.uint8)
    for i, j in itertools.product(range(len(ends)), repeat=2):
        adjacency[i, j] = ends[i][1] == ends[j][0] and i != j and (i in inner or j in inner)
    return adjacency, features


def from_nodes(features: Any, order: str = "darts") -> Ints:
    """The indexes of cells from the features of ``nodes``."""
    given = _rows("features", features, (TSS.digits + 2, TSS.base + 2))
    return from_one_hot(TSS, given[..., 1:-1, 1:-1], order)


def paths(index: Any, order: str = "darts") -> Bytes:
    """Which of the 5 + 25 + 125 possible paths from input to output a cell has; shape (…, 155).

    A path of operations a, b, … of ``order`` stands at a + 5·b + … behind all shorter ones.
    """
    numbers = operations(index, order)
    out = np.zeros((*numbers.shape[:-1], sum(TSS.base**length for length in (1, 2, 3))), np.uint8)
    for place in np.moveaxis(_path_places(numbers, order), -1, 0):
        np.put_along_axis(out, place[..., None], 1, axis=-1)
    return out


def from_paths(values: Any, order: str = "darts") -> Ints:
    """The indexes of cells from ``paths``: no two cells have the same."""
    given = _rows("paths", values, (sum(TSS.base**length for length in (1, 2, 3)),))
    rows = np.ascontiguousarray(given).reshape(-1, given.shape[-1])
    known, indexes = _paths_of_all(order)
    keys = _packed(rows)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    if rows.size and ((known[at] != keys).any() or (rows > 1).any()):
        place = int(np.argmax((known[at] != keys) | (rows > 1).any(axis=-1)))
        raise QuestionError(f"paths at place {place}: no cell has just these")
    return indexes[at].reshape(given.shape[:-1])


def channels(index: Any) -> Bytes:
    """The channels of each layer of networks of the size space, 8 to 64; shape (…, 5)."""
    return np.array(CHANNELS, np.uint8)[digits("sss", index)]


def from_channels(values: Any) -> Ints:
    """The indexes of networks of the size space from their channels."""
    given = _rows("channels", values, (SPACES["sss"].digits,))
    if not np.isin(given, CHANNELS).all():
        raise QuestionError(f"channels {given[~np.isin(given, CHANNELS)].tolist()[:3]}: expected {CHANNELS}")
    return from_digits("sss", (given // CHANNELS[0] - 1).astype(np.int64))


def unique_cells() -> Ints:
    """For each cell the lowest index of those that are isomorphic to it; shape (15625,), 6,466 different ones.

    Cells are the same where ``skip_connect`` is left out and what ``none`` cuts off counts as nothing, as the authors
    of NAS-Bench-201 count (``TopologyStructure.to_unique_str(consider_zero=True)``).
    """
    return _unique_cells().copy()


def edit_distance(space: SearchSpace | str, one: Any, other: Any) -> Ints:
    """The number of edges or layers in which architectures differ; indexes broadcast."""
    return np.asarray((digits(space, one) != digits(space, other)).sum(axis=-1), np.int32)


def neighbours(space: SearchSpace | str, index: Any, distance: int = 1) -> Ints:
    """The indexes of all architectures that differ in exactly ``distance`` edges or layers.

    Shape (…, 24) for cells at distance 1, (…, 35) for sizes; from the first place to the last, and at each the other
    digits from the lowest.
    """
    space = search_space(space)
    if isinstance(distance, bool) or not isinstance(distance, int) or not 0 <= distance <= space.digits:
        raise QuestionError(f"distance={distance!r}: expected a whole number from 0 to {space.digits}")
    own = digits(space, index)[..., None, :].astype(np.int32)
    powers = _powers(space)
    ranks = own @ powers
    found = []
    for places in itertools.combinations(range(space.digits), distance):
        others = np.array(list(itertools.product(range(space.base - 1), repeat=distance)), np.int32)
        old = own[..., places]
        new = others + (others >= old)  # the digits that are not the old one, ascending
        found.append(ranks + (new - old) @ powers[list(places)])
    out: Ints = _index_of_rank(space.name)[np.concatenate(found, axis=-1)]
    return out


def _indexes(space: SearchSpace, index: Any) -> Array:
    given = np.asarray(index)
    if given.size == 0 and given.dtype == np.float64:  # what numpy makes of []
        given = given.astype(np.int64)
    if given.dtype.kind not in "iu":
        raise QuestionError(f"architectures of {given.dtype}: expected indexes")
    if given.size and not 0 <= int(given.min()) <= int(given.max()) < len(space):
        raise QuestionError(f"architectures {given.min()} to {given.max()}: expected 0 <= index < {len(space)}")
    return given


def _rows(what: str, values: Any, shape: tuple[int, ...]) -> Array:
    given = np.asarray(values)
    if given.shape[-len(shape) :] != shape:
        raise QuestionError(f"{what} of shape {given.shape}: expected (…, {', '.join(map(str, shape))})")
    return given


def _from_one_hot(what: str, rows: Array) -> Array:
    if rows.size and (((rows != 0) & (rows != 1)).any() or (rows.sum(axis=-1) != 1).any()):
        raise QuestionError(f"{what}: expected a single 1 in each")
    return np.asarray(rows.argmax(axis=-1))


def _order(order: str) -> tuple[Array, Bytes]:
    """The places of an order's edges in a row of digits, and the number that it gives to each digit's operation."""
    if order not in ORDERS:
        raise QuestionError(f"order {order!r}: expected one of {', '.join(ORDERS)}")
    listed, names = ORDERS[order]
    places = [ORDERS["darts"].edges.index(edge) for edge in listed]
    return np.array(places), np.array([names.index(name) for name in OPERATIONS], np.uint8)


def _powers(space: SearchSpace) -> Ints:
    """What a digit at each place counts for in the rank."""
    return np.array([space.base**place for place in range(space.digits - 1, -1, -1)], np.int32)


@lru_cache
def _all_digits(space: str) -> Bytes:
    """Digits of the whole space by index."""
    found = SPACES[space]
    ranks = np.array(found.rank_of_index)[:, None]
    return np.asarray(ranks // _powers(found) % found.base, np.uint8)


@lru_cache
def _index_of_rank(space: str) -> Ints:
    return np.argsort(np.array(SPACES[space].rank_of_index)).astype(np.int32)


def _path_places(numbers: Bytes, order: str) -> Array:
    """Where each of a cell's four paths stands among all; shape (…, 4)."""
    listed = ORDERS[order].edges
    out = []
    for path in PATHS:
        place = np.full(numbers.shape[:-1], sum(TSS.base**length for length in range(1, len(path))), np.int64)
        for power, edge in enumerate(path):
            place += numbers[..., listed.index(edge)].astype(np.int64) * TSS.base**power
        out.append(place)
    return np.stack(out, axis=-1)


def _packed(rows: Bytes) -> Array:
    """One comparable value for each row of bits."""
    return np.ascontiguousarray(np.packbits(rows.astype(np.bool_), axis=-1)).view(f"S{-(-rows.shape[-1] // 8)}")[:, 0]


@lru_cache
def _paths_of_all(order: str) -> tuple[Array, Ints]:
    """All cells' paths as sorted values, and whose each is."""
    keys = _packed(paths(np.arange(len(TSS)), order))
    by_key = np.argsort(keys)
    return keys[by_key], by_key.astype(np.int32)


@lru_cache
def _unique_cells() -> Ints:
    """Each node of a cell is a text of what flows into it; cells of the same last text are the same."""

    def flow(digit: int, text: str) -> str:
        if OPERATIONS[digit] == "none" or text == "#":
            return "#"
        return text if OPERATIONS[digit] == "skip_connect" else f"({text})@{OPERATIONS[digit]}"

    everything = range(TSS.base)
    classes: dict[str, int] = {}
    of_rank = []
    for a, b, c in itertools.product(everything, repeat=3):
        one = flow(a, "0")
        two = "+".join(sorted((flow(b, "0"), flow(c, one))))
        last = [[flow(digit, node) for digit in everything] for node in ("0", one, two)]
        of_rank += [classes.setdefault("+".join(sorted(flows)), len(classes)) for flows in itertools.product(*last)]
    by_index = np.array(of_rank)[TSS.rank_of_index]
    lowest = np.full(len(classes), len(TSS), np.int32)
    np.minimum.at(lowest, by_index, np.arange(len(TSS), dtype=np.int32))
    return np.asarray(lowest[by_index])
