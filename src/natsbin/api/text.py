"""Pages of text about architectures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from natsbin.api.results import ArchResults

_LINE = 40

_THREE = (("train", "train"), ("valid", "x-valid"), ("test", "x-test"))
_TRAIN_TEST = (("train", "train"), ("test ", "ori-test"))


def page(
    information: ArchResults, extra_info: Any, show: bool, valid: tuple[tuple[str, str], ...], joint: str = " & "
) -> list[str]:
    """The lines about an architecture; ``valid`` names the sets to tell of ``cifar10-valid``.

    ``joint`` stands between a loss and an accuracy.
    """
    lines = [
        information.arch_str,
        f"datasets : {information.get_dataset_names()}, extra-info : {extra_info}",
    ]
    sets = {"cifar10-valid": valid, "cifar10": _TRAIN_TEST}
    for dataset in information.get_dataset_names():
        costs = information.get_compute_costs(dataset)
        latency = costs["latency"]
        ms = "None" if latency is None or latency <= 0 else f"{latency * 1000:.2f}"
        lines.append(f"{dataset:14s} FLOP={costs['flops']:6.2f} M, Params={costs['params']:.3f} MB, latency={ms} ms.")
        metrics = [(label, information.get_metrics(dataset, setname)) for label, setname in sets.get(dataset, _THREE)]
        values = ", ".join(
            f"{label} : [loss = {info['loss']:.3f}{joint}top1 = {info['accuracy']:.2f}%]" for label, info in metrics
        )
        lines.append(f"{dataset:14s} {values}")
    if show:
        print("\n".join(lines))
    return lines


def results_text(results: Mapping[str, Any], print_information: Callable[..., list[str]]) -> Iterator[str]:
    """What ``show`` prints of an architecture, part by part."""
    for one in results.values():
        lines = print_information(one)
        yield f"{'>' * _LINE} {one.get_total_epoch():03d} epochs {'>' * _LINE}"
        yield "\n".join(lines)
    yield f"{'<' * _LINE}{'-' * 12}{'<' * _LINE}"
