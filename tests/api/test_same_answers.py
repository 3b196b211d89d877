"""The same question to ``nats_bench`` and to natsbin: the same answer, printed text, random numbers and state."""

from __future__ import annotations

import copy
import itertools
import os
import random
from pathlib import Path
from typing import Any

import nats_bench
import pytest
from support.files import benchmark, write_folder
from support.made import Made
from support.oracle import Pair, plain
from support.questions import DATASETS, SEARCHED, SETS, Stream, cross_product
from support.records import record
from support.varied import varied, varied_folder

import natsbin
from natsbin.spaces import SPACES, SearchSpace

# all there is to ask of the samples, and more of 200 architectures a space
FULL = os.environ.get("NATSBIN_FULL") == "1"
ARCHITECTURES = 200 if FULL else 16


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def generated(space: SearchSpace, made: Made) -> tuple[str, Path]:
    """A space's name and a folder of generated architectures."""
    return space.name, made.archive(space, range(0, len(space), len(space) // ARCHITECTURES))


@pytest.fixture(scope="session")
def odd(space: SearchSpace, made: Made) -> tuple[str, Path]:
    """A space's name and a folder where no two numbers are alike, with values missing here and there."""
    base = made.archive(space, [0, 3])
    return space.name, varied_folder(made.folder() / "odd", base, space, [3, 5, 8, 13], seed=11)


def indexes_of(folder: Path) -> list[int]:
    return sorted(int(file.name[:6]) for file in folder.glob("[0-9]*.pickle.pbz2"))


def open_both(folder: Path, space: SearchSpace, fast_mode: bool, verbose: bool = False) -> Pair:
    """A folder opened by both; the original takes it as a dict where not in fast mode."""
    given: Any = str(folder) if fast_mode else benchmark(folder)
    theirs = nats_bench.create(given, space.name, fast_mode, False)
    ours = natsbin.create(str(folder), space.name, fast_mode, False)
    if not fast_mode:
        ours.filename = None  # told by repr: the original was not given a path here
    theirs.verbose = ours.verbose = verbose
    return Pair(theirs, ours)


def ask_cross_product(pair: Pair, space: SearchSpace, indexes: list[int], share: int | None) -> None:
    """The cross product of all questions, or as many of it as ``share``."""
    calls = list(cross_product(space, pair.ours.meta_archs, indexes))
    random.seed(1)
    for method, args, kwargs in calls if share is None else random.Random(2).sample(calls, share):
        pair.call(method, *args, **kwargs)
    assert pair.differences == []


@pytest.mark.parametrize("fast_mode", [False, True])
def test_cross_product_of_genuine_samples(genuine: tuple[str, Path], fast_mode: bool) -> None:
    name, folder = genuine
    pair = open_both(folder, SPACES[name], fast_mode)
    if fast_mode:  # the original cannot search a folder that is not whole
        pair.call("find_best", "cifar10", "valid")
    ask_cross_product(pair, SPACES[name], indexes_of(folder), None if FULL else 400)


@pytest.mark.parametrize("fast_mode", [False, True])
def test_cross_product_of_generated_architectures(generated: tuple[str, Path], fast_mode: bool) -> None:
    name, folder = generated
    ask_cross_product(
        open_both(folder, SPACES[name], fast_mode), SPACES[name], indexes_of(folder), 20_000 if FULL else 250
    )


@pytest.mark.parametrize(("fast_mode", "verbose"), [(False, False), (True, False), (False, True), (True, True)])
def test_random_questions_about_odd_records(odd: tuple[str, Path], fast_mode: bool, verbose: bool) -> None:
    name, folder = odd
    pair = open_both(folder, SPACES[name], fast_mode, verbose)
    random.seed(3)
    Stream(pair, SPACES[name], indexes_of(folder), random.Random(int(fast_mode)), str(folder)).ask(
        4000 if FULL else 100
    )
    assert pair.differences == []


def without(record: dict[str, Any], lacking: str, alone: bool) -> dict[str, Any]:
    """A record where a set lacks its values of epoch 3 (0 of short trainings), in every trial or in the first alone."""
    record = copy.deepcopy(record)
    for state in record.values():
        done: set[str] = set()
        for (dataset, _), trial in state["all_results"].items():
            if alone and dataset in done:
                continue
            done.add(dataset)
            epoch = min(3, trial["epochs"] - 1)
            keys = {"train": ("train_acc1es", "train_losses", epoch)}
            *columns, key = keys.get(lacking, ("eval_acc1es", "eval_losses", f"{lacking}@{epoch}"))
            for column in columns:
                trial[column].pop(key, None)
    return record


@pytest.mark.parametrize("alone", [False, True])
def test_sets_that_lack_an_epoch(space: SearchSpace, alone: bool, tmp_path: Path) -> None:
    records = {
        index: varied(without(record(space, 0), one, alone), index, space.architectures[index], random.Random(index))
        for index, one in enumerate(("train", "x-valid", "x-test", "ori-test"))
    }
    pair = open_both(write_folder(tmp_path / "odd", space, records), space, fast_mode=True)
    random.seed(8)
    for index, hp, dataset in itertools.product(records, space.epochs, DATASETS):
        for epoch, choice in itertools.product((None, 3), (True, False, 777)):
            pair.call("get_more_info", index, dataset, epoch, hp, choice)
            pair.call("simulate_train_eval", index, dataset, epoch, hp)
        for setname in SETS:
            pair.call("find_best", dataset, setname, hp=hp, enforce_all=False)
    assert pair.differences == []


def test_a_thousand_questions_under_one_seed(generated: tuple[str, Path]) -> None:
    name, folder = generated
    indexes, space = indexes_of(folder), SPACES[name]
    pair = open_both(folder, space, fast_mode=True)

    def search(api: Any) -> list[Any]:
        """A program of 1,000 random queries; everything it draws comes from ``random``."""
        random.seed(2021)
        seen: list[Any] = []
        for _ in range(1000):
            index, hp = random.choice(indexes), random.choice(list(space.epochs))
            epoch = random.choice([None, random.randrange(space.epochs[hp])])
            try:
                if random.random() < 0.2:
                    seen.append(api.simulate_train_eval(index, random.choice(SEARCHED), epoch, hp))
                else:
                    seen.append(api.get_more_info(index, random.choice(DATASETS), epoch, hp))
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                seen.append(error)
            seen.append(api.used_time)
        return [*seen, api.random(), random.random()]

    theirs, ours = search(pair.theirs), search(pair.ours)
    errors = [place for place, found in enumerate(theirs) if isinstance(found, Exception)]
    assert len(errors) < 100
    for place in errors:
        assert isinstance(ours[place], type(theirs[place]))
        ours[place] = theirs[place]
    assert plain(theirs) == plain(ours)


def test_the_clock_runs_on_and_is_reset(generated: tuple[str, Path]) -> None:
    name, folder = generated
    ours = open_both(folder, SPACES[name], True).ours
    index = indexes_of(folder)[0]
    *_, taken, clock = ours.simulate_train_eval(index, "cifar10")
    assert clock == taken == ours.used_time
    assert ours.simulate_train_eval(index, "cifar10", account_time=False)[-1] == clock
    ours.reset_time()
    assert ours.used_time == 0
