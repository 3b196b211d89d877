"""What the answers are made of: the parts of a ``get_more_info`` dict, and the page of text about an architecture."""

from __future__ import annotations

from typing import Any

from natsbin.api.results import ArchResults

PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    "cifar10-valid": (("valid", "x-valid"), ("test", "ori-test")),
    "cifar10": (("test", "ori-test"),),
    "cifar100": (("valid", "x-valid"), ("test", "x-test"), ("valtest", "ori-test")),
}
"""Labels of ``get_more_info`` after ``train``, and the sets behind them, in the order of its keys."""

REQUIRED = ("cifar10-valid", "x-valid")
"""The set that ``get_more_info`` must have: others are left out of its dict where they are incomplete."""

OTHER_PARTS = PARTS["cifar100"]

_TRAINED_ON = {"cifar10-valid": "train set", "cifar10": "train+valid sets"}

_THREE = (("train", "train"), ("valid", "x-valid"), ("test", "x-test"))
_TRAIN_TEST = (("train", "train"), ("test ", "ori-test"))


def comment(dataset: str, hp: str) -> str | None:
    """The comment in ``get_more_info`` after the train part; None on datasets that have none."""
    if (data := _TRAINED_ON.get(dataset)) is None:
        return None
    return (
        f"In this dict, train-loss/accuracy/time is the metric on the {data} of CIFAR-10. The "
        f"test-loss/accuracy/time is the performance of the CIFAR-10 test set after training on the "
        f"{data} by {hp} epochs. The per-time and total-time indicate the per epoch and total time "
        "costs, respectively."
    )


def page(information: ArchResults, extra_info: Any, show: bool, valid: tuple[tuple[str, str], ...]) -> list[str]:
    """The lines about an architecture; ``valid`` names the sets to tell of ``cifar10-valid``."""
    lines = [
        information.arch_str,
        f"datasets : {information.get_dataset_names()}, extra-info : {extra_info}",
    ]
    sets = {"cifar10-valid": valid, "cifar10": _TRAIN_TEST}
    for dataset in information.get_dataset_names():
        costs = information.get_compute_costs(dataset)
        latency = costs["latency"]
        told = "None" if latency is None or latency <= 0 else f"{latency * 1000:.2f}"
        lines.append(f"{dataset:14s} FLOP={costs['flops']:6.2f} M, Params={costs['params']:.3f} MB, latency={told} ms.")
        metrics = [(label, information.get_metrics(dataset, setname)) for label, setname in sets.get(dataset, _THREE)]
        told = ", ".join(
            f"{label} : [loss = {info['loss']:.3f} & top1 = {info['accuracy']:.2f}%]" for label, info in metrics
        )
        lines.append(f"{dataset:14s} {told}")
    if show:
        print("\n".join(lines))
    return lines
