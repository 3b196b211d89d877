"""Networks beside those of xautodl 1.0.0, the original: same state, same numbers, to the bit."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")
xautodl_models = pytest.importorskip(
    "xautodl.models", reason="xautodl is not installed (pip install --no-deps xautodl==1.0.0)", exc_type=ImportError
)

from natsbin.models import count_flops, count_params, get_cell_based_tiny_net  # noqa: E402 - after the skips
from natsbin.spaces import SSS, TSS  # noqa: E402

SHAPE_CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"


def configs(count: int, seed: int, channels: list[str] | None, cells: list[str]) -> list[dict[str, Any]]:
    """Random configurations, as ``get_net_config`` writes them; with ``channels`` those of a shape network."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        cell, classes = rng.choice(cells), rng.choice((10, 100, 120))
        if channels is None:
            found.append({"name": "infer.tiny", "C": 16, "N": 5, "arch_str": cell, "num_classes": classes})
        else:
            widths = {"channels": rng.choice(channels), "genotype": cell}
            found.append({"name": "infer.shape.tiny", **widths, "num_classes": classes})
    return found


KINDS: dict[str, tuple[list[str] | None, list[str]]] = {
    "tss": (None, TSS.architectures),
    "sss": (SSS.architectures, [SHAPE_CELL]),
    "any cell over any widths": (SSS.architectures, TSS.architectures),
}
"""Channels and cells to draw from; what neither space has, both libraries still take."""


def same(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> bool:
    return list(ours) == list(theirs) and all(torch.equal(ours[key], theirs[key]) for key in ours)


def compare(config: dict[str, Any], seed: int) -> None:
    """Hold a network of ours to its twin, which gets its weights through a state dict."""
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    torch.manual_seed(seed)
    theirs = xautodl_models.get_cell_based_tiny_net(config)
    torch.manual_seed(seed)
    ours = get_cell_based_tiny_net(config)
    assert same(ours.state_dict(), theirs.state_dict()), "not initialised alike"
    ours = get_cell_based_tiny_net(config)
    ours.load_state_dict(theirs.state_dict())
    assert count_params(ours) == sum(parameter.numel() for parameter in theirs.parameters()) / 1e6

    outputs = ours(images), theirs(images)
    assert all(torch.equal(one, other) for one, other in zip(*outputs, strict=True)), "train mode"
    assert same(ours.state_dict(), theirs.state_dict()), "statistics after a pass in train mode"
    for _, logits in outputs:
        torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None)
        assert one.grad is None or torch.equal(one.grad, other.grad), "gradients"
    outputs = ours.eval()(images), theirs.eval()(images)
    assert all(torch.equal(one, other) for one, other in zip(*outputs, strict=True)), "eval mode"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_random_architectures_equal_the_original(kind: str, count: int) -> None:
    for seed, config in enumerate(configs(count, 2, *KINDS[kind])):
        compare(config, seed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", [32, 16])
def test_flops_equal_the_original_count(kind: str, side: int) -> None:
    utils = pytest.importorskip("xautodl.utils", reason="xautodl.utils cannot be imported", exc_type=ImportError)
    for config in configs(8, 4, *KINDS[kind]):
        flops, params = utils.get_model_infos(xautodl_models.get_cell_based_tiny_net(config), (1, 3, side, side))
        network = get_cell_based_tiny_net(config)
        assert (count_flops(network, (1, 3, side, side)), count_params(network)) == (flops, params), config
