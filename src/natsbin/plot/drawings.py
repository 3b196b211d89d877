"""Drawings of architectures: the graph of a cell, the channel profile of a network."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from natsbin import encodings
from natsbin.adaptors.configurations import configuration_of
from natsbin.spaces import CHANNELS, OPERATIONS, SearchSpace, search_space

_COLORS = dict(zip(OPERATIONS, ("0.8", "C2", "C0", "C3", "C1"), strict=True))
_BENDS = {(0, 2): 0.35, (1, 3): -0.35, (0, 3): 0.5}  # edges that pass a node go around it


def architecture(space: SearchSpace | str, index: int, *, ax: Any = None) -> Any:
    """Draw an architecture: nodes and operations of a cell, or bars of a network's channels."""
    space = search_space(space)
    ax = plt.subplots(figsize=(6, 3), layout="constrained")[1] if ax is None else ax
    if space.name == "tss":
        _cell(configuration_of(space, index), ax)
    else:
        channels = encodings.channels(index)
        ax.bar(np.arange(len(channels)), channels, color="C0")
        ax.set(xlabel="layer", ylabel="channels", ylim=(0, max(CHANNELS)), yticks=CHANNELS)
    ax.set_title(f"architecture {index}")
    return ax


def _cell(operations: dict[str, str], ax: Any) -> None:
    for name, operation in operations.items():
        source, target = (int(node) for node in name.split("_")[1:])
        bend = _BENDS.get((source, target), 0.0)
        arrow = {
            "arrowstyle": "-|>",
            "connectionstyle": f"arc3,rad={bend}",
            "color": _COLORS[operation],
            "linestyle": ":" if operation == "none" else "-",
            "shrinkA": 14,
            "shrinkB": 14,
        }
        ax.annotate("", (target, 0), (source, 0), arrowprops=arrow)
        # half of the way an arc is half of its bend away from the chord
        ax.text((source + target) / 2, -bend * (target - source) / 2, operation, ha="center", va="center", fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    for node, label in enumerate(("in", "1", "2", "out")):
        ax.text(node, 0, label, ha="center", va="center", bbox={"boxstyle": "circle", "facecolor": "white"})
    ax.set(xlim=(-0.3, 3.3), ylim=(-1.0, 0.7))
    ax.axis("off")
