"""Replacing files and locking, on file systems that lack this or that."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from natsbin._util import files, system
from natsbin.errors import OutputError


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_only_regular_files_are_replaced(tmp_path: Path) -> None:
    path, link = tmp_path / "x", tmp_path / "link"
    assert files.target(path, force=False) == path
    path.touch()
    link.symlink_to("x")
    assert files.target(link, force=True) == path
    with pytest.raises(OutputError, match="exists already"):
        files.target(link, force=False)
    path.unlink()
    for force in (False, True):
        with pytest.raises(OutputError):
            files.target(link, force=force)
    os.mkfifo(path)
    for not_a_file in (path, link, Path("/dev/null")):
        with pytest.raises(OutputError, match="not a regular file"):
            files.target(not_a_file, force=True)


def test_what_is_replaced_leaves_its_mode(tmp_path: Path) -> None:
    path, part = tmp_path / "x", tmp_path / "part"
    path.touch()
    path.chmod(0o640)
    part.write_bytes(b"new")
    files.replace(part, path, force=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files to others")
def test_what_is_replaced_leaves_its_owner(tmp_path: Path) -> None:
    path, part = tmp_path / "x", tmp_path / "part"
    path.touch()
    os.chown(path, 4321, 1234)
    part.write_bytes(b"new")
    files.replace(part, path, force=True)
    assert (path.stat().st_uid, path.stat().st_gid, path.read_bytes()) == (4321, 1234, b"new")


@pytest.mark.parametrize("name", ["a" * 256, "a" * 5000, "a\0b"])
def test_a_name_that_cannot_be_is_an_output_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError):
        files.target(tmp_path / name, force=True)


@pytest.mark.parametrize("name", ["a", "b" * 255, "c*[x]**", "\udcff\udcfe.h5", "é" * 127])
def test_stale_parts_are_removed_whatever_the_name(tmp_path: Path, name: str) -> None:
    path, other = tmp_path / name, tmp_path / ".other.01234567.part"
    other.touch()
    part, descriptor = files.open_part(path)
    files.remove_stale_parts(path)
    assert part.exists()  # its writer lives
    os.close(descriptor)
    files.remove_stale_parts(path)
    assert list(tmp_path.iterdir()) == [other]


@pytest.mark.parametrize("refusal", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_folder_that_cannot_be_synced_is_no_failure(
    tmp_path: Path, refusal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(os, "fsync", refuse)
    part = tmp_path / "part"
    part.write_bytes(b"new")
    with part.open("rb") as file:
        system.sync(file.fileno())
    files.replace(part, tmp_path / "x", force=True)
    assert (tmp_path / "x").read_bytes() == b"new"


def test_one_thread_at_a_time(tmp_path: Path) -> None:
    one_at_a_time(tmp_path / "x")


def test_one_thread_at_a_time_without_locks(tmp_path: Path, no_locks: None) -> None:
    one_at_a_time(tmp_path / "x")


def one_at_a_time(path: Path) -> None:
    inside, most, waited = 0, 0, threading.Event()

    def work() -> None:
        nonlocal inside, most
        with files.only_one(path, waited.set):
            inside += 1
            most = max(most, inside)
            if not waited.is_set():
                waited.wait(5)  # for another thread to come
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert waited.is_set()
    assert list(path.parent.iterdir()) == []


def test_a_lock_file_of_a_dead_process_is_taken_over(tmp_path: Path, no_locks: None) -> None:
    pid = os.fork()
    if pid == 0:
        with files.only_one(tmp_path / "x"):
            os._exit(0)
    os.waitpid(pid, 0)
    assert len(list(tmp_path.iterdir())) == 1
    with files.only_one(tmp_path / "x"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_of_another_machine_is_taken_over_when_it_shows_no_sign_of_life(
    tmp_path: Path, no_locks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "DEAD", 0.2)
    place = files.hidden(tmp_path / "x", "lock")
    place.write_text(f"another-machine {os.getpid()} 0\n")
    waits: list[int] = []
    with files.only_one(tmp_path / "x", lambda: waits.append(1)):
        assert waits


def test_a_forked_child_does_not_keep_a_lock(tmp_path: Path) -> None:
    with files.only_one(tmp_path / "x"):
        (descriptor,) = files._held
        pid = os.fork()
        if pid == 0:
            try:
                os.fstat(descriptor)
            except OSError:
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0


def test_a_file_that_another_program_makes_at_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, target = tmp_path / "x", files.target

    def late(*given: Any) -> Path:
        found = target(*given)
        if list(tmp_path.iterdir()):  # the part: this is the second look
            path.write_bytes(b"theirs")
        return found

    monkeypatch.setattr(files, "target", late)
    with pytest.raises(OutputError, match="exists already"), files.new_file(path, force=False) as (part, _):
        part.write_bytes(b"mine")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"theirs"]


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("no links")

    monkeypatch.setattr(os, "link", refused)
    with files.new_file(tmp_path / "x", force=False) as (part, _):
        part.write_bytes(b"mine")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"mine"]
