"""Random search in lockstep."""

from __future__ import annotations

from natsbin.search.lockstep.block import Asked, Block, Floats
from natsbin.search.random_search import RandomSearch
from natsbin.spaces import SearchSpace


class RandomSearchBlock(Block):
    """``RandomSearch`` for a block of runs."""

    def __init__(self, space: SearchSpace, epochs: int, runs: int) -> None:
        super().__init__(space, epochs, runs, RandomSearch.WIDTH)

    def ask(self, numbers: Floats) -> Asked:
        """Architectures drawn uniformly."""
        return Asked(self.drawn(numbers[:, 0]), self.epochs, 0, numbers[:, 1])

    def tell(self, asked: Asked, accuracy: Floats) -> None:
        """Random search learns nothing."""
