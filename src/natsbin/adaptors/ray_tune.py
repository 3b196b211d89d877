"""Ray Tune: a trainable that reports each epoch of a simulated training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from natsbin._util.extras import missing
from natsbin.adaptors.configurations import choices_of, place_names
from natsbin.adaptors.trainings import Trainings
from natsbin.errors import QuestionError
from natsbin.spaces import SearchSpace
from natsbin.spaces import search_space as named_space

try:
    from ray import tune
except ImportError as error:
    raise missing("natsbin.adaptors.ray_tune", "ray[tune]", "ray-tune") from error


def search_space(space: SearchSpace | str, choices: Sequence[Any] | None = None) -> dict[str, Any]:
    """The ``param_space`` of a tuner: a choice for each place of an architecture."""
    space = named_space(space)
    return {name: tune.choice(choices_of(space, choices)) for name in place_names(space)}


class ArchitectureTrainable(tune.Trainable):
    """One epoch a step: ``tune.with_parameters(ArchitectureTrainable, store="tss.h5", dataset="cifar10")``.

    Reports ``accuracy`` (validation, percent), ``architecture`` and ``elapsed_time`` (seconds until the epoch is
    evaluated). The time of a step is simulated too, so Ray's ``time_total_s`` counts as the benchmark does. Checkpoints
    hold the epoch: trainings pause and resume.
    """

    def setup(self, config: dict[str, Any], store: str | Path | None = None, **which: Any) -> None:
        """``which`` are arguments of ``natsbin.adaptors.trainings.Trainings``."""
        if store is None:
            raise QuestionError("no store: expected one by tune.with_parameters(ArchitectureTrainable, store=PATH)")
        trainings = Trainings(store, **which)
        self.architecture = trainings.index(config)
        self.accuracy, self.seconds = trainings.curves(self.architecture)
        self.epoch = 0

    def step(self) -> dict[str, Any]:
        """The next epoch."""
        before = self.seconds[self.epoch - 1] if self.epoch else 0.0
        now = float(self.seconds[self.epoch])
        self.epoch += 1
        return {
            "accuracy": float(self.accuracy[self.epoch - 1]),
            "architecture": self.architecture,
            "elapsed_time": now,
            "time_this_iter_s": now - float(before),
            "done": self.epoch == len(self.seconds),
        }

    def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
        """How many epochs are done."""
        return {"epoch": self.epoch}

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Go on after the epochs of a checkpoint."""
        self.epoch = checkpoint["epoch"]

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """An actor is not used again for another architecture."""
        return False
