"""NAS-Bench-201's file: both containers of torch are equal, all else is refused in words and leaves no output."""

from __future__ import annotations

import copy
import hashlib
import os
import pickle
import random
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.files import Call

import natsbin
from natsbin._util.compare import difference
from natsbin._walk import Walker
from natsbin.archive import FILE_LIMIT, Record, open_archive
from natsbin.archive.nas_bench_201 import NASBench201Task
from natsbin.archive.torch_file import END, HEAD
from natsbin.errors import ArchiveError, OutputError, StoreError, UnsafePickleError
from natsbin.spaces import TSS
from natsbin.synthetic.nas_bench_201 import CONTAINERS, make_dict, make_nas_bench_201

torch = pytest.importorskip("torch")
INDEXES = (0, 1, 11, 20)


@pytest.fixture(scope="module")
def benchmark() -> dict[str, Any]:
    return make_dict(INDEXES, irregular=True)


@pytest.fixture(scope="module", params=CONTAINERS)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nas_bench_201")
    return make_nas_bench_201(folder / "made.pth", INDEXES, container=request.param, irregular=True)


def legacy(value: object, path: Path, *, head: bytes = HEAD, end: bytes = END, protocol: int = 2) -> Path:
    path.write_bytes(head + pickle.dumps(value, protocol) + end)
    return path


def zipped(value: object, path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("made/data.pkl", value if isinstance(value, bytes) else pickle.dumps(value, 2))
        for name, data in entries.items():
            archive.writestr(f"made/{name}", data)
    return path


_made = cache(make_dict)


def made_dict(*indexes: int) -> dict[str, Any]:
    return copy.deepcopy(_made(indexes))


def small(**changes: Any) -> dict[str, Any]:
    return {**made_dict(1), **changes}


def test_store_export_and_verify(file: Path, tmp_path: Path, benchmark: dict[str, Any]) -> None:
    store = natsbin.open_store(natsbin.convert(file, tmp_path / "store.h5"))
    assert (store.benchmark, store.space.name, store.hps) == ("NAS-Bench-201", "tss", ("12", "200"))
    assert natsbin.verify(store, file).architectures == len(INDEXES)
    back = natsbin.export(store, tmp_path / "back.pth")
    assert difference(torch.load(back, weights_only=False), benchmark, "exported") is None
    assert natsbin.verify(store, back).architectures == len(INDEXES)
    packed = natsbin.open_store(natsbin.pack(store.path, tmp_path / "packed.h5"))
    assert packed.benchmark == "NAS-Bench-201"
    with pytest.raises(OutputError, match="exists already"):
        natsbin.export(store, back)


@pytest.mark.parametrize(
    "changes",
    [
        {"evaluated_indexes": {0, 1, 11, 20}},
        {"evaluated_indexes": [20, 3, 4, 5]},
        {"evaluated_indexes": (), "total_archs": 15_625},
    ],
)
def test_other_heads_come_back(changes: dict[str, Any], benchmark: dict[str, Any], tmp_path: Path) -> None:
    value = OrderedDict([*reversed(benchmark.items()), *changes.items()])
    value.move_to_end("meta_archs", last=False)
    value["arch2infos"] = dict(value["arch2infos"])
    store = natsbin.convert(legacy(value, tmp_path / "a.pth"), tmp_path / "a.h5")
    back = natsbin.export(store, tmp_path / "back.pth")
    assert difference(torch.load(back, weights_only=False), value, "exported") is None


def test_read_searches_the_file(file: Path, benchmark: dict[str, Any]) -> None:
    archive = open_archive(file)
    assert difference(archive.read(11)["12"], benchmark["arch2infos"][11]["less"], "read") is None
    with pytest.raises(ArchiveError, match="no architecture 2"):
        archive.read(2)


def test_pickled_objects_of_the_original_become_data(tmp_path: Path, benchmark: dict[str, Any]) -> None:
    from nas_201_api import ArchResults, ResultsCount

    infos = {name: dict(state) for name, state in benchmark["arch2infos"][1].items()}
    for name, state in infos.items():
        trials = {key: ResultsCount.create_from_state_dict(one) for key, one in state["all_results"].items()}
        results = ArchResults.create_from_state_dict(state)
        results.all_results = trials
        infos[name] = results
    path = legacy(small(arch2infos={1: infos}), tmp_path / "a.pth")
    states = open_archive(path).read(1)
    plain = benchmark["arch2infos"][1]
    assert states["200"].keys() == plain["full"].keys()
    for key, trial in plain["full"]["all_results"].items():
        assert states["200"]["all_results"][key] == trial


def test_architectures_that_share_objects(tmp_path: Path) -> None:
    """Keys and numpy's numbers that an earlier architecture has too: the native walk gives up on these."""
    value = made_dict(1, 3)
    first, second = (infos["full"]["all_results"] for infos in value["arch2infos"].values())
    shared = next(iter(first.values()))["params"]
    for trial in second.values():
        trial["params"] = shared
    path = legacy(value, tmp_path / "a.pth")
    back = natsbin.export(natsbin.convert(path, tmp_path / "a.h5"), tmp_path / "back.pth")
    assert difference(torch.load(back, weights_only=False), value, "exported") is None


def test_damage_is_walked_as_it_is_unpickled(tmp_path: Path) -> None:
    """Bytes changed at random in the pickle: records that are walked equal those that are read as objects."""
    rng, walked = random.Random(2), 0
    text = pickle.dumps(made_dict(1, 3), 2)
    start = text.index(b"arch2infos")
    likely = b"\x00\x01q}])(tRQhjuXKGNc\xff" + text[start : start + 99]
    path = tmp_path / "damaged.pth"
    for _ in range(150):
        data = bytearray(text)
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(start, len(data))] = rng.choice(likely)
        path.write_bytes(HEAD + data + END)
        task = NASBench201Task(path, TSS.architectures, None)
        walker = Walker(FILE_LIMIT, streaming=True)
        records, error = outcome(
            record
            if isinstance(record, Record)
            else Record(record.index, record.check(walker.record.build(record.arch)))
            for record in task.walk(walker)
        )
        others, other_error = outcome(task.read())
        assert (error is None) == (other_error is None)  # of several errors, either may be met first
        for record, other in zip(records, others, strict=error is None):  # objects are handed on some at a time
            assert record.index == other.index
            assert difference(record.states, other.states, "walked") is None
        walked += not walker.gave_up
    assert 30 < walked < 150


def outcome(records: Iterable[Record]) -> tuple[list[Record], str | None]:
    """Records up to an error, and that."""
    found: list[Record] = []
    try:
        found.extend(records)
    except ArchiveError as error:
        return found, str(error)
    return found, None


def test_digest(tmp_path: Path) -> None:
    path = legacy(small(), tmp_path / "a.pth")
    digest = hashlib.md5(path.read_bytes()).hexdigest()[-6:]
    good = path.rename(tmp_path / f"NAS-Bench-201-v1_1-{digest}.pth")
    assert natsbin.open_store(natsbin.convert(good, tmp_path / "good.h5")).attrs["source_digest"] == digest
    bad = good.rename(tmp_path / "NAS-Bench-201-v1_1-000000.pth")
    with pytest.raises(ArchiveError, match=f"its md5 is .*{digest}; an end in 000000"):
        natsbin.convert(bad, tmp_path / "bad.h5")
    assert not (tmp_path / "bad.h5").exists()


Make = Callable[[Path], Path]
_NO_DICT = "a dict of meta_archs, arch2infos, evaluated_indexes was expected"


def changed(change: Callable[[dict[str, Any]], object]) -> Make:
    """A file with a change in the first architecture's infos."""

    def make(path: Path) -> Path:
        value = made_dict(1, 3)
        change(value["arch2infos"][1])
        return legacy(value, path)

    return make


def cut(container: str, share: float) -> Make:
    def make(path: Path) -> Path:
        torch.save(small(), path, _use_new_zipfile_serialization=container == "zip")
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        return path

    return make


def swapped(path: Path) -> Path:
    """Bytes of the entry changed, which its checksum tells."""
    torch.save(small(), path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return path


def compressed(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("made/data.pkl", bytes(1 << 22))
    return path


def with_tensor(container: str) -> Make:
    def make(path: Path) -> Path:
        value = made_dict(1)
        trial = next(iter(value["arch2infos"][1]["full"]["all_results"].values()))
        trial["net_state_dict"] = OrderedDict(weight=torch.zeros(3))
        torch.save(value, path, _use_new_zipfile_serialization=container == "zip")
        return path

    return make


def nested(path: Path) -> Path:
    value: Any = []
    for _ in range(200):
        value = [value, 0]
    return legacy(small(arch2infos={1: {"full": value}}), path)


def twice(path: Path) -> Path:
    """A dict of nothing but references to one list: small as a file, large in words."""
    return legacy(small(arch2infos={1: {"full": [[0] * 1000] * 300_000}}), path)


HOSTILE = Call(os.system, "true")

REFUSED: list[tuple[Make, type[Exception], str]] = [
    (lambda path: legacy(small(total_archs=HOSTILE), path), UnsafePickleError, "asks for posix.system"),
    (lambda path: zipped(small(total_archs=HOSTILE), path), UnsafePickleError, "asks for posix.system"),
    (changed(lambda infos: infos.update(full=HOSTILE)), UnsafePickleError, "asks for posix.system"),
    (lambda path: legacy(Call(eval, "1"), path), UnsafePickleError, "asks for __builtin__.eval"),
    (lambda path: legacy(small(), path, head=HEAD.replace(b"\x88", b"\x89")), ArchiveError, "another byte order"),
    (lambda path: legacy(small(), path, head=b"\x80\x02."), ArchiveError, "not a file of torch.save"),
    (lambda path: legacy(small(), path, end=b""), ArchiveError, "its list of tensors is missing"),
    (lambda path: legacy(small(), path, end=END + b"x"), ArchiveError, "7 bytes or more follow the pickle"),
    (lambda path: legacy(small(), path, end=pickle.dumps(["94"], 2)), ArchiveError, "bytes or more follow the pickle"),
    (lambda path: zipped(pickle.dumps(small(), 2) + b"x", path), ArchiveError, "1 bytes or more follow the pickle"),
    (lambda path: zipped(b"", path), ArchiveError, "it is cut short"),
    (lambda path: zipped(small(), path, byteorder=b"big"), ArchiveError, "byte order b'big'"),
    (lambda path: zipped(small(), path, **{"data/0": bytes(8)}), ArchiveError, "it has tensors"),
    (compressed, ArchiveError, "is compressed or encrypted"),
    (swapped, ArchiveError, "Bad CRC|was expected|pickle"),
    (with_tensor("legacy"), ArchiveError, "_rebuild_tensor_v2"),
    (with_tensor("zip"), ArchiveError, "it has tensors"),
    (nested, ArchiveError, "nested more than"),
    (twice, ArchiveError, "hp '200'"),
    *((cut(container, share), ArchiveError, "cut short|follow the pickle") for container in CONTAINERS
      for share in (0.4, 0.999)),
    (lambda path: legacy([], path), ArchiveError, _NO_DICT),
    (lambda path: legacy({}, path), ArchiveError, _NO_DICT),
    (lambda path: legacy({"arch2infos": {}}, path), ArchiveError, _NO_DICT),
    (lambda path: legacy(small(more=1), path), ArchiveError, _NO_DICT),
    (lambda path: legacy(small(arch2infos={}), path), ArchiveError, "arch2infos has no architecture"),
    (lambda path: legacy(small(meta_archs=["8:8:8:8:8"]), path), ArchiveError, "the topology space"),
    (lambda path: legacy(small(meta_archs=["nowhere"]), path), ArchiveError, "no architecture of the topology"),
    (lambda path: legacy(small(evaluated_indexes="no"), path), ArchiveError, "evaluated_indexes is a str"),
    (changed(lambda infos: infos.update(middle={})), ArchiveError, "full and less were expected"),
    (changed(dict.clear), ArchiveError, "full and less were expected"),
    (changed(lambda infos: infos["full"].update(arch_index=3)), ArchiveError, "hp '200', arch_index: 3"),
    (changed(lambda infos: infos.update(full=7)), ArchiveError, "hp '200': 7"),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(REFUSED)))
def test_bad_input(case: int, tmp_path: Path) -> None:
    make, error, words = REFUSED[case]
    path = make(tmp_path / "bad.pth")
    with pytest.raises(error, match=words) as caught:
        natsbin.convert(path, tmp_path / "bad.h5")
    assert "bad.pth" in str(caught.value)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bad.pth"]


def test_the_order_of_architectures(tmp_path: Path) -> None:
    value = made_dict(1, 3)
    value["arch2infos"] = dict(reversed(value["arch2infos"].items()))
    with pytest.raises(ArchiveError, match="arch2infos has 1 after 3; ascending was expected"):
        natsbin.convert(legacy(value, tmp_path / "a.pth"), tmp_path / "a.h5")


def test_one_benchmark_where_the_other_was_said(tmp_path: Path, made: Any) -> None:
    theirs = legacy(small(), tmp_path / "a.pth")
    with pytest.raises(ArchiveError, match=r"of NAS-Bench-201, which natsbin\.NASBench201API opens; NATS-Bench was"):
        natsbin.create(str(theirs), "tss", verbose=False)
    folder, store = made.archive(TSS, (0, 1)), made.store(TSS, (0, 1))
    for path in (folder, store):
        with pytest.raises(ArchiveError, match=r"of NATS-Bench, which natsbin\.create opens; NAS-Bench-201 was asked"):
            natsbin.NASBench201API(str(path), verbose=False)
    converted = natsbin.convert(theirs, tmp_path / "a.h5")
    with pytest.raises(ArchiveError, match="NATS-Bench was asked for"):
        natsbin.create(str(converted), "tss", verbose=False)
    with pytest.raises(StoreError, match="of NAS-Bench-201, the archive of NATS-Bench"):
        natsbin.verify(converted, folder)
    with pytest.raises(StoreError, match="of NATS-Bench, the archive of NAS-Bench-201"):
        natsbin.verify(store, theirs)


def test_a_stream_is_closed_where_reading_stops(file: Path) -> None:
    task = next(iter(open_archive(file).tasks()))
    records = task.read()
    next(iter(records))
    records.close()  # a generator; a warning about an open file is an error
