"""Parameters, FLOPs, times and latencies of the networks behind both spaces.

Parameters and FLOPs are exact, counted as NATS-Bench counts: a multiplication of a convolution or the
classifier (and the classifier's bias) is one FLOP; normalisation, pooling and additions are free.
"""

from __future__ import annotations

from dataclasses import dataclass

from natsbin.spaces import CHANNELS, OPERATIONS, SearchSpace

CLASSES = {"cifar10-valid": 10, "cifar10": 10, "cifar100": 100, "ImageNet16-120": 120}
RESOLUTION = {"cifar10-valid": 32, "cifar10": 32, "cifar100": 32, "ImageNet16-120": 16}  # pixels a side

CELLS_PER_STAGE = 5
STAGE_CHANNELS = (16, 32, 64)
KERNEL = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}


@dataclass(frozen=True)
class Cost:
    """Counts of parameters and FLOPs (not in millions)."""

    params: int = 0
    flops: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.params + other.params, self.flops + other.flops)

    def __mul__(self, times: int) -> Cost:
        return Cost(self.params * times, self.flops * times)


def _conv(inputs: int, outputs: int, kernel: int, pixels: int, *, norm: bool = True) -> Cost:
    """A convolution to ``pixels`` a side without bias, and the two vectors of its batch normalisation."""
    weights = inputs * outputs * kernel * kernel
    return Cost(weights + 2 * outputs * norm, weights * pixels * pixels)


def _reduction(inputs: int, outputs: int, pixels: int) -> Cost:
    """The residual block that halves the resolution to ``pixels``; its short cut has no normalisation."""
    block = _conv(inputs, outputs, 3, pixels) + _conv(outputs, outputs, 3, pixels)
    return block + _conv(inputs, outputs, 1, pixels, norm=False)


def _head(channels: int, classes: int) -> Cost:
    classifier = channels * classes + classes
    return Cost(2 * channels + classifier, classifier)


def _topology_cost(digits: tuple[int, ...], pixels: int, classes: int) -> Cost:
    total = _conv(3, STAGE_CHANNELS[0], 3, pixels) + _head(STAGE_CHANNELS[-1], classes)
    for stage, channels in enumerate(STAGE_CHANNELS):
        if stage:
            pixels //= 2
            total += _reduction(STAGE_CHANNELS[stage - 1], channels, pixels)
        kernels = [KERNEL[OPERATIONS[d]] for d in digits if OPERATIONS[d] in KERNEL]
        for kernel in kernels:
            total += _conv(channels, channels, kernel, pixels) * CELLS_PER_STAGE
    return total


def _size_cost(digits: tuple[int, ...], pixels: int, classes: int) -> Cost:
    channels = [CHANNELS[d] for d in digits]
    total = _conv(3, channels[0], 3, pixels) + _head(channels[-1], classes)
    before = channels[0]
    for layer, here in enumerate(channels):
        if layer % 2:
            pixels //= 2
            total += _reduction(before, here, pixels)
        else:  # a cell of five 3x3 convolutions, two of them from its input, and one skip from its input
            total += _conv(before, here, 3, pixels) * 2 + _conv(here, here, 3, pixels) * 3
            if before != here:
                total += _conv(before, here, 1, pixels)
        before = here
    return total


def network_cost(space: SearchSpace, digits: tuple[int, ...], dataset: str) -> tuple[float, float]:
    """Parameters (M) and FLOPs (M) of an architecture's network for a dataset, to the last bit."""
    count = _topology_cost if space.name == "tss" else _size_cost
    cost = count(digits, RESOLUTION[dataset], CLASSES[dataset])
    return cost.params / 1e6, cost.flops / 1e6


def digits_with_params(params: float, dataset: str) -> tuple[int, ...]:
    """Digits of some topology cell whose network has ``params`` (M); six skips where there is none."""
    for threes in range(7):
        for ones in range(7 - threes):
            digits = (3,) * threes + (2,) * ones + (1,) * (6 - threes - ones)
            cost = _topology_cost(digits, RESOLUTION[dataset], CLASSES[dataset])
            if cost.params / 1e6 == params:
                return digits
    return (1,) * 6


def train_seconds(space: SearchSpace, digits: tuple[int, ...]) -> float:
    """A plausible time to train an epoch of 25,000 samples; genuine topology cells take 2.7 to 17.3 s."""
    if space.name == "sss":
        return 2.0 + sum(CHANNELS[d] for d in digits) / 40
    seconds = (0.1, 0.3, 1.5, 2.2, 1.6)  # by digit
    return 2.7 + sum(seconds[d] for d in digits)
