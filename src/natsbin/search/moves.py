"""A search space as arrays: how an index becomes digits, and what lies one step from an architecture.

The functions take numbers or arrays alike, so that an algorithm moves the same way alone and in lockstep.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.spaces import SPACES, SearchSpace

Longs = npt.NDArray[np.int64]


class Moves:
    """Steps within a search space. An architecture's *rank* is the number that its digits spell."""

    def __init__(self, space: SearchSpace) -> None:
        self.space, self.base, self.digits = space, space.base, space.digits
        self.total = len(space)
        self.rank_of_index: Longs = np.array(space.rank_of_index, np.int64)
        self.index_of_rank: Longs = np.empty(self.total, np.int64)
        self.index_of_rank[self.rank_of_index] = np.arange(self.total)
        self.place_values: Longs = self.base ** np.arange(self.digits - 1, -1, -1, dtype=np.int64)
        self.neighbours = self.digits * (self.base - 1)

    def digits_of(self, index: Any) -> Longs:
        """Digits of architectures: the shape of ``index``, and an axis of digits."""
        ranks = self.rank_of_index[index]
        found: Longs = ranks[..., None] // self.place_values % self.base
        return found

    def index_of(self, digits: Longs) -> Longs:
        """Indexes of digits, whose last axis disappears."""
        found: Longs = self.index_of_rank[digits @ self.place_values]
        return found

    def neighbour(self, index: Any, number: Any) -> Any:
        """Neighbour ``number`` of ``self.neighbours``: those that differ in one digit, digit by digit."""
        place, step = number // (self.base - 1), number % (self.base - 1)
        return self.replaced(index, place, step, skip_own=True)

    def replaced(self, index: Any, place: Any, digit: Any, skip_own: bool) -> Any:
        """The architecture with another digit at a place; if ``skip_own``, ``digit`` counts the others only."""
        rank = self.rank_of_index[index]
        value = self.place_values[place]
        own = rank // value % self.base
        new = digit + (digit >= own) if skip_own else digit
        return self.index_of_rank[rank + (new - own) * value]

    def mutated(self, index: Any, where: Any, within: Any, what: Any) -> Any:
        """A mutation as the paper's evolution makes it, from three numbers of [0, 1).

        In the topology space a node of the cell is chosen, then one of its edges, then one of the other operations; in
        the size space a layer and any of the channels, its own too.
        """
        if self.space.name == "sss":
            return self.replaced(index, _part(where, self.digits), _part(what, self.base), skip_own=False)
        node = _part(where, 3)  # node n has n + 1 edges, after n * (n + 1) / 2 of the nodes before
        edge = node * (node + 1) // 2 + _part(within, node + 1)
        return self.replaced(index, edge, _part(what, self.base - 1), skip_own=True)


def _part(chance: Any, parts: Any) -> Any:
    """Which of equal parts of [0, 1) a number is in."""
    if isinstance(chance, float):
        return int(chance * parts)
    return (chance * parts).astype(np.int64)


@functools.lru_cache
def _moves(name: str) -> Moves:
    return Moves(SPACES[name])


def moves_of(space: SearchSpace) -> Moves:
    """The steps of a space, made once."""
    return _moves(space.name)
