"""The benchmark file: one pickle, streamed; its records equal those of the small files."""

from __future__ import annotations

import bz2
import hashlib
import io
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.files import DAMAGE, Call, dump, make_meta
from support.paths import run_python
from support.records import record, same

from natsbin._pickle import Unpickler
from natsbin.archive import open_archive
from natsbin.errors import ArchiveError, UnsafePickleError
from natsbin.spaces import SPACES, SSS, TSS, SearchSpace

INDEXES = (3, 0, 7)


def benchmark(space: SearchSpace, indexes: tuple[int, ...] = INDEXES) -> dict[str, Any]:
    infos = {index: record(space, index) for index in indexes}
    return {**make_meta(space), "arch2infos": infos, "evaluated_indexes": set(indexes)}


def meta_last(root: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(root.items(), key=lambda item: item[0] != "arch2infos"))


def stream(path: Path, **options: Any) -> dict[int, object]:
    (task,) = open_archive(path, **options).tasks()
    return {record.index: record.states for record in pickle.loads(pickle.dumps(task)).read()}


@pytest.mark.parametrize("arrange", [dict, meta_last])
@pytest.mark.parametrize("count", [1, 3])
def test_records_in_the_order_of_the_file(
    space: SearchSpace, arrange: Callable[[Any], dict[str, Any]], count: int, tmp_path: Path
) -> None:
    indexes = INDEXES[:count]
    path = dump(arrange(benchmark(space, indexes)), tmp_path / "made-up.pickle.pbz2")
    archive = open_archive(path, space.name)
    assert archive.kind == "benchmark file"
    assert archive.space is SPACES[space.name]
    assert archive.meta_archs == space.architectures
    assert archive.indexes is None
    assert archive.digest is None
    assert archive.compressed_bytes == path.stat().st_size
    found = stream(path)
    assert list(found) == list(indexes)
    for index in indexes:
        assert same(found[index], record(space, index))
    assert same(archive.read(3), found[3])
    with pytest.raises(ArchiveError, match="no architecture 5"):
        archive.read(5)


@pytest.mark.parametrize("sharing", ["one process", "each unpickled by itself", "batches of two"])
def test_what_architectures_share(sharing: str, tmp_path: Path) -> None:
    """Objects that one process had once are references back to an earlier architecture."""
    indexes = tuple(range(6))
    root = benchmark(SSS, indexes)
    infos = root["arch2infos"]
    if sharing == "one process":
        latency, key = np.float64(0.5), ("cifar10", 777)
        latencies, names, config = [latency], ["ori-test"], {"channel": 16, "class_num": 10}
        for states in infos.values():
            for state in states.values():
                trials = {(key if old == key else old): trial for old, trial in state["all_results"].items()}
                state["all_results"] = trials
                for trial in trials.values():
                    trial["latency"] = latencies if trial["name"] == "cifar10" else [latency]
                    trial["eval_names"] = names
                    trial["arch_config"] = config
    elif sharing == "each unpickled by itself":
        root["arch2infos"] = {index: pickle.loads(pickle.dumps(states)) for index, states in infos.items()}
    else:
        batches = [pickle.loads(pickle.dumps([infos[at], infos[at + 1]])) for at in (0, 2, 4)]
        root["arch2infos"] = {index: batches[index // 2][index % 2] for index in indexes}
    found = stream(dump(root, tmp_path / "x.pickle.pbz2"))
    assert same(found, root["arch2infos"])


def test_memory_does_not_grow_with_the_number_of_architectures() -> None:
    def peak(count: int) -> int:
        infos = {index: pickle.loads(pickle.dumps(record(SSS, index))) for index in range(count)}
        data = pickle.dumps({**make_meta(SSS), "arch2infos": infos}, 4)
        infos.clear()
        unpickler = Unpickler("a file", 1 << 24, streaming=True)
        tracemalloc.start()
        found = 0
        for start in range(0, len(data), 1 << 14):
            found += len(unpickler.feed(data[start : start + (1 << 14)]))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == count
        return size

    assert peak(30) - peak(10) < 20 * 60_000  # an architecture is 400,000 bytes of objects


def test_a_large_container_shared_by_architectures_is_refused(tmp_path: Path) -> None:
    root = benchmark(SSS, (0, 1, 2))
    shared = root["arch2infos"][0]["12"]["all_results"]["cifar10", 777]["train_losses"]
    root["arch2infos"][1]["12"]["all_results"]["cifar10", 777]["train_losses"] = shared
    with pytest.raises(ArchiveError, match=r"memo \d+ is a container of an earlier architecture, not kept"):
        stream(dump(root, tmp_path / "x.pickle.pbz2"))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pieces_of_any_size(size: int) -> None:
    root = benchmark(SSS, (0, 1))
    file = io.BytesIO()
    for protocol in (4, 5):
        file = io.BytesIO(pickle.dumps(root, protocol))
        unpickler = Unpickler("a file", 1 << 24, streaming=True)
        found = []
        while data := file.read(size):
            found += unpickler.feed(data)
        assert [index for index, _ in found] == [0, 1]
        assert all(same(states, record(SSS, index)) for index, states in found)
        assert unpickler.head == {name: root[name] for name in ("meta_archs", "total_archs")}
        assert same(unpickler.value, {**root, "arch2infos": {}})


class TestDigest:
    @pytest.fixture
    def named(self, tmp_path: Path) -> Path:
        path = dump(benchmark(SSS), tmp_path / "x")
        digest = hashlib.md5(path.read_bytes()).hexdigest()[-5:]
        return path.rename(tmp_path / f"NATS-sss-v1_0-{digest}.pickle.pbz2")

    def test_right(self, named: Path) -> None:
        assert open_archive(named).digest == named.name[14:19]
        assert len(stream(named)) == 3

    def test_wrong(self, named: Path) -> None:
        wrong = named.rename(named.with_name("NATS-sss-v1_0-50262.pickle.pbz2"))
        with pytest.raises(ArchiveError, match=r"50262.pickle.pbz2: its md5 is [0-9a-f]{32}; an end in 50262"):
            stream(wrong)
        assert len(stream(wrong, check_digest=False)) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda root: {**root, "meta_archs": 5}, "meta_archs is 5; a list"),
        (lambda root: {**root, "total_archs": 5}, "total_archs is 5; 32768"),
        (lambda root: {**root, "arch2infos": None}, "arch2infos has no architecture"),
        (lambda root: {**root, "arch2infos": {}}, "arch2infos has no architecture"),
        (lambda root: {**root, "arch2infos": {"0": {}}}, "arch2infos has '0': a dict; an int and a dict"),
        (lambda root: {**root, "arch2infos": {0: []}}, "arch2infos has 0: a list; an int and a dict"),
        (lambda root: {**root, "arch2infos": {0: [], 1: []}}, "arch2infos has 0: a list; an int and a dict"),
        (lambda root: {**root, "arch2infos": {0: {}}}, r"arch2infos\[0\]: a dict of 0; a dict of a state by hp"),
        (lambda root: {**root, "arch2infos": {40_000: {}}}, "architecture 40000; .* 0 to 32767 were expected"),
        (lambda root: {**root, "arch2infos": {-1: {}}}, "architecture -1; .* 0 to 32767 were expected"),
        (lambda root: {**root, "arch2infos": {1: root["arch2infos"][3]}}, r"arch2infos\[1\]: hp '01', arch_index: 3"),
        (lambda root: {"arch2infos": {3: {"01": {}}}}, "no field meta_archs"),
        (lambda root: {"arch2infos": {3: {"01": 5}}}, "no field meta_archs"),
        (lambda root: {"arch2infos": root["arch2infos"]}, "no field meta_archs"),
        (lambda root: {"arch2infos": root["arch2infos"], "meta_archs": SSS.architectures[:9], "total_archs": 9},
         "differs from the official order"),
        (lambda root: {**root, "meta_archs": TSS.architectures, "total_archs": 15_625}, "arch_str: '8:8:8:8:32'"),
        (lambda root: root["arch2infos"], "no field meta_archs"),
        (lambda root: [root], "a list; a dict of meta_archs"),
        (lambda root: {**root, "evaluated_indexes": Call(eval, "1")}, r"asks for builtins\.eval"),
    ],
)  # fmt: skip
def test_of_the_wrong_shape(change: Callable[[Any], Any], message: str, tmp_path: Path) -> None:
    path = dump(change(benchmark(SSS)), tmp_path / "x.pickle.pbz2")
    with pytest.raises(ArchiveError, match=f"x.pickle.pbz2.*({message})"):
        stream(path)


def test_hostile_in_the_middle(tmp_path: Path) -> None:
    root = benchmark(SSS)
    root["arch2infos"][0]["12"] = Call(eval, "1")
    with pytest.raises(UnsafePickleError, match=r"x.pickle.pbz2: byte \d+ of the pickle: it asks for builtins\.eval"):
        stream(dump(root, tmp_path / "x.pickle.pbz2"))


def test_an_index_twice(tmp_path: Path) -> None:
    root = benchmark(SSS, (3, 4))
    data = pickle.dumps(root, 4)
    before, after = data.split(b"uK\x04j")  # the second key, and the memo index of OrderedDict
    path = tmp_path / "x.pickle.pbz2"
    path.write_bytes(bz2.compress(before + b"uK\x03j" + after))
    with pytest.raises(ArchiveError, match=r"architecture 3 stands there twice"):
        stream(path)


@pytest.mark.parametrize(("change", "message"), DAMAGE)
def test_damaged(change: Callable[[bytes], bytes], message: str, tmp_path: Path) -> None:
    path = dump(benchmark(SSS), tmp_path / "x.pickle.pbz2")
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ArchiveError, match=f"x.pickle.pbz2.*({message})"):
        stream(path)


def test_stopping_early_leaves_no_thread_behind(tmp_path: Path) -> None:
    path = dump(benchmark(SSS), tmp_path / "x.pickle.pbz2")
    program = (
        "import sys, threading, natsbin.archive\n"
        "(task,) = natsbin.archive.open_archive(sys.argv[1]).tasks()\n"
        "records = task.read()\n"
        "next(records)\n"
        "records.close()\n"
        "assert threading.active_count() == 1\n"
    )
    assert run_python(program, path).returncode == 0
