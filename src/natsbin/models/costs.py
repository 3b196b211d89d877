"""What a network costs, counted as NATS-Bench counts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from natsbin.errors import ArchitectureError


def count_params(network: nn.Module) -> float:
    """Parameters in millions, equal to the archive's ``params``; buffers are not counted."""
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6


def count_flops(network: nn.Module, input_shape: tuple[int, ...]) -> float:
    """Million multiply-adds of one image in convolutions and linear layers, equal to the archive's ``flop``.

    ``input_shape`` is (batch, 3, height, width): (1, 3, 32, 32) for CIFAR, (1, 3, 16, 16) for ImageNet16-120.
    One forward pass of zeros in eval mode, without gradients; the network is left as it was.
    Raises ArchitectureError (a ValueError) where the shape is no batch of images.
    """
    if len(input_shape) != 4 or min(input_shape) < 1:
        raise ArchitectureError(f"input_shape is {input_shape!r}; expected (batch, channels, height, width)")
    total = 0

    def count(module: nn.Module, _: Any, output: Tensor) -> None:
        nonlocal total
        weight = module.get_parameter("weight")
        per_output = weight[0].numel() + (module.bias is not None)
        total += output.numel() * per_output

    modes = {module: module.training for module in network.modules()}
    layers = [module for module in modes if isinstance(module, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    like = next(network.parameters(), torch.empty(0))
    try:
        network.eval()
        with torch.no_grad():
            network(torch.zeros(input_shape, dtype=like.dtype, device=like.device))
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes.items():
            module.training = training
    return total // input_shape[0] / 1e6
