"""Questions about arrays of architectures, epochs and seeds; see docs/batch.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from natsbin import rules
from natsbin.batch import clock as clocks
from natsbin.batch import costs, search, trainings, values
from natsbin.batch.architectures import Names
from natsbin.batch.arrays import Floats, array_method
from natsbin.batch.fallback import ScalarFallback
from natsbin.batch.search import Candidates, Limits
from natsbin.batch.table import BatchTable
from natsbin.batch.values import View
from natsbin.errors import QuestionError
from natsbin.spaces import DATASETS, hp_name
from natsbin.store import Store

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Batch", "Clock", "Limits", "ScalarFallback", "View"]


class Clock(Protocol):
    """Holds the simulated time in seconds. The scalar API has one."""

    _used_time: Any


class Batch:
    """A store asked in batches: ``natsbin.create(...).batch``, or ``natsbin.Batch(store)`` with a clock of its own.

    Each method finds the table and the indexes that its question is about, and hands them to the function that
    answers it. Methods whose arguments are arrays take torch tensors too, and then give tensors. Where a search has
    ``flop_max`` and ``param_max`` (millions), ``latency_max`` and ``time_max`` (seconds), or ``attached_max``
    (attached numbers by name), those leave out what is larger, and what has no such number. Searches look at the means
    over the seeds after the last epoch; ``dataset`` and ``metric_on_set`` mean what they mean to the scalar
    ``find_best``.
    """

    def __init__(self, store: Store, clock: Clock | None = None, fallback: ScalarFallback | None = None) -> None:
        """``fallback`` answers for irregular architectures, which are a QuestionError without it."""
        self._store, self._fallback = store, fallback
        self._tables: dict[tuple[str, str], BatchTable] = {}
        self._clock: Clock = SimpleNamespace(_used_time=0) if clock is None else clock

    @cached_property
    def _names(self) -> Names:
        official = self._store.meta_archs is self._store.space.architectures
        return Names(self._store.space, None if official else list(self._store.meta_archs))

    def _table(self, hp: str | int, dataset: str) -> BatchTable:
        key = (hp_name(hp, self._store.hps), dataset)
        table = self._tables.get(key)
        if table is None:
            if key not in self._store.keys:
                if key[0] not in self._store.hps:
                    raise QuestionError(f"no hyper-parameters {hp!r}: there are {', '.join(self._store.hps)}")
                have = ", ".join(self._store.datasets(key[0]))
                raise QuestionError(f"no dataset {dataset!r} with hp {key[0]}: there are {have}")
            table = self._tables[key] = BatchTable(self._store, *key, self._fallback)
        return table

    def _among(
        self,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None,
        param_max: float | None,
        hp: str | int,
        limits: Limits,
    ) -> Candidates:
        dataset, setname = rules.where_kept(dataset, metric_on_set)
        return search.candidates(self._table(hp, dataset), rules.set_of(setname), flop_max, param_max, **limits)

    @property
    def used_time(self) -> Any:
        """The simulated clock in seconds: the scalar API's, where there is one."""
        return self._clock._used_time

    @array_method
    def query_index_by_arch(self, archs: Any) -> npt.NDArray[np.int32]:
        """Official indexes (int32) of architectures; -1 if not in this search space.

        ``archs`` is one of: a string, or an array or list of strings (or of objects with ``tostr()``); operation
        digits, of shape (..., 6), or channels or their digits, of shape (..., 5), in two dimensions or more; indexes
        of no more than one dimension, which must lie within the space (QuestionError).
        """
        return np.asarray(self._names.indexes(archs), np.int32)

    @array_method
    def get_more_info(
        self,
        index: Any,
        dataset: str,
        iepoch: Any = None,
        hp: str | int = "12",
        is_random: Any = False,
        *,
        missing: str = "nan",
    ) -> dict[str, Any]:
        """Loss, accuracy (percent) and seconds on each set of a dataset after epochs counted from 0 (None: the last).

        ``is_random``: False for the mean over the seeds; a seed or seeds; a numpy Generator for one random trial of
        each; True to draw as the scalar API does. ``index``, ``iepoch`` and seeds broadcast; the values of the dict
        are float64 arrays of that shape, but for the comment.
        """
        return values.more_info(self._table(hp, dataset), self._names.existing(index), iepoch, is_random, missing)

    @array_method
    def get_cost_info(
        self, index: Any, dataset: str, hp: str | int = "12", *, missing: str = "nan"
    ) -> dict[str, npt.NDArray[Any]]:
        """FLOPs and parameters in millions, latency and times in seconds, each the mean over the seeds.

        Arrays of the shape of ``index``; ``T-SET@epoch`` and ``T-SET@total`` of every set of the dataset.
        """
        return costs.cost_info(self._table(hp, dataset), self._names.existing(index), missing)

    @array_method
    def get_latency(self, index: Any, dataset: str, hp: str | int = "12", *, missing: str = "nan") -> Any:
        """The mean latency in seconds over the seeds that have one; missing where none has."""
        return costs.latency(self._table(hp, dataset), self._names.existing(index), missing)

    @array_method
    def simulate_train_eval(
        self,
        arch: Any,
        dataset: str,
        iepoch: Any = None,
        hp: str | int = "12",
        account_time: bool = True,
        *,
        rng: np.random.Generator | None = None,
        seed: Any = None,
        missing: str = "nan",
    ) -> tuple[Any, Any, Any, Any]:
        """A whole schedule of trainings: accuracies in percent, latencies, seconds, and the clock after each, in order.

        One random trial of each, drawn with ``rng``, or as the scalar API draws without one; or those of ``seed``.
        The clock moves on by the seconds of every training that has an answer, unless ``account_time`` is False.
        Datasets that NATS-Bench does not know are looked up under their own name, as ``cifar100`` is.
        """
        if dataset in DATASETS and dataset not in rules.SEARCHED:
            raise QuestionError(f"Invalid dataset name : {dataset} vs {rules.SEARCHED}")
        tables = self._table(hp, rules.trained_on(dataset)), self._table(hp, dataset)
        start, index = self._clock._used_time, self._names.existing(arch)
        answers = trainings.simulate(*tables, index, iepoch, rng, seed, start, account_time, missing)
        if account_time and answers[3].size:
            self._clock._used_time = float(answers[3].flat[-1])
        return answers

    @array_method
    def points(
        self,
        index: Any,
        dataset: str,
        setname: str,
        quantity: str = "accuracy",
        iepoch: Any = None,
        hp: str | int = "12",
        is_random: Any = False,
        *,
        missing: str = "nan",
    ) -> Any:
        """One quantity, as ``curves`` names them, of one set: what ``get_more_info`` gives of it, without the rest.

        ``index``, ``iepoch`` and the seeds of ``is_random`` broadcast to the shape of the answer.
        """
        table, indexes = self._table(hp, dataset), self._names.existing(index)
        return values.points(table, indexes, setname, quantity, iepoch, is_random, missing)

    @array_method
    def curves(
        self,
        index: Any,
        dataset: str,
        setname: str,
        quantity: str = "accuracy",
        hp: str | int = "12",
        seed: Any = None,
        *,
        missing: str = "nan",
    ) -> Any:
        """Whole curves, of shape (index.shape or that of index and seed broadcast) + (epochs,).

        ``quantity`` is ``accuracy`` (percent), ``loss``, ``cur_time`` or ``all_time`` (seconds of each epoch, and of
        all up to it), as ``get_metrics`` names them, or ``top5`` (percent): the mean over the seeds, or that of
        ``seed``. ``top5`` is missing of irregular architectures.
        """
        return values.curves(self._table(hp, dataset), self._names.existing(index), setname, quantity, seed, missing)

    @array_method
    def column(
        self,
        dataset: str,
        setname: str,
        quantity: str = "accuracy",
        hp: str | int = "12",
        iepoch: int | None = None,
        seed: int | None = None,
        *,
        missing: str = "nan",
    ) -> Any:
        """The whole space after one epoch (None: the last), by official index: shape (architectures of the space,)."""
        return values.column(self._table(hp, dataset), setname, quantity, iepoch, seed, missing)

    def view(
        self, dataset: str, setname: str, quantity: str = "accuracy", hp: str | int = "12", iepoch: int | None = None
    ) -> View:
        """The stored numbers of all trials at one epoch, without copying them: ``accuracy``, ``loss`` or ``top5``.

        QuestionError where they do not lie side by side: in a packed store, or in a column with gaps.
        """
        return values.view(self._table(hp, dataset), setname, quantity, iepoch)

    def find_best(
        self,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        **limits: Unpack[Limits],
    ) -> tuple[int, float | None]:
        """The first index with the highest accuracy within the limits, and that accuracy; (-1, None) for none."""
        return search.find_best(self._among(dataset, metric_on_set, flop_max, param_max, hp, limits))

    def top_k(
        self,
        k: int,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        **limits: Unpack[Limits],
    ) -> tuple[npt.NDArray[np.int32], Floats]:
        """The k best within the limits, or as many as there are: indexes and accuracies, the best first.

        Of equal ones the lower index comes first.
        """
        return search.top_k(self._among(dataset, metric_on_set, flop_max, param_max, hp, limits), k)

    @array_method
    def rank(
        self,
        arch: Any,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        **limits: Unpack[Limits],
    ) -> npt.NDArray[np.int64]:
        """1 + the number of architectures within the limits that are better; -1 for one without an accuracy."""
        among = self._among(dataset, metric_on_set, flop_max, param_max, hp, limits)
        return search.rank(among, self._names.existing(arch))

    @array_method
    def regret(
        self,
        trajectory: Any,
        dataset: str,
        metric_on_set: str,
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        **limits: Unpack[Limits],
    ) -> Floats:
        """After each step of trajectories (indexes, the last axis is time): the best possible less the best so far.

        In percent, of the shape of ``trajectory``; NaN before a step that counts. Steps beyond the limits do not.
        """
        among = self._among(dataset, metric_on_set, flop_max, param_max, hp, limits)
        return search.regret(among, self._names.existing(trajectory))

    def pareto_front(
        self,
        metrics: Sequence[str] | Mapping[str, str],
        dataset: str,
        metric_on_set: str = "valid",
        flop_max: float | None = None,
        param_max: float | None = None,
        hp: str | int = "12",
        **limits: Unpack[Limits],
    ) -> npt.NDArray[np.int32]:
        """Ascending indexes of the architectures that no other beats: no worse in all metrics and better in one.

        ``metrics`` names some of ``accuracy``, ``loss``, ``flops``, ``params``, ``latency``, ``time`` (of the whole
        training); a mapping says ``"max"`` or ``"min"`` for each, else more accuracy and less of the rest is better.
        """
        return search.pareto_front(self._among(dataset, metric_on_set, flop_max, param_max, hp, limits), metrics)

    @array_method
    def train_time(
        self,
        index: Any,
        epochs: Any,
        *,
        resume_from: Any = 0,
        dataset: str,
        hp: str | int = "12",
        setname: str = "train",
        seed: Any = None,
    ) -> Floats:
        """Seconds that training takes from ``resume_from`` epochs done until ``epochs`` are done; arrays broadcast.

        That is ``all(epochs) - all(resume_from)``, where ``all(n)`` is the sum over the first n epochs as the scalar
        API adds it up (``train-all-time`` at ``iepoch=n - 1``), the mean over the seeds or that of ``seed``, and
        ``all(0)`` is 0. NaN where an architecture has no trial. ``setname`` may name another set, whose evaluations
        are then timed. QuestionError unless ``0 <= resume_from <= epochs <= epochs of hp``.
        """
        table, indexes = self._table(hp, dataset), self._names.existing(index)
        return clocks.train_time(table, indexes, epochs, resume_from, setname, seed)

    @array_method
    def queue(self, durations: Any, workers: int) -> tuple[Floats, npt.NDArray[np.int32]]:
        """Finishing times of evaluations on workers, and who did each: ``natsbin.batch.clock.queue``."""
        return clocks.queue(durations, workers)
