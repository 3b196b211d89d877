"""ConfigSpace spaces of both benchmarks."""

from __future__ import annotations

import pytest
from support.small_spaces import CHOICES

from natsbin.spaces import SPACES

ConfigSpace = pytest.importorskip("ConfigSpace")

from natsbin.adaptors import configspace  # noqa: E402


@pytest.mark.parametrize("name", SPACES)
def test_samples_are_architectures(name: str) -> None:
    space = configspace.configuration_space(name, seed=4)
    assert space.estimate_size() == len(SPACES[name])
    for sample in space.sample_configuration(20):
        index = configspace.architecture(name, sample)
        values = list(dict(sample).values())
        assert SPACES[name].architectures[index].count(str(values[0])) >= 1
        assert configspace.configuration(space, name, index) == sample


def test_fewer_choices() -> None:
    space = configspace.configuration_space("sss", choices=CHOICES["sss"])
    assert space.estimate_size() == 32
    assert list(space["channels_3"].sequence) == [8, 64]
