"""Small but whole search spaces for studies, and what the scalar API says of one training."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.made import Made
from support.small_spaces import scalar_api, small_space

from natsbin.store import Store

Said = Callable[[int, int], tuple[float, float]]


@pytest.fixture(scope="session")
def tss(made: Made) -> Store:
    return small_space(made, "tss")


@pytest.fixture(scope="session")
def sss(made: Made) -> Store:
    return small_space(made, "sss")


@pytest.fixture(scope="session")
def said(sss: Store) -> Said:
    """Accuracy and seconds of a training of a size on cifar10, hp 12, seed 777, by index and epoch."""
    api = scalar_api(sss)

    def ask(index: int, epoch: int) -> tuple[float, float]:
        info = api.get_more_info(index, "cifar10-valid", epoch, "12", is_random=777)
        return info["valid-accuracy"], info["train-all-time"] + info["valid-per-time"]

    return ask
