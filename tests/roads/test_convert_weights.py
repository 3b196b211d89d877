"""Conversion of full archives: what is made, what a killed or failed run leaves, and how the next goes on."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="weights are tensors")

from support.files import dump, load, make_tar, record_path, split  # noqa: E402 - after the skip
from support.full import INDEXES, make_full, record, state_dict  # noqa: E402
from support.made import Made  # noqa: E402

from natsbin import convert_weights  # noqa: E402
from natsbin.archive import open_archive  # noqa: E402
from natsbin.errors import (  # noqa: E402
    ArchiveError,
    NatsbinError,
    OutputError,
    QuestionError,
    StoreError,
    UnsafePickleError,
)
from natsbin.roads.convert import convert  # noqa: E402
from natsbin.roads.export import export  # noqa: E402
from natsbin.roads.verify import verify  # noqa: E402
from natsbin.spaces import TSS  # noqa: E402
from natsbin.store import open_store  # noqa: E402
from natsbin.weights import open_weights  # noqa: E402

KILLS = int(os.environ.get("NATSBIN_KILLS", "3"))
"""How many moments a conversion is killed at; the figure of docs/weights.md comes from 10."""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_full(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def done(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the store and the weights of an undisturbed run."""
    folder = tmp_path_factory.mktemp("done")
    convert_weights(full, folder / "sss.h5", jobs=1)
    return folder


@pytest.fixture
def copy(full: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(full, tmp_path / "copy" / full.name))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def equal(folder: Path, done: Path) -> None:
    """A run's results are those of an undisturbed run, and nothing else is left."""
    assert names(folder) == ["sss.h5", "sss.weights"]
    for name in names(folder):
        assert (folder / name).read_bytes() == (done / name).read_bytes()


def progress(src: Any, folder: Path) -> list[tuple[int, int]]:
    """Convert, and return what was told of the progress."""
    told: list[tuple[int, int]] = []
    assert convert_weights(src, folder / "sss.h5", jobs=1, progress=lambda *at: told.append(at)).parent == folder
    return told


# -- what is made ---------------------------------------------------------------------------------------------


def test_one_pass_makes_what_two_make(full: Path, done: Path, tmp_path: Path) -> None:
    convert(full, tmp_path / "sss.h5", jobs=2)
    assert progress(full, tmp_path) == [(number, 6) for number in range(1, 7)]
    equal(tmp_path, done)
    assert verify(tmp_path / "sss.h5", full, jobs=1).architectures == len(INDEXES)


def test_the_store_is_that_of_the_simple_archive(full: Path, done: Path, tmp_path: Path) -> None:
    folder = export(done / "sss.h5", tmp_path / full.name, jobs=1)
    for index in INDEXES:
        theirs, ours = load(record_path(full, index)), load(record_path(folder, index))
        for hp, state in theirs.items():
            assert ours[hp]["clear_net_done"] is True
            assert list(ours[hp]["all_results"]) == list(state["all_results"])
            for key, trial in state["all_results"].items():
                assert ours[hp]["all_results"][key] == {**trial, "net_state_dict": None}
    fingerprint = open_store(done / "sss.h5").attrs["source_fingerprint"]  # of the full archive
    convert(folder, tmp_path / "again.h5", jobs=1, fingerprint=fingerprint)
    assert (tmp_path / "again.h5").read_bytes() == (done / "sss.h5").read_bytes()


def test_tar_and_split_tar(full: Path, done: Path, tmp_path: Path) -> None:
    tar = make_tar(full, tmp_path / f"{full.name}.tar", full.name)
    chunks = split(Path(shutil.copy(tar, tmp_path / "x.tar")), -(-tar.stat().st_size // 2))
    expected = open_weights(done / "sss.weights")
    for src in (tar, chunks):
        weights = open_weights(convert_weights(src, tmp_path / "sss.h5", jobs=1, force=True))
        assert list(weights.keys()) == list(expected.keys())
        assert weights._entries["checksum"].tolist() == expected._entries["checksum"].tolist()
    chunks[1].unlink()
    with pytest.raises(ArchiveError, match="cut short"):
        convert_weights(chunks[:1], tmp_path / "other.h5", jobs=1)


def test_a_part(full: Path, done: Path, tmp_path: Path) -> None:
    path = convert_weights(
        full, tmp_path / "sss.h5", hps=["90", "12"], datasets=["cifar10"], indexes=[511, 3, 3], jobs=1
    )
    weights, everything = open_weights(path), open_weights(done / "sss.weights")
    assert list(weights.keys()) == [
        key
        for key in everything.keys()  # noqa: SIM118
        if key.hp in ("12", "90") and key.dataset == "cifar10" and key.architecture in (3, 511)
    ]
    assert weights.head["hps"] == ["12", "90"]
    assert weights.check() == len(weights) > 4
    assert open_store(tmp_path / "sss.h5").indexes.tolist() == [3, 511]


def test_a_store_that_is_there_stays(full: Path, done: Path, tmp_path: Path) -> None:
    (tmp_path / "sss.h5").write_bytes((done / "sss.h5").read_bytes())
    before = (tmp_path / "sss.h5").stat()
    convert_weights(full, tmp_path / "sss.h5", jobs=1)
    equal(tmp_path, done)
    assert (tmp_path / "sss.h5").stat().st_mtime_ns == before.st_mtime_ns


def test_a_simple_archive_has_weights_of_none(made: Made, tmp_path: Path) -> None:
    assert len(open_weights(convert_weights(made.archive(TSS, [3]), tmp_path / "tss.h5", jobs=1))) == 0


# -- refusals -------------------------------------------------------------------------------------------------


def refused(error: type[NatsbinError], words: str, src: Path, dst: Path, **options: Any) -> None:
    before = names(dst.parent)
    with pytest.raises(error, match=words):
        convert_weights(src, dst, jobs=1, **options)
    assert names(dst.parent) == before


def test_parts_that_are_not_there(full: Path, tmp_path: Path) -> None:
    dst = tmp_path / "x.h5"
    refused(QuestionError, r"no hp \['200'\]: expected one or more of 01, 12, 90", full, dst, hps=["200"])
    refused(QuestionError, "no dataset .*expected one or more of cifar10-valid", full, dst, datasets=["mnist"])
    refused(QuestionError, "no hp", full, dst, hps=[])
    refused(QuestionError, "no architecture 5; there are 6 of 32768", full, dst, indexes=[3, 5])
    refused(QuestionError, "no architecture None", full, dst, indexes=[])
    refused(OutputError, r"the store's was expected, as in x\.h5", full, tmp_path / "x.weights")
    refused(ArchiveError, "no such file", tmp_path / "nowhere", dst)


def test_what_exists_is_not_replaced_unasked(full: Path, done: Path, tmp_path: Path) -> None:
    (tmp_path / "sss.weights").write_bytes(b"mine")
    (tmp_path / "sss.h5").write_bytes((done / "sss.h5").read_bytes())
    refused(OutputError, r"sss\.weights: exists already; say force", full, tmp_path / "sss.h5")
    refused(ArchiveError, r"the topology space \(tss\) was expected", full, tmp_path / "sss.h5", space="tss")
    (tmp_path / "x.weights").write_bytes(b"mine")
    refused(OutputError, r"x\.weights: exists already", full, tmp_path / "x.h5")
    (tmp_path / "x.weights").unlink()
    convert_weights(full, tmp_path / "sss.h5", jobs=1, force=True)
    equal(tmp_path, done)


def test_beside_a_store_of_the_other_space(full: Path, made: Made, tmp_path: Path) -> None:
    shutil.copy(made.store(TSS, [3]), tmp_path / "tss.h5")
    refused(StoreError, r"tss\.h5: of the topology space, the archive of size", full, tmp_path / "tss.h5")
    (tmp_path / "x.h5").write_bytes(b"no store")
    refused(StoreError, r"x\.h5", full, tmp_path / "x.h5")


def test_a_store_of_an_earlier_state(copy: Path, tmp_path: Path) -> None:
    dst = tmp_path / "x.h5"
    convert_weights(copy, dst, jobs=1, hps=["01"])
    dst.with_suffix(".weights").unlink()
    os.utime(record_path(copy, 3), ns=(0, 0))
    refused(StoreError, r"x\.h5: of an earlier state of", copy, dst)
    dst.unlink()
    assert len(open_weights(convert_weights(copy, dst, jobs=1, hps=["01"]))) > 0


def test_trained_weights_are_not_replaced_by_an_export(copy: Path, done: Path) -> None:
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    with pytest.raises(OutputError, match="has trained weights, which a store does not have; it is not replaced"):
        export(done / "sss.h5", copy, force=True)
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


def test_a_benchmark_file_has_no_weights(made: Made, tmp_path: Path) -> None:
    src = made.archive(TSS, [3], kind="benchmark")
    refused(ArchiveError, "a benchmark file has no weights; a full archive was expected", src, tmp_path / "x.h5")


def test_no_such_folder(full: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        convert_weights(full, tmp_path / "file" / "x.h5", jobs=1)


# -- going on -------------------------------------------------------------------------------------------------


def test_a_bad_record_keeps_what_was_done(copy: Path, done: Path, tmp_path: Path) -> None:
    bad = record_path(copy, INDEXES[3])
    good, time = bad.read_bytes(), bad.stat().st_mtime_ns
    states = record(INDEXES[3])
    states["12"]["all_results"]["cifar10", 777]["net_state_dict"]["foreign"] = torch.nn.Linear(2, 2)
    dump(states, bad)
    folder = tmp_path / "out"
    folder.mkdir()
    for _ in range(2):
        with pytest.raises(UnsafePickleError, match=rf"{bad.name}: .*; 3 of 6 architectures are done and kept in"):
            convert_weights(copy, folder / "sss.h5", jobs=1)
        assert names(folder) == [".sss.h5.records", "sss.weights.part"]
    bad.write_bytes(good)
    os.utime(bad, ns=(time, time))  # the store has a fingerprint of times
    assert progress(copy, folder) == [(4, 6), (5, 6), (6, 6)]
    equal(folder, done)


def test_a_tensor_that_has_no_place_in_the_format(copy: Path, tmp_path: Path) -> None:
    states = record(INDEXES[0])
    weights = state_dict(1, 777)
    weights._metadata["stem"]["version"] = [1]
    states["12"]["all_results"]["cifar10", 777]["net_state_dict"] = weights
    dump(states, record_path(copy, INDEXES[0]))
    with pytest.raises(ArchiveError, match=r"architecture 0: hp '12', \('cifar10', 777\), net_state_dict: _meta"):
        convert_weights(copy, tmp_path / "sss.h5", jobs=1)


CRASHES: dict[str, tuple[Callable[[bytes, list[int]], bytes], int]] = {
    "cut": (lambda data, starts: data[: starts[4] - 100], 3),
    # the last section was not on the disk when the power went
    "zeros": (lambda data, starts: data[: starts[4] - 64 * 5] + bytes(64 * 5), 3),
    "junk": (lambda data, starts: data[: starts[4]] + b"junk" * 1000, 2),
    "head only": (lambda data, starts: data[: starts[0]], 6),
    "half a head": (lambda data, starts: data[:40], 6),
    "index": (lambda data, starts: data[:-64], 0),
}
"""What a crash left of a file, from its bytes and where its architectures start; and how many are to do again."""


@pytest.mark.parametrize("crash", CRASHES)
def test_parts_as_crashes_leave_them(full: Path, done: Path, tmp_path: Path, crash: str) -> None:
    data = (done / "sss.weights").read_bytes()
    starts = [at for at in range(0, len(data), 64) if data[at : at + 8] == b"ARCHITEC"]
    damaged = CRASHES[crash][0](data, starts)
    (tmp_path / "sss.h5").write_bytes((done / "sss.h5").read_bytes())
    (tmp_path / "sss.weights.part").write_bytes(damaged)
    assert len(progress(full, tmp_path)) == CRASHES[crash][1]
    equal(tmp_path, done)


def test_records_that_are_gone_are_read_again(full: Path, done: Path, tmp_path: Path) -> None:
    """A part without the store that was there when it was begun."""
    (tmp_path / "sss.weights.part").write_bytes((done / "sss.weights").read_bytes()[:-64])
    assert len(progress(full, tmp_path)) == 6
    equal(tmp_path, done)


def test_a_part_of_something_else_is_refused(full: Path, done: Path, tmp_path: Path) -> None:
    (tmp_path / "sss.h5").write_bytes((done / "sss.h5").read_bytes())
    (tmp_path / "sss.weights.part").write_bytes((done / "sss.weights").read_bytes()[:-64])
    refused(OutputError, "has a part of other weights", full, tmp_path / "sss.h5", hps=["12"])
    refused(OutputError, "remove it to start again", full, tmp_path / "sss.h5", datasets=["cifar10"], force=True)
    (tmp_path / "sss.weights.part").unlink()
    convert_weights(full, tmp_path / "sss.h5", jobs=1)
    equal(tmp_path, done)


@pytest.mark.parametrize("changed", [0, 2])
def test_an_archive_that_changed_in_between(copy: Path, tmp_path: Path, changed: int) -> None:
    """What was read before the change is read again; else the file would be of two states of the archive."""
    bad, old = record_path(copy, INDEXES[4]), record_path(copy, INDEXES[changed])
    good = bad.read_bytes()
    bad.write_bytes(good[:-1])
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(ArchiveError, match="4 of 6 architectures are done and kept in"):
        convert_weights(copy, folder / "sss.h5", jobs=1)
    states = record(INDEXES[changed])
    for trial in states["12"]["all_results"].values():
        if trial["net_state_dict"]:
            trial["net_state_dict"]["turned"] += 1
    dump(states, old)
    bad.write_bytes(good)
    assert progress(copy, folder) == [(number, 6) for number in range(changed + 1, 7)]
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    progress(copy, fresh)
    equal(folder, fresh)


def test_chunks_that_changed_in_between(full: Path, tmp_path: Path) -> None:
    """Of a split tar only what lies in the changed chunk, or behind it, is read again."""
    tar = make_tar(full, tmp_path / f"{full.name}.tar", full.name)
    chunks = split(tar, -(-tar.stat().st_size // 3))
    folder = tmp_path / "out"
    folder.mkdir()
    progress(chunks, folder)
    tasks = list(open_archive(chunks, weights=True).tasks())
    for chunk in chunks:
        os.utime(chunk, ns=(0, 0))
        convert(chunks, folder / "sss.h5", jobs=1, force=True)
        (folder / "sss.weights").rename(folder / "sss.weights.part")
        changed = [str(chunk) in {part.path for part in task.member.ranges} for task in tasks]
        assert progress(chunks, folder) == [(number, 6) for number in range(1 + [*changed, True].index(True), 7)]
        assert len(open_weights(folder / "sss.weights")) > 0


def test_two_at_once(full: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("natsbin.weights.writer.LOCK_TRIES", 1)
    (tmp_path / "sss.h5").write_bytes((done / "sss.h5").read_bytes())
    with (tmp_path / "sss.weights.part").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        refused(OutputError, "another process is writing it", full, tmp_path / "sss.h5")
    convert_weights(full, tmp_path / "sss.h5", jobs=1)
    equal(tmp_path, done)


PROGRAM = """
import resource, sys
from natsbin.roads.convert_weights import convert_weights
src, dst, jobs, limit = sys.argv[1:]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
print("go", flush=True)
convert_weights(src, dst, jobs=int(jobs))
"""


def start(full: Path, folder: Path, jobs: int, limit: int = 0) -> subprocess.Popen[str]:
    """A conversion in a process of its own, that has just begun."""
    command = [sys.executable, "-c", PROGRAM, str(full), str(folder / "sss.h5"), str(jobs), str(limit)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    return process


def test_a_full_disk_keeps_what_was_done(full: Path, done: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: writes fail as they do there."""
    size = (done / "sss.weights").stat().st_size
    for limit in (size // 2, size - 100):
        told = start(full, tmp_path, 1, limit).communicate(timeout=60)[1]
        assert "OutputError" in told
        assert "cannot be written: " in told
        assert "of 6 architectures are done and kept in" in told
        assert "sss.weights.part" in names(tmp_path)
        assert "sss.weights" not in names(tmp_path)
    convert_weights(full, tmp_path / "sss.h5", jobs=1)
    equal(tmp_path, done)


@pytest.fixture(scope="module")
def seconds(full: Path, done: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """What an undisturbed run takes after its start."""
    folder = tmp_path_factory.mktemp("undisturbed")
    process = start(full, folder, 2)
    begun = time.perf_counter()
    assert process.communicate(timeout=60)[1] == ""
    lasted = time.perf_counter() - begun
    equal(folder, done)
    return lasted


@pytest.mark.parametrize("moment", [0, *(pytest.param(moment, marks=pytest.mark.slow) for moment in range(1, KILLS))])
def test_killed_at_a_random_moment(full: Path, done: Path, seconds: float, tmp_path: Path, moment: int) -> None:
    """Killed once, or again and again; then the result is that of an undisturbed run."""
    rng, jobs = random.Random(moment), 1 + moment % 2
    for _ in range(1 + moment % 3):
        process = start(full, tmp_path, jobs)
        time.sleep(rng.random() * seconds)
        process.kill()
        process.communicate(timeout=60)
    process = start(full, tmp_path, jobs)
    told = process.communicate(timeout=60)[1]
    if process.returncode:  # a killed run had got to its end
        assert "exists already" in told
    equal(tmp_path, done)


def test_archives_opened_for_the_store_alone(full: Path) -> None:
    with pytest.raises(UnsafePickleError, match="weights"):
        open_archive(full).read(INDEXES[0])
