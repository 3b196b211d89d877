"""Pages of text about architectures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from natsbin.api.results import ArchResults

_LINE = 40

_THREE = (("train", "train"), ("valid", "x-valid"), ("test", "x-test"))
_TRAIN_TEST = (("train", "train"), ("test ", "ori-test"))

Sets = tuple[tuple[str, tuple[str, ...]], ...]
"""Datasets, and the sets of each that a page tells of."""

Labels = tuple[tuple[str, str], ...]
"""What a page calls sets, and their names."""


class Template(NamedTuple):
    """What pages about architectures of the same datasets share."""

    lines: tuple[str, ...]  # with a %-format for every value
    sets: Sets


@lru_cache(256)
def _template(datasets: tuple[str, ...], valid: Labels, joint: str) -> Template:
    lines, labels = ["%s", f"datasets : {list(datasets)}, extra-info : ".replace("%", "%%") + "%s"], []
    for dataset in datasets:
        name = f"{dataset:14s}".replace("%", "%%")
        labels.append({"cifar10-valid": valid, "cifar10": _TRAIN_TEST}.get(dataset, _THREE))
        values = ", ".join(f"{label} : [loss = %.3f{joint}top1 = %.2f%%]" for label, _ in labels[-1])
        lines += [f"{name} FLOP=%6.2f M, Params=%.3f MB, latency=%s ms.", f"{name} {values}"]
    setnames = (tuple(setname for _, setname in one) for one in labels)
    return Template(tuple(lines), tuple(zip(datasets, setnames, strict=True)))


def page(information: ArchResults, extra_info: Any, show: bool, valid: Labels, joint: str = " & ") -> list[str]:
    """The lines about an architecture; ``valid`` names the sets to tell of ``cifar10-valid``.

    ``joint`` stands between a loss and an accuracy.
    """
    template = _template(tuple(information.get_dataset_names()), valid, joint)
    numbers = getattr(information, "page_numbers", None) or _asking(information)
    values: list[tuple[Any, ...]] = [(information.arch_str,), (extra_info,)]
    for flops, params, latency, metrics in numbers(template.sets):
        ms = "None" if latency is None or latency <= 0 else f"{latency * 1000:.2f}"
        values += [(flops, params, ms), metrics]
    lines = [line % value for line, value in zip(template.lines, values, strict=True)]
    if show:
        print("\n".join(lines))
    return lines


def _asking(information: ArchResults) -> Callable[[Sets], Iterator[tuple[Any, ...]]]:
    """What asks an object for the numbers of a page; ``ScalarAnswers.page_numbers`` gives the same from tables."""

    def numbers(sets: Sets) -> Iterator[tuple[Any, ...]]:
        for dataset, setnames in sets:
            costs = information.get_compute_costs(dataset)
            metrics = [information.get_metrics(dataset, setname) for setname in setnames]
            pairs = [number for info in metrics for number in (info["loss"], info["accuracy"])]
            yield costs["flops"], costs["params"], costs["latency"], tuple(pairs)

    return numbers


def results_text(results: Mapping[str, Any], print_information: Callable[..., list[str]]) -> Iterator[str]:
    """What ``show`` prints of an architecture, part by part."""
    for one in results.values():
        lines = print_information(one)
        yield f"{'>' * _LINE} {one.get_total_epoch():03d} epochs {'>' * _LINE}"
        yield "\n".join(lines)
    yield f"{'<' * _LINE}{'-' * 12}{'<' * _LINE}"
