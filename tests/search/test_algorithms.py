"""Each algorithm against a plain account of what it is to do, and what it refuses."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from support.searches import MadeUp

from natsbin.errors import QuestionError
from natsbin.search import Budget, Training, find_algorithm, search
from natsbin.search.brackets import fidelities, rungs
from natsbin.search.moves import moves_of
from natsbin.search.registry import NAMES
from natsbin.spaces import SPACES, SSS, TSS


def told(name: str, accuracies: Any, count: int, space: Any = TSS, **given: Any) -> list[Training]:
    """The trainings that an algorithm asks for where accuracies are a function of them, one after the other."""
    algorithm = find_algorithm(name).make(space, 12, np.random.default_rng(0), given)
    asked = []
    for _ in range(count):
        training = algorithm.ask()
        assert isinstance(training, Training)
        asked.append(training)
        algorithm.tell(training, accuracies(training))
    return asked


def test_moves_agree_with_the_space() -> None:
    for space in SPACES.values():
        moves = moves_of(space)
        for index in (0, 1, len(space) // 2, len(space) - 1):
            digits = space.parse(space.architectures[index])
            assert tuple(moves.digits_of(index)) == digits
            assert moves.index_of(np.array(digits)) == index
            around = {int(moves.neighbour(index, number)) for number in range(moves.neighbours)}
            assert len(around) == moves.neighbours
            for other in around:
                pairs = zip(space.parse(space.architectures[other]), digits, strict=True)
                assert sum(a != b for a, b in pairs) == 1


def test_mutations_are_as_likely_as_in_the_paper() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.random((60_000, 3))
    moves = moves_of(TSS)
    before = moves.digits_of(7)
    after = moves.digits_of(moves.mutated(np.full(len(numbers), 7), *numbers.T))
    changed = after != before
    assert (changed.sum(axis=1) == 1).all()
    np.testing.assert_allclose(changed.mean(axis=0), [1 / 3, 1 / 6, 1 / 6, 1 / 9, 1 / 9, 1 / 9], atol=0.01)
    sizes = moves_of(SSS)
    after = sizes.digits_of(sizes.mutated(np.full(len(numbers), 99), *numbers.T))
    np.testing.assert_allclose((after != sizes.digits_of(99)).mean(axis=0), np.full(5, 7 / 40), atol=0.01)


def test_random_search_draws_uniformly() -> None:
    asked = told("random", lambda training: 0.0, 3000)
    digits = moves_of(TSS).digits_of(np.array([one.index for one in asked]))
    for choice in range(5):
        np.testing.assert_allclose((digits == choice).mean(axis=0), 0.2, atol=0.03)
    assert {one.epochs for one in asked} == {12}


def test_evolution_mutates_the_best_of_the_young() -> None:
    asked = told("rea", lambda training: float(training.index), 200, population=5, sample=40)
    moves = moves_of(TSS)
    for place in range(5, 200):
        parent = max(one.index for one in asked[place - 5 : place])  # 40 draws from 5: the best is among them
        assert (moves.digits_of(asked[place].index) != moves.digits_of(parent)).sum() == 1


def test_local_search_climbs_to_a_local_best() -> None:
    asked = [one.index for one in told("local-search", lambda training: float(training.index), 400)]
    moves, place = moves_of(TSS), 0
    while place + 25 < len(asked):
        centre = asked[place]
        while asked[place + 1 : place + 25] == [int(moves.neighbour(centre, n)) for n in range(24)]:
            place += 24
            best = max(asked[place - 23 : place + 1])
            if best < centre:
                break
            centre = best
            if place + 25 >= len(asked):
                return
        assert max(int(moves.neighbour(centre, n)) for n in range(24)) < centre
        place += 1


def test_fidelities_and_brackets() -> None:
    assert fidelities(12, 1, 3) == [1, 4, 12]
    assert fidelities(200, 1, 3) == [2, 7, 22, 66, 200]
    assert fidelities(90, 10, 3) == [10, 30, 90]
    assert fidelities(1, 1, 3) == [1]
    schedule = rungs(12, 1, 3, None)
    first = [(rung.size, rung.epochs, rung.resume_from) for rung, _ in zip(schedule, range(7), strict=False)]
    assert first == [(9, 1, 0), (3, 4, 1), (1, 12, 4), (3, 4, 0), (1, 12, 4), (3, 12, 0), (9, 1, 0)]


@pytest.mark.parametrize("name", ["successive-halving", "hyperband", "bohb"])
def test_the_best_of_a_rung_go_on(name: str) -> None:
    asked = told(name, lambda training: float(training.index), 13)
    best = sorted(asked[:9], key=lambda one: -one.index)
    resumes = name != "bohb"  # its script trains anew
    assert [(one.index, one.epochs) for one in asked[9:13]] == [
        *((one.index, 4) for one in best[:3]),
        (best[0].index, 12),
    ]
    assert [one.resume_from for one in asked[9:13]] == ([1, 1, 1, 4] if resumes else [0, 0, 0, 0])
    assert (asked[9].chance == best[0].chance) == resumes


def test_asha_promotes_what_is_in_the_first_third() -> None:
    asked = told("asha", lambda training: float(training.index), 500, workers=1)
    levels, done, promoted = [1, 4, 12], {level: [] for level in (1, 4, 12)}, set()
    for training in asked:
        expected = None
        for low, high in ((4, 12), (1, 4)):
            ranked = sorted(done[low], key=lambda one: -one.index)[: len(done[low]) // 3]
            waiting = [one for one in ranked if (one.chance, low) not in promoted]
            if waiting:
                promoted.add((waiting[0].chance, low))
                expected = Training(waiting[0].index, high, low, waiting[0].chance)
                break
        assert training == expected if expected else training.resume_from == 0
        done[training.epochs].append(training)
    assert len(done[levels[2]]) > 20


def test_learners_find_better_than_random() -> None:
    def accuracy(training: Training) -> float:
        return float((moves_of(TSS).digits_of(training.index) == [0, 1, 2, 3, 4, 0]).sum()) * 10 + training.epochs

    means = {}
    for name in ("random", "reinforce", "bohb", "tpe", "rea"):
        given = {"learning_rate": 0.1} if name == "reinforce" else {}
        asked = [one for one in told(name, accuracy, 300, **given)[150:] if one.epochs == 12]
        means[name] = float(np.mean([accuracy(one) for one in asked]))
    for name in ("reinforce", "bohb", "tpe", "rea"):
        assert means[name] > means["random"] + 5, means


def test_failed_trainings_do_not_stop_a_search() -> None:
    simulation = MadeUp(TSS, 12)
    for name in NAMES:
        if not name.endswith("-script"):
            rng = np.random.default_rng(1)
            history = search(find_algorithm(name).make(TSS, 12, rng, {}), simulation, Budget(trainings=400), rng)
            assert Counter(history.accuracy[0].tolist())[0.0] >= 1


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("rea", {"population": 0}, "population=0: expected a whole number of at least 1"),
        ("rea", {"cycles": 5}, "no setting 'cycles': there are population, sample"),
        ("random", {"sample": 5}, "no setting 'sample': there are none"),
        ("asha", {"workers": True}, "workers=True"),
        ("hyperband", {"min_epochs": 13}, "at most 12"),
        ("hyperband", {"eta": 1}, "eta=1"),
        ("reinforce", {"learning_rate": 0}, "learning_rate=0: expected more than 0"),
        ("reinforce", {"momentum": "x"}, "momentum='x': expected a number"),
        ("bohb", {"random_fraction": 1.5}, "at most 1"),
        ("tpe", {"gamma": float("nan")}, "gamma=nan"),
    ],
)
def test_bad_settings(name: str, given: dict[str, Any], words: str) -> None:
    with pytest.raises(QuestionError, match=words.replace("(", r"\(")):
        find_algorithm(name).make(TSS, 12, np.random.default_rng(0), given)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("annealing", "expected one of random, rea"),
        ("no_such_module:Class", "no_such_module"),
        ("natsbin.search:Nothing", "Nothing"),
        ("natsbin.search:Budget", "expected a class with the methods ask and tell"),
    ],
)
def test_unknown_algorithms(name: str, words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        find_algorithm(name)
