"""Records taken apart from their pickles equal those taken apart as objects, and what is refused is refused alike."""

from __future__ import annotations

import io
import pickle
import pickletools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.files import Call, dump, make_meta
from support.paths import load_tool
from support.records import first_trial, record
from support.varied import varied

from natsbin._pickle import Unpickler
from natsbin._walk import Walker
from natsbin.archive import FILE_LIMIT
from natsbin.archive.base import Record, Walked
from natsbin.archive.benchmark import BenchmarkTask
from natsbin.archive.schema import check_record
from natsbin.errors import ArchiveError
from natsbin.roads.convert import _Taker
from natsbin.spaces import SSS, SearchSpace
from natsbin.store.split import Block, Part, Split


class FileTask:
    """A pickle of one architecture, as a task; ``checks`` counts the objects that were made of it."""

    def __init__(self, space: SearchSpace, index: int, data: bytes) -> None:
        self.space, self.index, self.data, self.checks = space, index, data, 0

    def check(self, states: object) -> Any:
        self.checks += 1
        return check_record(states, self.index, self.space.architectures[self.index], self.space, "a file")

    def read(self) -> Iterator[Record]:
        unpickler = Unpickler("a file", FILE_LIMIT)
        unpickler.feed(self.data, last=True)
        yield Record(self.index, self.check(unpickler.value))

    def walk(self, walker: Walker) -> Iterator[Walked | Record]:
        if walker.read(self.data):
            yield Walked(self.index, self.space.architectures[self.index], self.check)
        else:
            yield from self.read()


class Unwalked:
    """Reads a task's records as objects."""

    def __init__(self, task: Any) -> None:
        self.read = task.read

    def walk(self, walker: Walker) -> Iterator[Walked | Record]:
        yield from self.read()


class Both:
    """Takes records apart both ways, by takers that have met the same forms."""

    def __init__(self, *, streaming: bool = False) -> None:
        self.walking, self.reading = _Taker(streaming), _Taker(False)

    def agree(self, task: Any) -> bool:
        """Assert that both ways give the same; whether that is records."""
        outcomes = [_outcome(self.walking, task), _outcome(self.reading, Unwalked(task))]
        assert outcomes[0] == outcomes[1]
        return not isinstance(outcomes[0][0], type)


def _outcome(taker: _Taker, task: Any) -> tuple[Any, ...]:
    try:
        for _ in taker.take(task):
            pass
        return (_plain(taker.splitter.take()),)
    except ArchiveError as error:
        taker.splitter.take()
        return type(error), str(error)


def _plain(value: Any) -> Any:
    if isinstance(value, (Split, Part, Block)):
        return _plain(vars(value))
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return (value.shape, value.dtype.str, value.tobytes()) if isinstance(value, np.ndarray) else value


def test_generated_and_varied_records(space: SearchSpace) -> None:
    both, rng = Both(), random.Random(3)
    for index in (*range(0, 40, 3), len(space) - 1):
        states = record(space, index, *([] if index % 9 == 0 else ["12"]))
        assert both.agree(FileTask(space, index, pickle.dumps(states, 4)))
        odd = varied(states, index, space.architectures[index], rng)
        assert both.agree(FileTask(space, index, pickle.dumps(odd, rng.choice([4, 5]))))


def test_known_forms_make_no_objects() -> None:
    """A form is learnt from its first record; other numbers and another architecture are no other form."""
    taker, checks = _Taker(False), []
    for index in (1, 2, 3):
        states = record(SSS, 8, "12")
        states["12"].update(arch_index=index, arch_str=SSS.architectures[index])
        for trial in states["12"]["all_results"].values():
            trial["arch_config"] = {"channels": SSS.architectures[index]}
            trial["train_losses"] = {epoch: index + epoch / 7 for epoch in range(12)}
            trial["flop"] = float(index)
        task = FileTask(SSS, index, pickle.dumps(states, 4))
        for _ in taker.take(task):
            checks.append(task.checks)
    assert checks == [1, 0, 0]
    split = taker.splitter.take()
    assert [index for index, _ in split.records] == [1, 2, 3]
    assert {value for part in split.parts for value in part.scalars["flop"].tolist()} == {1.0, 2.0, 3.0}


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new, 1)


def text(word: str) -> bytes:
    return b"\x8c" + bytes([len(word)]) + word.encode()


def _trial(**fields: Any) -> Callable[[Any], bytes]:
    def change(states: Any) -> bytes:
        first_trial(states).update(fields)
        return pickle.dumps(states, 4)

    return change


def _share(states: Any) -> bytes:
    trials = list(states["12"]["all_results"].values())
    for trial in trials:
        trial["train_losses"] = trials[0]["train_losses"]
        trial["latency"] = [trials[0]["params"]]
        trial["params"] = trials[0]["params"]
    return pickle.dumps(states, 4)


def _share_trials(states: Any) -> bytes:
    trials = states["12"]["all_results"]
    trials["cifar100", 777] = trials["cifar10", 777]
    return pickle.dumps(states, 4)


def _optimized(states: Any) -> bytes:
    file = io.BytesIO()
    pickle._Pickler(file, 4).dump(states)  # type: ignore[attr-defined]
    return pickletools.optimize(file.getvalue())


def _bytes(old: bytes, new: bytes) -> Callable[[Any], bytes]:
    return lambda states: replaced(pickle.dumps(states, 4), old, new)


CYCLE: list[Any] = []
CYCLE.append(CYCLE)
DEEP: list[Any] = []
for _ in range(40):
    DEEP = [DEEP, DEEP]  # takes no memory, unless what is shared is copied


@pytest.mark.parametrize(
    "change",
    [
        _share,
        _share_trials,
        _optimized,
        lambda states: pickle.dumps(states, 4) + b"x",
        lambda states: pickle.dumps(states, 4)[:-1],
        lambda states: pickle.dumps({"12": states["12"], "90": states["12"]}, 4),
        _bytes(b"K\x01G", b"K\x00G"),  # a key twice
        _bytes(b"K\x01G", b"\x88G"),  # True for 1
        _bytes(b"K\x01G", b"G" + bytes(8) + b"G"),
        _bytes(text("train_losses"), text("train_acc1es")),
        _bytes(text("params"), b"N"),
        _bytes(text("f8"), text("f4")),
        _bytes(text("f8"), text("O8")),
        _bytes(text("<"), text(">")),
        _bytes(text("12"), b"\x8c\x02\xff\xfe"),
        _trial(latency=[0.5, 0.25]),
        _trial(latency=0.5),
        _trial(latency=[np.float32(0.5)]),
        _trial(latency=-1),
        _trial(latency=[]),
        _trial(params=np.int64(5), flop=7),
        _trial(train_acc5es={}, eval_acc1es={"ori-test@11": 5}),
        _trial(arch_config={1.5: 2}),
        _trial(arch_config={"scale": 1.5, "all_results": {}}),
        _trial(arch_config={"all_results": {("cifar10", 1): {"a": 1.5}}}),
        _trial(arch_config={"arch_index": 5}),
        _trial(arch_config={"cycle": CYCLE}),
        _trial(arch_config={"deep": DEEP}),
        _trial(arch_config={"large": 1 << 40}),
        _trial(arch_config={"many": [None] * 2000}),
        _trial(arch_config={"tuples": ((), (1,), (1, (2, "a")), True)}),
        _trial(arch_config={"dtype": np.dtype("f8")}),
        _trial(arch_config={"bytes": bytes(8)}),
        _trial(name="x" * 1000),
        _trial(seed=SSS.architectures[5]),
        _trial(net_state_dict=Call(eval, "1")),
        _trial(eval_names=["ori-test"] * 2),
        _trial(train_losses=[1.5]),
        _trial(train_losses={99: 1.5}),
        _trial(epochs=13),
    ],
)
def test_odd_records(change: Callable[[Any], bytes]) -> None:
    both = Both()
    for data in (pickle.dumps(record(SSS, 5, "12"), 4), change(record(SSS, 5, "12"))):
        for index in (5, 5, 6):
            both.agree(FileTask(SSS, index, data))


def test_a_field_that_stands_twice() -> None:
    """It keeps its first place and its last value, so its numbers come in another order than in the pickle."""
    states = record(SSS, 5, "12")
    fields = list(first_trial(states).items())
    first_trial(states).clear()
    for name, value in fields:
        first_trial(states)[name] = {} if name == "train_losses" else value
    first_trial(states)["again"] = {0: 2.5}
    both = Both()
    for number in (2.5, 3.5):
        first_trial(states)["again"] = {0: number}
        data = pickle.dumps(states, 4)
        assert both.agree(FileTask(SSS, 5, replaced(data, text("again"), text("train_losses"))))


def test_10_000_mutated_pickles() -> None:
    small = dict(record(SSS, 5, "01"))
    pickles = [pickle.dumps(small, protocol) for protocol in (2, 4, 5)]
    rng, both, read, mutate = np.random.default_rng(21), Both(), 0, load_tool("mutate").mutate
    for number in range(10_000):
        read += both.agree(FileTask(SSS, 5, mutate(pickles[number % 3], [], rng)))
    assert 100 < read < 9_000


def _apart(infos: dict[int, Any]) -> dict[int, Any]:
    return {index: pickle.loads(pickle.dumps(states)) for index, states in infos.items()}


def _shared_key(infos: dict[int, Any]) -> dict[int, Any]:
    key = ("cifar10", 777)
    for states in infos.values():
        state = states["12"]
        state["all_results"] = {(key if old == key else old): trial for old, trial in state["all_results"].items()}
    return infos


def _shared_curve(infos: dict[int, Any]) -> dict[int, Any]:
    shared = first_trial(infos[0])["train_losses"]
    for states in infos.values():
        first_trial(states)["train_losses"] = shared
    return infos


def _bad(infos: dict[int, Any]) -> dict[int, Any]:
    first_trial(infos[7])["epochs"] = 20_000
    return infos


@pytest.mark.parametrize("meta_last", [False, True])
@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("change", [dict, _apart, _shared_key, _shared_curve, _bad])
def test_benchmark_files(change: Callable[[Any], Any], count: int, meta_last: bool, tmp_path: Path) -> None:
    infos = change({index: record(SSS, index, "12") for index in (7, 0, 3, 9)})
    root = {**make_meta(SSS), "arch2infos": dict(list(infos.items())[:count]), "evaluated_indexes": set(infos)}
    if meta_last:
        root = dict(sorted(root.items(), key=lambda item: item[0] != "arch2infos"))
    path = dump(root, tmp_path / "x.pickle.pbz2")
    task = BenchmarkTask(str(path), None, "sss", SSS.architectures)
    refused = change is _bad or (change is _shared_curve and count > 1)
    assert Both(streaming=True).agree(task) is not refused


@pytest.mark.parametrize("size", [1000, 4099, 100_000])
def test_pieces_of_any_size(size: int) -> None:
    infos = {index: record(SSS, index, "12") for index in (7, 0, 3)}
    data = pickle.dumps({**make_meta(SSS), "arch2infos": infos, "evaluated_indexes": set(infos)}, 4)
    walker, found = Walker(FILE_LIMIT, True), {}
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        while walker.feed(piece) and walker.has_record:
            found[walker.index] = walker.record.build()
            piece = b""
    assert walker.finished
    assert found == infos
    assert walker.build() == {**make_meta(SSS), "arch2infos": {}, "evaluated_indexes": set(infos)}
