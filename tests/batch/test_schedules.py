"""Simulated time in batches equals plain loops."""

from __future__ import annotations

import heapq

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import Case, answer, bits

few = settings(max_examples=25)


@few
@given(data=st.data())
def test_train_time_is_the_difference_of_all_times(case: Case, data: st.DataObject) -> None:
    hp = data.draw(st.sampled_from(case.store.hps))
    dataset = data.draw(st.sampled_from(["cifar10-valid", "cifar10", "cifar100"]))
    seed = data.draw(st.sampled_from([None, 777]))
    indexes = data.draw(st.lists(st.sampled_from([*case.indexes, 3]), min_size=1, max_size=6))
    pairs = [sorted(data.draw(st.tuples(*[st.integers(0, case.space.epochs[hp])] * 2))) for _ in indexes]
    since, until = np.array(pairs).T
    found = case.batch.train_time(indexes, until, resume_from=since, dataset=dataset, hp=hp, seed=seed)

    def all_time(index: int, done: int) -> float | None:
        chosen = False if seed is None else seed
        results = answer(lambda: case.scalar.arch2infos_dict[index][hp])
        metrics = answer(lambda: results.get_metrics(dataset, "train", max(done - 1, 0), chosen))
        return None if metrics is None else metrics["all_time"] if done else 0.0

    for index, a, b, seconds in zip(indexes, since.tolist(), until.tolist(), found, strict=True):
        start, end = all_time(index, a), all_time(index, b)
        assert bits(seconds) == bits(None if start is None or end is None else end - start)


def test_pausing_costs_nothing_but_rounding(case: Case) -> None:
    hp = case.store.hps[-1]
    stages = np.array([1, 3, 9, 27, case.space.epochs[hp]])
    index = np.array(case.indexes)[:, None]
    parts = case.batch.train_time(index, stages, resume_from=[0, *stages[:-1]], dataset="cifar100", hp=hp)
    whole = case.batch.train_time(index[:, 0], stages[-1], dataset="cifar100", hp=hp)
    np.testing.assert_allclose(parts.sum(axis=1), whole, rtol=1e-12)


@given(durations=st.lists(st.one_of(st.integers(0, 3), st.floats(0, 1e6)), max_size=30), workers=st.integers(1, 8))
def test_a_queue_of_workers(regular: Case, durations: list[float], workers: int) -> None:
    queue = regular.batch.queue
    free = [(0.0, number) for number in range(workers)]
    expected = []
    for seconds in durations:
        start, number = heapq.heappop(free)
        expected.append((start + seconds, number))
        heapq.heappush(free, expected[-1])
    finished, by = queue(durations, workers)
    assert list(zip(finished.tolist(), by.tolist(), strict=True)) == expected
    rows, numbers = queue([durations, durations[::-1]], workers)
    np.testing.assert_array_equal(rows[0], finished)
    np.testing.assert_array_equal(numbers[0], by)
