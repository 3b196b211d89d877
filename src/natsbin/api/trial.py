"""``ResultsCount``: one training of one architecture, live over its record.

Accuracies are in percent, times and latencies in seconds, ``flop`` and ``params`` in millions.
"""

from __future__ import annotations

import abc
import copy
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any, ClassVar

from natsbin import rules
from natsbin.errors import QuestionError

State = dict[str, Any]

_CURVES = frozenset(
    ("train_acc1es", "train_acc5es", "train_losses", "train_times", "eval_acc1es", "eval_losses", "eval_times")
)

_SIZE_CONFIG = "infer.shape.tiny"  # the name that marks a configuration of the size space


class Unread(abc.ABC):
    """Stands in place of values of a training until a program asks for them. Each copy reads values of its own."""

    __slots__ = ()

    @abc.abstractmethod
    def read(self, field: str) -> Any:
        """The values of a field."""

    def __deepcopy__(self, _memo: Any) -> Unread:
        return self


class _Field:
    """An attribute whose values may be unread."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, trial: Any, owner: type) -> Any:
        if trial is None:
            return self
        attributes = trial.__dict__
        try:
            value = attributes[self._name]
        except KeyError:
            raise AttributeError(f"this {owner.__name__} has no {self._name}") from None
        if isinstance(value, Unread):
            value = attributes[self._name] = value.read(self._name)
        return value

    def __set__(self, trial: Any, value: Any) -> None:
        trial.__dict__[self._name] = value

    def __delete__(self, trial: Any) -> None:
        try:
            del trial.__dict__[self._name]
        except KeyError:
            raise AttributeError(f"this {type(trial).__name__} has no {self._name}") from None


class ResultsCount:
    """One training of one architecture on one dataset with one seed."""

    _mean: ClassVar[Any] = staticmethod(rules.mean)
    _sum: ClassVar[Any] = staticmethod(sum)

    train_acc1es: Any = _Field()
    train_acc5es: Any = _Field()
    train_losses: Any = _Field()
    train_times: Any = _Field()
    eval_acc1es: Any = _Field()
    eval_losses: Any = _Field()
    eval_times: Any = _Field()
    net_state_dict: Any = _Field()

    def __init__(
        self,
        name: str,
        state_dict: Any,
        train_accs: dict[int, float] | None,
        train_losses: dict[int, float] | None,
        params: Any,
        flop: Any,
        arch_config: dict[str, Any] | None,
        seed: Any,
        epochs: Any,
        latency: list[float] | None,
    ) -> None:
        self.name = name
        self.net_state_dict = state_dict
        self.train_acc1es = copy.deepcopy(train_accs)
        self.train_acc5es = None
        self.train_losses = copy.deepcopy(train_losses)
        self.train_times = None
        self.arch_config = copy.deepcopy(arch_config)
        self.params = params
        self.flop = flop
        self.seed = seed
        self.epochs = epochs
        self.latency = latency
        self.reset_eval()

    def update_train_info(
        self,
        train_acc1es: dict[int, float] | None,
        train_acc5es: dict[int, float] | None,
        train_losses: dict[int, float] | None,
        train_times: dict[int, float] | None,
    ) -> None:
        """Replace all that is known of the training set, each by epoch."""
        self.train_acc1es = train_acc1es
        self.train_acc5es = train_acc5es
        self.train_losses = train_losses
        self.train_times = train_times

    def reset_pseudo_train_times(self, estimated_per_epoch_time: float) -> None:
        """Let every epoch of training take this many seconds."""
        self.train_times = OrderedDict.fromkeys(range(self.epochs), estimated_per_epoch_time)

    def reset_pseudo_eval_times(self, eval_name: str, estimated_per_epoch_time: float) -> None:
        """Let every evaluation on the set ``eval_name`` take this many seconds."""
        if eval_name not in self.eval_names:
            raise QuestionError(f"unknown set {eval_name!r}: this training was evaluated on {self.eval_names}")
        for epoch in range(self.epochs):
            self.eval_times[f"{eval_name}@{epoch}"] = estimated_per_epoch_time

    def reset_eval(self) -> None:
        """Forget every evaluation."""
        self.eval_names: list[str] = []
        self.eval_acc1es = {}
        self.eval_times = {}
        self.eval_losses = {}

    def update_latency(self, latency: list[float] | None) -> None:
        """Replace the measured latencies, in seconds."""
        self.latency = copy.deepcopy(latency)

    def get_latency(self) -> Any:
        """The mean of the measured latencies in seconds; -1.0 where none was measured."""
        return -1.0 if self.latency is None else self._mean(list(self.latency))

    def update_eval(self, accs: dict[str, float], losses: dict[str, float], times: dict[str, float]) -> None:
        """Add the evaluations on new sets, each keyed ``SET@EPOCH`` for every epoch."""
        for name in {key.split("@")[0] for key in accs}:
            if name in self.eval_names:
                raise ValueError(f"the set {name!r} is there already, beside {self.eval_names}")
            self.eval_names.append(name)
            for epoch in range(self.epochs):
                key = f"{name}@{epoch}"
                self.eval_acc1es[key] = accs[key]
                self.eval_losses[key] = losses[key]
                self.eval_times[key] = times[key]

    def update_OLD_eval(self, name: str, accs: dict[int, float], losses: dict[int, float]) -> None:
        """Add the evaluations on one new set, keyed by epoch, without times."""
        if name in self.eval_names:
            raise AssertionError(f"the set {name!r} is there already, beside {self.eval_names}")
        self.eval_names.append(name)
        for epoch in accs:
            self.eval_acc1es[f"{name}@{epoch}"] = accs[epoch]
            self.eval_losses[f"{name}@{epoch}"] = losses[epoch]

    def __repr__(self) -> str:
        config: dict[str, Any] = self.arch_config  # type: ignore[assignment]
        sets = ", ".join(self.eval_names)
        return (
            f"{type(self).__name__}({self.name}, arch={config['arch_str']}, FLOP={self.flop:.2f}M, "
            f"Param={self.params:.3f}MB, seed={self.seed}, {len(self.eval_names)} eval-sets: [{sets}])"
        )

    def get_total_epoch(self) -> Any:
        """The number of epochs of this training."""
        return self.epochs

    def get_times(self) -> dict[str, Any]:
        """Seconds of an epoch (the mean) and of the whole training, for training and for each evaluated set.

        ``T-SET@epoch`` and ``T-SET@total``; None where a time is missing.
        """
        times: dict[str, Any] = {"T-train@epoch": None, "T-train@total": None}
        train_times = self.train_times
        if isinstance(train_times, dict):
            spent = list(train_times.values())
            times["T-train@epoch"], times["T-train@total"] = self._mean(spent), self._sum(spent)
        eval_times = self.eval_times or {}
        for name in self.eval_names:
            taken = [eval_times.get(f"{name}@{epoch}") for epoch in range(self.epochs)]
            whole = bool(taken) and None not in taken
            times[f"T-{name}@epoch"] = self._mean(taken) if whole else None
            times[f"T-{name}@total"] = self._sum(taken) if whole else None
        return times

    def get_eval_set(self) -> list[str]:
        """The evaluated sets, in the order of the record."""
        return self.eval_names

    def judge_valid(self, iepoch: int) -> None:
        """Raise ValueError unless there is such an epoch, counted from 0."""
        if iepoch < 0 or iepoch >= self.epochs:
            raise QuestionError(f"invalid iepoch={iepoch}: expected 0 <= iepoch < {self.epochs}")

    def get_train(self, iepoch: int | None = None) -> dict[str, Any]:
        """Loss, accuracy and times on the training set after an epoch (counted from 0; None: the last)."""
        if iepoch is None:
            iepoch = self.epochs - 1
        self.judge_valid(iepoch)
        losses, accuracies = self.train_losses, self.train_acc1es
        if iepoch not in losses or iepoch not in accuracies:
            raise QuestionError(f"no value of epoch {iepoch}: the epochs of the training set are {_span(accuracies)}")
        times, spent = self.train_times, None
        if times is not None:
            spent = [times[epoch] for epoch in range(iepoch + 1)]
        return {
            "iepoch": iepoch,
            "loss": losses[iepoch],
            "accuracy": accuracies[iepoch],
            "cur_time": None if times is None else times[iepoch],
            "all_time": None if spent is None else sum(spent),
        }

    def get_eval(self, name: str, iepoch: int | None = None) -> dict[str, Any]:
        """Loss, accuracy and times on an evaluated set after an epoch (counted from 0; None: the last)."""
        if iepoch is None:
            iepoch = self.epochs - 1
        self.judge_valid(iepoch)
        name = rules.set_of(name)
        key = f"{name}@{iepoch}"
        times, losses, accuracies, spent = self.eval_times, self.eval_losses, self.eval_acc1es, None
        if times:
            if key not in times:
                raise QuestionError(f"no evaluation {key!r}: this training was evaluated on {self.eval_names}")
            spent = [times[f"{name}@{epoch}"] for epoch in range(iepoch + 1)]
        if key not in losses or key not in accuracies:
            epochs = [int(k.rpartition("@")[2]) for k in accuracies if k.startswith(f"{name}@")]
            raise QuestionError(f"no value {key!r}: the epochs of this set are {_span(epochs)}")
        return {
            "iepoch": iepoch,
            "loss": losses[key],
            "accuracy": accuracies[key],
            "cur_time": None if spent is None else times[key],
            "all_time": None if spent is None else sum(spent),
        }

    def get_net_param(self, clone: bool = False) -> Any:
        """The trained weights, or a copy of them; None in archives without weights."""
        return copy.deepcopy(self.net_state_dict) if clone else self.net_state_dict

    def get_config(self, str2structure: Callable[[str], Any] | None) -> dict[str, Any]:
        """What builds the network; with a function, ``genotype`` is what it makes of the architecture string."""
        return network_config(self.arch_config, str2structure)

    def __deepcopy__(self, memo: dict[int, Any]) -> ResultsCount:
        copied = memo[id(self)] = type(self).__new__(type(self))
        copied.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return copied

    def __getstate__(self) -> State:
        return {name: getattr(self, name) if name in _CURVES else value for name, value in self.__dict__.items()}

    def state_dict(self) -> State:
        """Every attribute by name: the record itself, not a copy."""
        for name in [name for name, value in self.__dict__.items() if isinstance(value, Unread)]:
            getattr(self, name)  # puts the values in their place
        return dict(self.__dict__)

    def load_state_dict(self, state_dict: State) -> None:
        """Take over every attribute that the record names."""
        self.__dict__.update(state_dict)

    @classmethod
    def create_from_state_dict(cls, state_dict: State) -> ResultsCount:
        """A training from its record, whose dicts it holds itself."""
        nothing: Any = None
        trial = cls(nothing, None, None, None, None, None, None, None, None, None)
        trial.load_state_dict(state_dict)
        return trial


def network_config(arch_config: Any, str2structure: Callable[[str], Any] | None) -> dict[str, Any]:
    """What builds the network of a training with an ``arch_config``; see ``ResultsCount.get_config``."""
    config: dict[str, Any] = arch_config
    if config.get("name") == _SIZE_CONFIG:
        genotype = config["genotype"]
        return {
            "name": _SIZE_CONFIG,
            "channels": config["channels"],
            "genotype": genotype if str2structure is None else str2structure(genotype),
            "num_classes": config["class_num"],
        }
    head = {"name": "infer.tiny", "C": config["channel"], "N": config["num_cells"]}
    if str2structure is None:
        head["arch_str"] = config["arch_str"]
    else:
        head["genotype"] = str2structure(config["arch_str"])
    return {**head, "num_classes": config["class_num"]}


def _span(epochs: Collection[int]) -> str:
    return f"{min(epochs)}..{max(epochs)} ({len(epochs)})" if epochs else "none"
