"""The store that an archive is converted to once: never a user's file, never out of date, never someone else's."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import runner
from support.files import make_tar
from support.made import Made

import natsbin
from natsbin._util import files, progress
from natsbin.cli import main
from natsbin.errors import ArchiveError, MissingError, NatsbinError, OutputError, StoreError
from natsbin.roads import cache
from natsbin.spaces import TSS
from natsbin.weights import open_weights

INDEXES = [2, 7]
CACHED = Path("cache", "natsbin")


@pytest.fixture(autouse=True)
def _own_homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return Path(shutil.copytree(made.archive(TSS, INDEXES), tmp_path / "data" / "A-simple"))


def answer(path: Path | None, index: int = 7) -> Any:
    return natsbin.create(path, "tss", True, False).get_more_info(index, "cifar10", None, "12", False)


def store_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.h5")


def other_answers(made: Made, folder: Path) -> None:
    """Rewrite a file in place with another network's results, of the same size in time: the folder's own is kept."""
    shutil.copy(made.archive(TSS, INDEXES, seed=1) / "000007.pickle.pbz2", folder / "000007.pickle.pbz2")


@pytest.mark.parametrize(
    "put",
    [
        lambda path: path.write_bytes(b"precious"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\nother data"),
        lambda path: os.mkfifo(path),
        lambda path: path.symlink_to("nowhere"),
        lambda path: path.mkdir(),
    ],
    ids=["text", "empty", "HDF5", "FIFO", "dangling", "folder"],
)
def test_what_is_no_store_of_the_archive_is_left(
    folder: Path, tmp_path: Path, put: Callable[[Path], object], made: Made
) -> None:
    path = store_of(folder)
    put(path)
    os.utime(path, ns=(0, 0), follow_symlinks=False)
    before = path.lstat()
    assert answer(folder) == answer(made.store(TSS, INDEXES))
    after = path.lstat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)
    assert len(list((tmp_path / CACHED).iterdir())) == 1
    assert len(list(folder.parent.iterdir())) == 2


def test_a_store_of_something_else_is_left(folder: Path, tmp_path: Path, made: Made) -> None:
    path = Path(shutil.copy(made.store(TSS, INDEXES, seed=1), store_of(folder)))
    before = path.read_bytes()
    assert answer(folder) != answer(path)
    assert path.read_bytes() == before


def test_a_store_with_attached_numbers_is_left(folder: Path, tmp_path: Path, made: Made) -> None:
    first = answer(folder)
    (tmp_path / "table.json").write_text('{"7": 1.5}')
    natsbin.attach(store_of(folder), tmp_path / "table.json", "score")
    before = store_of(folder).read_bytes()
    assert answer(folder) == first
    other_answers(made, folder)
    assert answer(folder) != first
    assert store_of(folder).read_bytes() == before
    assert len(list((tmp_path / CACHED).iterdir())) == 1


def test_a_file_rewritten_in_place(folder: Path, made: Made) -> None:
    first = answer(folder)
    time = folder.stat().st_mtime_ns
    other_answers(made, folder)
    os.utime(folder, ns=(time, time))
    assert answer(folder) != first
    assert len(list(folder.parent.iterdir())) == 2


@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_an_archive_replaced_by_an_older_one(folder: Path, made: Made, kind: str) -> None:
    other = Path(shutil.copytree(made.archive(TSS, INDEXES, seed=1), folder.parent / "other"))
    if kind == "tar":
        tar, other_tar = (make_tar(one, folder.parent / f"{one.name}.tar", "x") for one in (folder, other))
        shutil.rmtree(folder)
        shutil.rmtree(other)
        folder, other = tar, other_tar
    first = answer(folder)
    if kind == "folder":
        shutil.rmtree(folder)
    for path in [other, *(other.iterdir() if other.is_dir() else ())]:
        os.utime(path, ns=(0, 0))
    other.rename(folder)
    assert answer(folder) != first


def test_a_tar_and_a_folder_side_by_side(folder: Path, made: Made) -> None:
    tar = make_tar(made.archive(TSS, INDEXES, seed=1), folder.parent / "A-simple.tar", "x")
    first, second = answer(folder), answer(tar)
    assert first != second
    assert (answer(tar), answer(folder)) == (second, first)


def test_torch_home_is_not_out_of_date_either(tmp_path: Path, folder: Path, made: Made) -> None:
    (tmp_path / "torch").mkdir()
    mine = folder.rename(tmp_path / "torch" / f"{TSS.archive_name}-simple")
    first = answer(None)
    assert store_of(mine).exists()
    other_answers(made, mine)
    assert answer(None) != first


def test_a_store_without_a_fingerprint_counts_by_name_and_time(
    folder: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    natsbin.convert(folder, store_of(folder), fingerprint="")
    before = store_of(folder).stat().st_ino
    answer(folder)
    assert store_of(folder).stat().st_ino == before
    other_answers(made, folder)
    answer(folder)
    assert store_of(folder).stat().st_ino != before


def test_forced_conversion_replaces_regular_files_only(folder: Path, tmp_path: Path) -> None:
    real, link, fifo = tmp_path / "real.h5", tmp_path / "link.h5", tmp_path / "fifo.h5"
    real.write_bytes(b"old")
    real.chmod(0o600)
    link.symlink_to("real.h5")
    os.mkfifo(fifo)
    natsbin.convert(folder, link, force=True)
    assert link.is_symlink()
    assert natsbin.open_store(real).indexes.tolist() == INDEXES
    assert real.stat().st_mode & 0o777 == 0o600
    real.unlink()
    for path in (link, fifo):
        with pytest.raises(OutputError, match="is not replaced"):
            natsbin.convert(folder, path, force=True)


def spoiled(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    """Every file of HDF5 seems to be of a user."""
    real = Path.stat

    def stat(self: Path, **options: Any) -> os.stat_result:
        found = real(self, **options)
        if self.suffix != ".h5":
            return found
        return os.stat_result((*found[:4], uid, *found[5:]), found.__reduce__()[1][1])

    monkeypatch.setattr(Path, "stat", stat)


def test_a_store_of_another_user_is_not_used(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(folder)
    spoiled(monkeypatch, os.geteuid() + 1)
    answer(folder)
    assert len(list((tmp_path / CACHED).iterdir())) == 1


def test_a_store_that_others_may_write_is_not_used(folder: Path, tmp_path: Path) -> None:
    answer(folder)
    for path in (store_of(folder), folder.parent):
        mode = path.stat().st_mode
        path.chmod(mode | 0o002)
        answer(folder)
        (cached,) = (tmp_path / CACHED).iterdir()
        cached.unlink()
        path.chmod(mode)


def test_a_relative_cache_home_is_ignored(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert list(cache.caches(folder))[1].parent == tmp_path / ".cache" / "natsbin"


PROGRAM = """
import sys, natsbin, natsbin.roads.convert as road
real = road.convert
def convert(*args, **kwargs):
    print("converts", flush=True)
    return real(*args, **kwargs)
road.convert = convert
api = natsbin.create(sys.argv[1], "tss", True, False)
print(repr(api.get_more_info(7, "cifar10", None, "12", False)))
"""


@pytest.mark.parametrize("processes", [5, pytest.param(20, marks=pytest.mark.soak)])
def test_several_processes_convert_once(folder: Path, made: Made, processes: int) -> None:
    several(folder, made, PROGRAM, processes)


def test_several_processes_convert_once_without_locks(folder: Path, made: Made) -> None:
    several(
        folder,
        made,
        "import errno, fcntl\ndef flock(*args): raise OSError(errno.ENOLCK, 'no locks')\nfcntl.flock = flock\n"
        + PROGRAM,
    )


def several(folder: Path, made: Made, program: str, count: int = 5) -> None:
    command = [sys.executable, "-c", program, folder]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    outputs = [process.communicate(timeout=120)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0] * count
    assert {lines[-1] for lines in outputs} == {repr(answer(made.store(TSS, INDEXES)))}
    assert sum(map(len, outputs)) == count + 1
    assert sorted(path.name for path in folder.parent.iterdir()) == ["A-simple", "A-simple.h5"]


def test_in_a_worker_of_a_pool(folder: Path, made: Made) -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(answer, [folder, folder]) == [answer(made.store(TSS, INDEXES))] * 2


def test_locks_and_syncs_that_a_file_system_refuses(
    folder: Path, made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    def refuse_folders(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "no folders")

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(os, "fsync", refuse_folders)
    monkeypatch.setattr("tempfile._O_TMPFILE_WORKS", False)
    assert answer(folder) == answer(made.store(TSS, INDEXES))
    assert sorted(path.name for path in folder.parent.iterdir()) == ["A-simple", "A-simple.h5"]


@pytest.mark.parametrize("name", ["a*[b]?", "x" * 251, "\udcff\udcfe"])
def test_odd_names(folder: Path, name: str, tmp_path: Path) -> None:
    path = folder.rename(folder.parent / name)
    found = answer(path)
    names = {entry.name for entry in path.parent.iterdir()}
    assert names <= {name, f"{name}.h5"}
    assert answer(path) == found
    back = natsbin.export(next(iter(p for p in cache.caches(path) if p.exists())), tmp_path / "back")
    assert answer(back) == found
    dst = path.parent / f"{name[:100]}-2.h5"
    done = subprocess.run([sys.executable, "-m", "natsbin", "convert", path, dst, "--json"], capture_output=True)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert json.loads(done.stdout)["architectures"] == 2


def test_names_that_cannot_be(folder: Path) -> None:
    for name in ("x" * 256, "x" * 5000):
        with pytest.raises(MissingError):
            answer(folder.parent / name)
        for make in (natsbin.convert, natsbin.export):
            with pytest.raises(OutputError):
                make(folder if make is natsbin.convert else made_store(folder), folder.parent / name)
        with pytest.raises(ArchiveError):
            natsbin.convert(folder.parent / name, folder.parent / "x.h5")


@pytest.mark.parametrize("name", [".", "/", "", "x\0y"])
def test_folders_that_have_no_name(folder: Path, name: str) -> None:
    with pytest.raises(OutputError):
        natsbin.export(made_store(folder), name)


def test_files_that_are_read_by_names_that_cannot_be(folder: Path, tmp_path: Path) -> None:
    for name in ("x\0", "x" * 300):
        for read in (natsbin.open_store, open_weights, natsbin.frame):
            with pytest.raises(StoreError):
                read(name)
        with pytest.raises(NatsbinError):
            natsbin.attach(made_store(folder), f"{name}.json", "score")
    for words in (["info", "x" * 300], ["query", "x" * 300, "7"]):
        result = runner().invoke(main, words)
        assert (result.exit_code, type(result.exception)) == (1, SystemExit)


def test_a_store_whose_weights_would_have_too_long_a_name(folder: Path, made: Made) -> None:
    path = folder.with_name("x" * 252 + ".h5")
    path.write_bytes(made.store(TSS, INDEXES).read_bytes())
    assert answer(path) == answer(folder)
    with pytest.warns(natsbin.errors.NoWeightsWarning):
        assert natsbin.create(path, "tss", True, False).get_net_param(7, "cifar10", None, "12")
    with pytest.raises(OutputError):
        natsbin.convert_weights(folder, path)


def test_an_archive_is_not_replaced_by_its_store(folder: Path) -> None:
    tar = make_tar(folder, folder.parent / "A.tar", "A")
    (link := folder.parent / "link.h5").symlink_to(tar)
    for src, dst in ((tar, tar), (tar, link), (folder, folder / "000007.pickle.pbz2"), ([tar], tar)):
        before = dst.read_bytes()
        with pytest.raises(OutputError, match="a file of the archive that is to be converted; it is not replaced"):
            natsbin.convert(src, dst, force=True)
        assert dst.read_bytes() == before


def made_store(folder: Path) -> Path:
    path = folder.parent / "store.h5"
    return path if path.exists() else natsbin.convert(folder, path)


def test_long_work_is_announced_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cache, "PATIENCE", 3600.0)  # a slow machine needs more than the usual one
    answer(folder)
    assert capsys.readouterr().err == ""
    store_of(folder).unlink()
    monkeypatch.setattr(cache, "PATIENCE", 0.0)
    answer(folder)
    assert capsys.readouterr().err == f"Converting A-simple once, to {store_of(folder)}\n"


def test_waiting_is_announced_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()  # what capsys reads while a thread writes can be lost
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with files.only_one(store_of(folder)):
        thread = threading.Thread(target=answer, args=[folder])
        thread.start()
        while not stderr.getvalue().endswith("\n") and thread.is_alive():
            time.sleep(0.001)
        assert stderr.getvalue() == "Waiting for another process that converts A-simple\n"
    thread.join()
    assert stderr.getvalue().count("Waiting") == 1
