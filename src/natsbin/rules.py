"""The rules of NATS-Bench that its numbers follow, and where natsbin implements each of them.

The live objects of ``api`` are the reference. The kernel and the batches repeat their rules in loops of their own, for
speed; tests compare all three, to the bit. A rule that changes here has to change in every place of its row.

========================================  ===========================  ===========================  ================
rule                                      objects (``api``)            kernel (``cext``)            ``batch``
========================================  ===========================  ===========================  ================
an average is ``mean``                    ``trial``, ``results``       ``Table``                    kernel
``valid`` and ``test``: ``where_kept``    ``find_best``                none                         ``Batch._among``
``valid`` is the set ``x-valid``          ``ResultsCount.get_eval``    none                         ``values``
a value that one seed lacks is missing    ``ArchResults.get_metrics``  ``Table.point``              ``Coverage``
costs that differ: ``PREFERRED_SEED``     ``ArchResults``              ``Table.costs_of``           kernel
latency: mean of the seeds that have one  ``ArchResults``              ``Table.mean_latency``       kernel
keys of ``get_more_info``: ``parts_of``   ``results.more_info``        ``scalar`` hands them over   ``values``
no answer without ``REQUIRED``            ``results.more_info``        ``LabelledSet.required``     ``values``
trained on: ``trained_on``                ``simulate_train_eval``      ``ScalarAnswers.simulate``   ``Batch``
no validation accuracy: ``FALLBACK``      ``simulate_train_eval``      ``simulate``, ``trainings``  ``trainings``
========================================  ===========================  ===========================  ================
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

PREFERRED_SEED = 888
"""Its FLOPs and parameters stand for an architecture whose trials differ in them (in five decimals)."""

SEARCHED = ("cifar10", "cifar100", "ImageNet16-120")
"""The datasets that ``simulate_train_eval`` takes."""

PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    "cifar10-valid": (("valid", "x-valid"), ("test", "ori-test")),
    "cifar10": (("test", "ori-test"),),
    "cifar100": (("valid", "x-valid"), ("test", "x-test"), ("valtest", "ori-test")),
}

REQUIRED = ("cifar10-valid", "x-valid")
"""The dataset and set that ``get_more_info`` must have: others are left out of its dict where they are incomplete."""

FALLBACK = ("valtest", "ori-test")
"""Label and set whose accuracy ``simulate_train_eval`` takes where an epoch has none on ``x-valid``.

The seconds of validation are then those of the last epoch of another random trial.
"""

_TRAINED_ON = {"cifar10-valid": "train set", "cifar10": "train+valid sets"}

_KEPT_IN = {
    ("cifar10", "valid"): ("cifar10-valid", "x-valid"),
    ("cifar10", "test"): ("cifar10", "ori-test"),
    ("cifar100", "valid"): ("cifar100", "x-valid"),
    ("cifar100", "test"): ("cifar100", "x-test"),
    ("ImageNet16-120", "valid"): ("ImageNet16-120", "x-valid"),
    ("ImageNet16-120", "test"): ("ImageNet16-120", "x-test"),
}


def mean(values: Collection[Any]) -> Any:
    """The built-in sum over the length: the arithmetic of every average that NATS-Bench reports."""
    return sum(values) / len(values)


def where_kept(dataset: str, setname: str) -> tuple[str, str]:
    """The dataset and set that hold what a search calls ``valid`` or ``test`` of a dataset."""
    return _KEPT_IN.get((dataset, setname), (dataset, setname))


def set_of(setname: str) -> str:
    """The name in the archives of a set that may be called ``valid``."""
    return "x-valid" if setname == "valid" else setname


def parts_of(dataset: str) -> tuple[tuple[str, str], ...]:
    """Labels of ``get_more_info`` after ``train``, and the sets behind them, in the order of its keys."""
    return PARTS.get(dataset, PARTS["cifar100"])


def trained_on(dataset: str) -> str:
    """The dataset that ``simulate_train_eval`` reads accuracies and times from; latencies stay those of ``dataset``."""
    return "cifar10-valid" if dataset == "cifar10" else dataset


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
