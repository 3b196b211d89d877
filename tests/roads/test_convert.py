"""Bad archives and bad targets: each refused by name, and no output left; a store equal however it was made."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.files import META, Call, dump, load
from support.made import Made

from natsbin._util import workers
from natsbin.errors import ArchiveError, NatsbinError, OutputError, UnsafePickleError
from natsbin.roads import convert as road
from natsbin.roads.convert import convert
from natsbin.spaces import SSS, TSS, SearchSpace
from natsbin.store import open_store

INDEXES = [3, 5, 8]
FIFTH = "000005.pickle.pbz2"


@pytest.fixture
def archive(made: Made) -> Path:
    return made.archive(TSS, INDEXES)


@pytest.fixture
def copy(archive: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(archive, tmp_path / "copy"))


def refused(error: type[NatsbinError], *words: str, src: Path, dst: Path, **options: Any) -> None:
    before = sorted(dst.parent.iterdir())
    with pytest.raises(error) as caught:
        convert(src, dst, **options)
    for word in words:
        assert word in str(caught.value)
    assert sorted(dst.parent.iterdir()) == before


def edited(change: Callable[[Any], object]) -> Callable[[Path], object]:
    """Edit the record of an architecture in place."""

    def edit(folder: Path) -> None:
        record = load(folder / FIFTH)
        change(record)
        dump(record, folder / FIFTH)

    return edit


def trial(record: Any) -> Any:
    return record["200"]["all_results"]["cifar10", 777]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (shutil.rmtree, ["copy"]),
        (lambda folder: [file.unlink() for file in folder.iterdir()], ["copy"]),
        (lambda folder: (folder / META).unlink(), ["meta"]),
        (lambda folder: [file.unlink() for file in folder.glob("0*")], ["copy"]),
        (lambda folder: (folder / FIFTH).write_bytes((folder / FIFTH).read_bytes()[:5000]), ["000005"]),
        (lambda folder: (folder / FIFTH).write_bytes(b"no bz2 at all"), ["000005"]),
        (lambda folder: (folder / FIFTH).write_bytes(b""), ["000005"]),
        (lambda folder: dump({"12": Call(os.system, "touch evil-was-here")}, folder / FIFTH), ["000005", "system"]),
        (edited(lambda record: trial(record).pop("train_losses")), ["000005", "200", "train_losses"]),
        (edited(lambda record: trial(record)["train_losses"].update({13: "low"})), ["000005", "train_losses", "low"]),
        (edited(lambda record: record["200"].update(arch_index=6)), ["000005", "arch_index", "6"]),
    ],
)
def test_bad_archives(
    copy: Path, spoil: Callable[[Path], object], words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spoil(copy)
    refused(UnsafePickleError if "system" in words else ArchiveError, *words, src=copy, dst=tmp_path / "x.h5")


def test_the_other_space(archive: Path, tmp_path: Path) -> None:
    refused(ArchiveError, "sss", src=archive, dst=tmp_path / "x.h5", space="sss")


def test_an_existing_store_stays_without_force(archive: Path, tmp_path: Path) -> None:
    dst = tmp_path / "x.h5"
    dst.write_bytes(b"precious")
    refused(OutputError, "x.h5", "force", src=archive, dst=dst)
    assert dst.read_bytes() == b"precious"
    convert(archive, dst, force=True)
    assert open_store(dst).indexes.tolist() == INDEXES


def test_a_failed_conversion_keeps_the_store_that_was_there(copy: Path, tmp_path: Path) -> None:
    dst = tmp_path / "x.h5"
    dst.write_bytes(b"precious")
    (copy / "000008.pickle.pbz2").write_bytes(b"")
    refused(ArchiveError, "000008", src=copy, dst=dst, force=True)
    assert dst.read_bytes() == b"precious"


def test_a_folder_that_is_not_there(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        convert(archive, tmp_path / "nowhere" / "x.h5")


@pytest.mark.parametrize("kind", ["tar", "benchmark"])
def test_every_shape_of_an_archive_makes_the_same_store(
    kind: str, space: SearchSpace, made: Made, tmp_path: Path
) -> None:
    indexes = [0, 4, 7, len(space) - 1]
    other = made.archive(space, indexes, kind=kind)
    a, b = open_store(made.store(space, indexes)), open_store(convert(other, tmp_path / "x.h5", jobs=1))
    assert a.forms == b.forms
    assert a.keys == b.keys
    for key in a.keys:
        assert a.columns(*key) == b.columns(*key)
        for name in a.columns(*key):
            path = "/".join((*key, str(name)))
            left, right = a.data(path), b.data(path)
            assert left.numbers == right.numbers
            size = left.chunk_bytes  # past it the map goes on
            assert all((left.load(n)[:size] == right.load(n)[:size]).all() for n in left.numbers)


def test_jobs_do_not_change_the_store(
    made: Made, space: SearchSpace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though each process meets other records first."""
    monkeypatch.setattr(workers, "FEW", 2)  # so that processes share a small archive
    monkeypatch.setattr(road, "TOGETHER", 3)
    src = made.archive(space, range(10))
    one, *others = (convert(src, tmp_path / f"{jobs}.h5", jobs=jobs).read_bytes() for jobs in (1, 2, 3))
    assert others == [one, one]


def test_progress_is_told_of_every_architecture(archive: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    convert(archive, tmp_path / "x.h5", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (3, 3)


def test_a_killed_converter_leaves_no_store_and_no_worker(made: Made, tmp_path: Path) -> None:
    src = made.archive(SSS, range(40))
    dst = tmp_path / "out" / "x.h5"
    dst.parent.mkdir()
    call = f"convert({str(src)!r}, {str(dst)!r}, jobs=2, force=True)"
    code = f"from natsbin.roads.convert import convert\nwhile True: {call}"
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for _ in range(100):  # workers notice, and leave
        if not alive(process.pid):
            break
        time.sleep(0.1)
    assert not alive(process.pid)
    convert(src, dst, force=True)
    assert [file.name for file in dst.parent.iterdir()] == ["x.h5"]
    assert len(open_store(dst).indexes) == 40


def alive(session: int) -> bool:
    """Whether a process of the session runs."""
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    return True
