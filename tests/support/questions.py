"""Questions to ask both APIs: the whole cross product, and an endless random stream of them, sensible or not."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from natsbin.spaces import DATASETS, SearchSpace
from support.oracle import Pair

SEEDS = (111, 777, 888, 999)
WRONG_SEED = 5
SETS = ("train", "valid", "test", "x-valid", "x-test", "ori-test", "nowhere")
SEARCHED = ("cifar10", "cifar100", "ImageNet16-120")

Call = tuple[str, tuple[Any, ...], dict[str, Any]]


class Cell:
    """An architecture as an object that can write itself."""

    def __init__(self, text: str) -> None:
        self.text = text

    def tostr(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Cell({self.text!r})"


def epochs_of(space: SearchSpace, hp: str) -> list[int | None]:
    """The first epoch, the last, some between, and two out of range."""
    last = space.epochs[hp] - 1
    return [None, 0, 1, last // 2, last - 1, last, last + 1, -1]


def cross_product(space: SearchSpace, archs: Sequence[str], indexes: Sequence[int]) -> Iterator[Call]:
    """Every method with every dataset, hp, epoch, choice of seeds and way to name an architecture."""
    for index, hp in itertools.product(indexes, space.epochs):
        named = (index, archs[index], Cell(archs[index]))
        for dataset in (*DATASETS, "nowhere"):
            for arch, epoch in itertools.product(named, epochs_of(space, hp)):
                for choice in (False, True, *SEEDS, WRONG_SEED):
                    yield "get_more_info", (arch, dataset), {"iepoch": epoch, "hp": hp, "is_random": choice}
                for account in (True, False):
                    yield "simulate_train_eval", (arch, dataset, epoch, hp, account), {}
            for seed in (None, *SEEDS, WRONG_SEED):
                yield "get_net_param", (index, dataset, seed, hp), {}
            yield "get_cost_info", (index, dataset, hp), {}
            yield "get_latency", (index, dataset), {"hp": hp}
            yield "query_by_index", (index, dataset, hp), {}
            yield "get_net_config", (index, dataset), {}
        for arch in named:
            yield "query_info_str_by_arch", (arch, hp), {}
            yield "query_by_arch", (arch, hp), {}
            yield "query_index_by_arch", (arch,), {}
        yield "query_by_index", (index,), {"hp": hp}
        yield "query_meta_info_by_index", (index, hp), {}
        yield "show", (index,), {}
    for dataset, name, hp in itertools.product(DATASETS, SETS, space.epochs):
        yield "find_best", (dataset, name), {"hp": hp}
        yield "find_best", (dataset, name, 30.0, 0.4, hp), {}
        yield "statistics", (dataset, hp), {}


class Stream:
    """Random questions to a pair, some of them about what is not there."""

    def __init__(
        self, pair: Pair, space: SearchSpace, indexes: Sequence[int], rng: random.Random, folder: str | None = None
    ) -> None:
        self.pair, self.space, self.indexes, self.rng, self.folder = pair, space, list(indexes), rng, folder
        self.datasets: tuple[str, ...] = DATASETS
        self.absent = next(index for index in range(len(space)) if index not in indexes)

    def ask(self, times: int) -> None:
        kinds: list[tuple[int, Callable[[], Any]]] = [
            (8, self._more_info),
            (5, self._simulate),
            (1, lambda: self.pair.call("get_cost_info", self._index(), self._dataset(), self._hp())),
            (1, lambda: self.pair.call("get_latency", self._index(), self._dataset(), self._hp())),
            (1, lambda: self.pair.call("query_info_str_by_arch", self._arch(), self._text_hp())),
            (1, lambda: self.pair.call("query_by_index", self._index(), self._dataset_or_none(), self._hp())),
            (1, lambda: self.pair.call("query_meta_info_by_index", self._index(), self._hp())),
            (1, lambda: self.pair.call("query_index_by_arch", self._arch())),
            (1, lambda: self.pair.call("get_net_config", self._index(), self._dataset())),
            (1, self._net_param),
            (1, lambda: self.pair.call("show", self.rng.choice([*self.indexes, self.absent, 10**6]))),
            (1, self._find_best),
            (1, lambda: self.pair.call("statistics", self._dataset(), self._hp())),
            (1, lambda: self.pair.call("_prepare_info", self.rng.choice([*self.indexes, self.absent]))),
            (1, lambda: self.pair.call("clear_params", self._index(), self.rng.choice([None, self._hp()]))),
            (1, self._forget_oldest),
            (1, self._small_talk),
            (1, self._reload),
        ]
        weights, questions = zip(*kinds, strict=True)
        for question in self.rng.choices(questions, weights, k=times):
            question()

    def _more_info(self) -> None:
        hp, choice = self._hp(), self.rng.choice([True, False, False, *SEEDS, WRONG_SEED, 0, 1, "777", None])
        epoch = self._epoch(hp)
        self.pair.call("get_more_info", self._arch(), self._dataset(), iepoch=epoch, hp=hp, is_random=choice)

    def _simulate(self) -> None:
        hp, dataset = self._hp(), self.rng.choice([*SEARCHED * 4, "cifar10-valid", "nowhere"])
        self.pair.call("simulate_train_eval", self._arch(), dataset, self._epoch(hp), hp, self.rng.random() < 0.7)

    def _net_param(self) -> None:
        seed = self.rng.choice([None, *SEEDS, WRONG_SEED])
        self.pair.call("get_net_param", self._index(), self._dataset(), seed, self._hp())

    def _find_best(self) -> None:
        limits = self.rng.choice([None, None, 20.0, 50.0, 0]), self.rng.choice([None, None, 0.5, 0.1])
        everything = self.rng.choice([[], [None], [False], [True]])
        name = self.rng.choice(SETS)
        self.pair.call("find_best", self._dataset(), name, *limits, self._text_hp(), *everything)

    def _forget_oldest(self) -> None:
        """What programs do in fast mode to keep memory small."""

        def forget(api: Any) -> Any:
            if api.fast_mode and len(api.arch2infos_dict) > 2:
                index, _ = api.arch2infos_dict.popitem(last=False)
                return index
            return None

        self.pair.ask(forget, "popitem(last=False)")

    def _reload(self) -> None:
        """Take an architecture anew from the archive, or change what happens with one that is not at hand."""
        if self.folder is None:
            return
        if self.pair.theirs.fast_mode == (self.rng.random() < 0.5) and self.pair.theirs.archive_dir is not None:
            self.pair.call("reset_fast_mode", not self.pair.theirs.fast_mode)
        self.pair.call("reload", self.folder, self.rng.choice([*self.indexes * 3, self.absent, -1, 10**6, None]))
        self.pair.call("reload", "/nowhere", self.indexes[0])

    def _small_talk(self) -> None:
        for name in ("avaliable_hps", "used_time", "fast_mode", "full_train_epochs", "is_size", "search_space_name"):
            self.pair.ask(lambda api, name=name: getattr(api, name), name)
        for method in ("random", "reset_time", "__len__", "__repr__"):
            self.pair.call(method)
        self.pair.call("arch", self._index())
        self.pair.call("__getitem__", self._index())

    def _index(self) -> int:
        return self.rng.choice([*self.indexes * 8, self.absent, -1, 10**6])

    def _arch(self) -> Any:
        index = self._index()
        if self.rng.random() < 0.6:
            return index
        text = self.pair.ours.meta_archs[index] if 0 <= index < len(self.space) else "nowhere"
        return self.rng.choice([text, Cell(text)]) if self.rng.random() < 0.9 else None

    def _dataset(self) -> str:
        return self.rng.choice([*self.datasets * 5, "nowhere"])

    def _dataset_or_none(self) -> str | None:
        return self.rng.choice([None, self._dataset()])

    def _text_hp(self) -> str:
        return self.rng.choice(list(self.space.epochs))

    def _hp(self) -> str | int:
        padded = [int(hp) for hp in self.space.epochs if not hp.startswith("0")]
        return self.rng.choice([*list(self.space.epochs) * 6, *padded, "99", 7])

    def _epoch(self, hp: str | int) -> int | None:
        return self.rng.choice(epochs_of(self.space, str(hp) if str(hp) in self.space.epochs else "12"))
