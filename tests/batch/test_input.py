"""Bad questions in batches are refused in words, odd records and odd arrays answered right."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import oracle_archives
from support.batches import Case, answer, bits, make_case

from natsbin import _names, _questions
from natsbin.batch import Batch
from natsbin.errors import QuestionError
from natsbin.spaces import SPACES
from natsbin.store import open_store


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.getbasetemp() / "batch"
    root.mkdir(exist_ok=True)
    return root


@pytest.fixture(scope="session", params=["tss", "sss"])
def case(request: pytest.FixtureRequest, root: Path) -> Case:
    return make_case(root, request.param)


@pytest.fixture(scope="session", params=["tss", "sss"])
def odd(request: pytest.FixtureRequest, root: Path) -> Case:
    """Records of which tables answer for none: seeds out of order, costs of other types, no times."""
    regular = make_case(root, request.param)
    base = oracle_archives.benchmark(regular.folder, regular.indexes[:6])
    for place, record in enumerate(base["arch2infos"].values()):
        for state in record.values():
            for (dataset, seed), trial in list(state["all_results"].items()):
                if place == 0:
                    state["dataset_seed"][dataset] = state["dataset_seed"][dataset][::-1]
                elif place == 1:
                    trial["params"] = float(trial["params"])
                elif place == 2 and seed == 777:
                    trial["train_times"][0] = trial["train_times"][0] * 2
                elif place == 3:
                    trial["eval_times"] = {}
                elif place == 4:
                    trial["flop"] = np.float64(trial["flop"])
    folder = root / f"{request.param}-odd"
    oracle_archives.write_folder(base, folder)
    return Case(folder, request.param, wild=True)


def test_odd_records_answer_as_the_scalar_api(odd: Case) -> None:
    for hp, dataset in odd.store.keys:
        assert odd.batch._table(hp, dataset).irregular.sum() >= 2
        check_odd_infos(odd, hp, dataset)
        costs = odd.batch.get_cost_info(odd.indexes, dataset, hp)
        expected = ask_each(odd, lambda i, hp=hp, d=dataset: odd.scalar.get_cost_info(i, d, hp))
        for name, values in costs.items():
            assert [bits(v) for v in values] == [bits((one or {}).get(name)) for one in expected], name
        if dataset != "cifar10-valid":
            random.seed(4)
            schedule = ask_each(odd, lambda i, hp=hp, d=dataset: odd.scalar.simulate_train_eval(i, d, None, hp))
            random.seed(4)
            simulated = odd.batch.simulate_train_eval(odd.indexes, dataset, None, hp)
            for place, one in enumerate(schedule):
                assert [bits(v[place]) for v in simulated[:3]] == [bits(v) for v in (one or (None,) * 3)[:3]]
        curve = odd.batch.curves(odd.indexes[:2], dataset, "train", "all_time", hp)
        metrics = odd.scalar.arch2infos_dict[odd.indexes[0]][hp].get_metrics(dataset, "train", 0)
        assert bits(curve[0, 0]) == bits(metrics["all_time"])


def test_irregular_records_need_the_scalar_api(odd: Case) -> None:
    alone = Batch(odd.store)
    with pytest.raises(QuestionError, match=r"irregular records.*natsbin\.Batch"):
        alone.get_more_info(odd.indexes, "cifar10", None, "12")


def ask_each(case: Case, question: Any) -> list[Any]:
    return [answer(lambda i=index: question(i)) for index in case.indexes]


def check_odd_infos(odd: Case, hp: str, dataset: str) -> None:
    epoch = odd.space.epochs[hp] - 1
    for is_random in (False, 777, True):
        random.seed(2)
        scalar = ask_each(odd, lambda i, r=is_random: odd.scalar.get_more_info(i, dataset, epoch, hp, r))
        random.seed(2)
        found = odd.batch.get_more_info(odd.indexes, dataset, epoch, hp, is_random)
        for name, values in found.items():
            if not isinstance(values, str):
                assert [bits(v) for v in values] == [bits((one or {}).get(name)) for one in scalar], name


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"index": [0, 40_000]}, "architecture 40000 at place 1"),
        ({"index": [-1]}, "architecture -1"),
        ({"index": [1.0]}, "float64"),
        ({"index": [float("nan")]}, "float64"),
        ({"index": [True]}, "bool"),
        ({"index": ["|none~0|"]}, "place 0: '|none~0|'"),
        ({"index": [[1], [2, 3]]}, "no array"),
        ({"index": None}, "None"),
        ({"iepoch": 500}, "iepoch 500"),
        ({"iepoch": -1}, "iepoch -1"),
        ({"iepoch": [0.0]}, "float64"),
        ({"iepoch": float("nan")}, "float64"),
        ({"iepoch": [0, 1, 2]}, "iepoch (3,)"),
        ({"is_random": [1.5, 2.5]}, "seed is of float64"),
        ({"is_random": [1, 2, 3]}, "seed (3,)"),
        ({"is_random": "777"}, "seed is of"),
        ({"dataset": "cifar11"}, "'cifar11'"),
        ({"hp": "300"}, "'300'"),
        ({"hp": 300}, "300"),
        ({"missing": "zero"}, "missing='zero'"),
        ({"index": np.array([2**63], np.uint64)}, "uint64"),
    ],
)
def test_refusals(case: Case, changes: dict[str, Any], told: str) -> None:
    question: dict[str, Any] = {"index": [0, 1], "dataset": "cifar10", "iepoch": [0], "hp": "12", **changes}
    with pytest.raises(QuestionError) as caught:
        case.batch.get_more_info(**question)
    assert told in str(caught.value)
    assert isinstance(caught.value, (KeyError, ValueError))


def test_missing_values_raise_where_asked_for(case: Case) -> None:
    assert np.isnan(case.batch.get_more_info([0, 3], "cifar10", None, "12")["train-loss"]).tolist() == [False, True]
    with pytest.raises(QuestionError, match=r"no train-loss .* at place 1 \(1 of 2 missing\)"):
        case.batch.get_more_info([0, 3], "cifar10", None, "12", missing="raise")
    with pytest.raises(QuestionError, match="no accuracy"):
        case.batch.simulate_train_eval([0, 3], "cifar10", None, "12", missing="raise")
    masked = case.batch.get_cost_info([0, 3], "cifar10", "12", missing="mask")["flops"]
    assert masked.mask.tolist() == [False, True]


def test_empty_and_equal_questions(case: Case) -> None:
    for nothing in ([], np.empty((0, 3), np.int64), np.array([], "U10")):
        found = case.batch.get_more_info(nothing, "cifar10", None, "12")
        assert found["train-loss"].shape == np.shape(nothing)
        assert case.batch.simulate_train_eval(nothing, "cifar100", None, "12")[0].shape == np.shape(nothing)
        assert case.batch.get_cost_info(nothing, "cifar10", "12")["flops"].shape == np.shape(nothing)
    same = np.full(1_000_000, case.indexes[1])
    alone = case.batch.get_more_info(case.indexes[1], "cifar100", 3, "12")
    many = case.batch.get_more_info(same, "cifar100", 3, "12")
    for name, value in alone.items():
        assert (many[name] == value).all()


def test_strings_and_tuples_ask_like_indexes(case: Case) -> None:
    names = [case.space.architectures[i] for i in case.indexes]
    by_index = case.batch.get_latency(case.indexes, "cifar10", "12")
    for archs in (names, tuple(names), np.array(names), np.array(names, "S"), tuple(case.indexes)):
        np.testing.assert_array_equal(case.batch.get_latency(archs, "cifar10", "12"), by_index)
    assert case.batch.get_latency(names[0], "cifar10", 12) == by_index[0]


def test_tensors_in_tensors_out(case: Case) -> None:
    torch = pytest.importorskip("torch")
    index = torch.tensor(case.indexes)
    accuracy, *_, clock = case.batch.simulate_train_eval(index, "cifar10", None, "12", seed=777)
    assert isinstance(accuracy, torch.Tensor)
    assert accuracy.dtype == torch.float64
    assert isinstance(clock, torch.Tensor)
    plain = case.batch.get_cost_info(case.indexes, "cifar10", "12")
    tensors = case.batch.get_cost_info(index, dataset="cifar10", hp="12")
    for name, values in plain.items():
        np.testing.assert_array_equal(tensors[name].numpy(), values)
    assert isinstance(case.batch.query_index_by_arch(index), torch.Tensor)
    with pytest.raises(QuestionError, match="mask"):
        case.batch.get_latency(index, "cifar10", "12", missing="mask")


def test_threads_get_the_same_answers(case: Case, root: Path) -> None:
    hp = case.store.hps[-1]
    rng = np.random.default_rng(1)
    index = rng.choice(case.indexes, 20_000)
    epoch = rng.integers(0, case.space.epochs[hp], len(index))
    expected = case.batch.get_more_info(index, "cifar100", epoch, hp)
    fresh = Case.__new__(Case)  # chunks are fetched by all threads at once
    fresh.batch = Batch(open_store(case.path))
    found: list[Any] = [None] * 4

    def ask(place: int) -> None:
        found[place] = fresh.batch.get_more_info(index, "cifar100", epoch, hp)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        for name, values in expected.items():
            np.testing.assert_array_equal(one[name], values)


def test_the_kernel_checks_what_it_is_given(case: Case) -> None:
    table = case.batch._table("12", "cifar10")
    one, far = np.zeros(1, np.int64), np.array([10**6], np.int64)
    grid = table.grid
    for epoch in (far, -far):
        with pytest.raises(IndexError):
            _questions.Questions(grid, 1, one, epoch, None, None, None)
    with pytest.raises(ValueError, match="lengths"):
        _questions.Questions(grid, 3, np.zeros(2, np.int64), one, None, None, None)
    asked = _questions.Questions(grid, 1, one, one, None, far, None)
    column = table.column("train", "accuracy")
    assert column is not None
    out = np.zeros(1)
    column.values(asked, out)  # a position that there is not
    assert np.isnan(out[0])
    elapsed = table.elapsed_time("train")
    many = np.full(2 * table.total + 2, case.indexes[0])
    for index in (far, -far):  # architectures that there are not
        many[::2] = index
        for seed in (None, np.array([777]), np.array([777, 1] * (len(many) // 2))):
            for questions in (index, np.ascontiguousarray(many)):
                chosen = seed if seed is None or len(seed) in (1, len(questions)) else seed[:1]
                asked = _questions.Questions(grid, len(questions), questions, one, chosen, None, None)
                values, seconds = np.zeros(len(questions)), np.zeros(len(questions))
                column.values(asked, values)
                elapsed.seconds(asked, 1.0, seconds)
                assert np.isnan(values[::2]).all()
                assert np.isnan(seconds[::2]).all()
    asked = _questions.Questions(grid, 1, one, one, None, far, None)
    with pytest.raises(ValueError, match="places"):
        column.values(asked, np.zeros(2))
    other = case.batch._table("12", "cifar100").column("train", "accuracy")
    assert other is not None
    with pytest.raises(ValueError, match="another grid"):
        other.values(asked, out)
    with pytest.raises(ValueError, match="differ"):
        _names.ranks_of_strings(["a"], True, np.zeros(2, np.int32))
    with pytest.raises(ValueError, match="bytes"):
        _names.ranks_of_texts(np.zeros(7, np.uint8), 4, False, True, np.zeros(2, np.int32))


def test_an_hp_may_be_a_number(case: Case) -> None:
    number = int(case.store.hps[0])
    assert SPACES[case.space.name] is case.space
    np.testing.assert_array_equal(
        case.batch.get_latency(case.indexes, "cifar10", number),
        case.batch.get_latency(case.indexes, "cifar10", case.store.hps[0]),
    )
