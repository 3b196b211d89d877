"""The layers of NATS-Bench's networks. Names of submodules are those in the published state dicts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor, nn


def conv_block(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """ReLU, convolution, batch norm, under the name ``op``."""
    layers = nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )
    return nn.Sequential(OrderedDict(op=layers))


def average_pool(inputs: int, outputs: int) -> nn.Sequential:
    """A 3 x 3 mean that leaves the size as it is, after a 1 x 1 convolution where the width changes."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if inputs != outputs:
        layers["preprocess"] = conv_block(inputs, outputs, 1)
    layers["op"] = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return nn.Sequential(layers)


def skip(inputs: int, outputs: int) -> nn.Module:
    """The input itself, or a 1 x 1 convolution and batch norm of it where the width changes."""
    if inputs == outputs:
        return nn.Identity()
    conv = nn.Conv2d(inputs, outputs, 1, bias=False)
    return nn.Sequential(OrderedDict(conv=conv, bn=nn.BatchNorm2d(outputs)))


class Zero(nn.Module):
    """Zeros in the place of an edge."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        if self.outputs is None:
            # Not `zeros_like`: layers before keep a gradient, of zeros, so that an optimizer decays them.
            return x * 0.0
        return x.new_zeros(x.shape[0], self.outputs, *x.shape[2:])


EDGES: dict[str, Callable[[int, int], nn.Module]] = {
    "none": Zero,
    "skip_connect": skip,
    "nor_conv_1x1": partial(conv_block, kernel=1),
    "nor_conv_3x3": partial(conv_block, kernel=3),
    "avg_pool_3x3": average_pool,
}
"""What makes the module of an operation of the topology space, given the widths before and after it."""


class Cell(nn.Module):
    """Four nodes, each the sum of an edge from every node before it; the last is the output."""

    def __init__(self, operations: Sequence[str], inputs: int, outputs: int) -> None:
        super().__init__()
        # Edges 0, 1 and 3 leave the first node, which alone is as wide as the input.
        widths = [inputs if i in (0, 1, 3) else outputs for i in range(6)]
        self.layers = nn.ModuleList(
            EDGES[operation](width, outputs) for operation, width in zip(operations, widths, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        nodes, layers = [x], iter(self.layers)
        for _ in range(3):
            # All edges run before the sum starts: gradients then add up in the order of xautodl.
            nodes.append(sum([next(layers)(node) for node in nodes]))
        return nodes[-1]


class Reduction(nn.Module):
    """Two convolutions beside a shortcut; the image leaves at half its height and width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv_a = conv_block(inputs, outputs, 3, stride=2)
        self.conv_b = conv_block(outputs, outputs, 3)
        self.downsample = nn.Sequential(nn.AvgPool2d(2, stride=2), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.downsample(x) + self.conv_b(self.conv_a(x))
        return out
