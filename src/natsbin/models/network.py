"""One network for both spaces of NATS-Bench, built from a configuration of ``get_net_config``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from natsbin.models.config import NetworkShape, read_config
from natsbin.models.layers import Cell, Reduction


class CellNetwork(nn.Module):
    """A stem, cells with two reductions between them, a classifier.

    Images come as (batch, 3, height, width), float, height and width multiples of 4; out come the features
    (batch, channels of the last layer) and the logits (batch, classes).
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        width = shape.channels[0]
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        self.cells = nn.ModuleList()
        for position, outputs in enumerate(shape.channels):
            if position in shape.reductions:
                self.cells.append(Reduction(width, outputs))
            else:
                self.cells.append(Cell(shape.operations, width, outputs))
            width = outputs
        self.lastact = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(width, shape.classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(images)
        for cell in self.cells:
            x = cell(x)
        features = self.global_pooling(self.lastact(x)).flatten(1)
        return features, self.classifier(features)


def get_cell_based_tiny_net(config: Mapping[str, Any] | object) -> CellNetwork:
    """The newly initialised network that a configuration of ``api.get_net_config(index, dataset)`` describes.

    ``config`` is a mapping or has attributes: ``name`` ``"infer.tiny"`` with ``C``, ``N``, ``arch_str``, or
    ``"infer.shape.tiny"`` with ``channels``, ``genotype``; and ``num_classes``. A cell is a string or a
    structure with ``tostr()``. Keys, shapes and order of the state dict, and the weights after the same
    ``torch.manual_seed``, are those of ``xautodl``. Raises ArchitectureError (a ValueError) where a field is
    missing or says something else.
    """
    return CellNetwork(read_config(config))
