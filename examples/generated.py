"""A store for the notebooks where no published archive is at hand: the cells of three operations, values made up."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from natsbin import convert, encodings
from natsbin.spaces import OPERATIONS, TSS
from natsbin.synthetic import make_archive

CHOICES = ("skip_connect", "nor_conv_1x1", "nor_conv_3x3")


def generated(folder: str | Path | None = None) -> Path:
    """The store of 729 cells, made in ``folder`` (a new temporary one) in about half a minute."""
    folder = Path(folder or tempfile.mkdtemp(prefix="natsbin-"))
    cells = itertools.product([OPERATIONS.index(one) for one in CHOICES], repeat=TSS.digits)
    indexes = sorted(encodings.from_digits("tss", list(cells)).tolist())
    return convert(make_archive(folder / "NATS-tss-made-simple", TSS, indexes), folder / "tss.h5")
