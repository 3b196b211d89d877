"""Algorithms of a user, given to sweeps as ``support.algorithms:Class``."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np

from natsbin.search import Training


class Alternating:
    """Two architectures in turn."""

    def __init__(self, space: Any, epochs: int, rng: np.random.Generator, *, first: int = 0) -> None:
        self._epochs, self._turn = epochs, first

    def ask(self) -> tuple[int, int]:
        self._turn += 1
        return 260 * (self._turn % 2), self._epochs

    def tell(self, training: Training, accuracy: float) -> None:
        assert training.index in (0, 260)


class Dying(Alternating):
    """Kills its process, but for ``spared``, once: a file in ``folder`` says that it did."""

    def __init__(self, space: Any, epochs: int, rng: np.random.Generator, *, folder: str = "", spared: int = 0) -> None:
        super().__init__(space, epochs, rng)
        self._marker, self._spared = Path(folder, "killed"), spared

    def ask(self) -> tuple[int, int]:
        if os.getpid() != self._spared and not self._marker.exists():
            self._marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().ask()
