"""The ways of ``_util/system.py`` that Linux does not take, beside those that the other tests of it take."""

from __future__ import annotations

import mmap
import os
import re
import signal
import subprocess
import sys
from multiprocessing import Pipe, connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.paths import ROOT, run_python

from natsbin._util import system

SOURCES = ROOT / "src" / "natsbin"


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """`os.name` as it is there. Paths cannot be made meanwhile."""
    monkeypatch.setattr(os, "name", "nt")
    return monkeypatch


def test_what_some_systems_lack_is_asked_for_in_one_module() -> None:
    """Only ``workers`` forks, after ``system.can_fork``."""
    script = (
        "import sys; sys.path.append(sys.argv[1]); from support import bare; print(*bare.MODULES, '/', *bare.CALLS)"
    )
    done = run_python(script, ROOT / "tests")
    modules, _, calls = done.stdout.partition("/")
    assert "fcntl" in modules.split()
    assert "geteuid" in calls.split()
    lacking = re.compile(
        rf"\bos\.({'|'.join(calls.split())})\b|^\s*(?:import|from) ({'|'.join(modules.split())})\b", re.MULTILINE
    )
    found = {
        (path.relative_to(SOURCES).as_posix(), match[1] or match[2])
        for path in SOURCES.rglob("*.py")
        for match in lacking.finditer(path.read_text(encoding="utf-8"))
    }
    assert {one for one in found if one[0] != "_util/system.py"} == {("_util/workers.py", "fork")}
    assert ("_util/system.py", "fcntl") in found


def test_no_process_is_asked_whether_it_is_alive_where_that_would_end_it(windows: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    windows.setattr(os, "kill", lambda process, number: asked.append(process))
    assert system.is_alive(os.getpid())
    assert system.has_parent(-1)
    assert asked == []


def test_a_dead_process_is_not_alive_where_one_can_ask() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        assert system.is_alive(os.getpid())
    assert not system.is_alive(process.pid)
    assert system.has_parent(os.getppid())
    assert not system.has_parent(-1)


@pytest.mark.parametrize("name", ["posix", "nt"])
def test_a_signal_is_sent_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
    try:
        with monkeypatch.context() as there:
            there.setattr(os, "name", name)
            system.stop_again(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert got == [signal.SIGTERM]


def test_a_folder_that_cannot_be_opened_need_not_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(system, "sync", synced.append)
    system.sync_folder(tmp_path)
    assert len(synced) == 1

    def refuse(path: object, flags: int) -> int:
        raise PermissionError(13, "a folder", path)

    monkeypatch.setattr(os, "open", refuse)
    system.sync_folder(tmp_path)
    assert len(synced) == 1


def test_a_file_is_read_and_written_at_a_place_without_pread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"0123456789")
    descriptor = os.open(tmp_path / "x", os.O_RDWR)
    try:
        for there in (True, False):
            if not there:
                monkeypatch.delattr(os, "pread")
                monkeypatch.delattr(os, "pwrite")
            system.write_at(descriptor, b"ab", 3)
            assert system.read_at(descriptor, 4, 2) == b"2ab5"
            system.write_at(descriptor, b"34", 3)
            assert system.read_at(descriptor, 4, 8) == b"89"
    finally:
        os.close(descriptor)


def test_scattered_reads_where_there_is_no_advice(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"some bytes")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        views = [None, memoryview(b"some bytes"), memoryview(whole)]
        for view in views:
            with system.scattered_reads(view):
                assert view is None or bytes(view) == b"some bytes"
        views[-1].release()  # type: ignore[union-attr]
        del view, views


def test_a_process_is_started_beside_a_pipe_as_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """There a handle is made inheritable, and the new process gets those that a list names."""
    made: list[int] = []
    start = subprocess.Popen

    def start_there(command: list[str], *, startupinfo: Any, stdin: int) -> subprocess.Popen[bytes]:
        (number,) = startupinfo.lpAttributeList["handle_list"]
        assert made == [number]
        return start(command, pass_fds=[number], stdin=stdin)

    monkeypatch.setattr(os, "set_handle_inheritable", lambda number, _: made.append(number), raising=False)
    monkeypatch.setattr(subprocess, "STARTUPINFO", SimpleNamespace, raising=False)
    monkeypatch.setattr(subprocess, "Popen", start_there)
    ours, theirs = Pipe()
    script = "import sys; from natsbin._util.system import inherited; inherited(int(sys.argv[1])).send('here')"
    with monkeypatch.context() as there:
        there.setattr(sys, "platform", "win32")
        process = system.start_beside([sys.executable, "-c", script, str(theirs.fileno())], theirs)
    theirs.close()
    with ours, process:
        assert ours.recv() == "here"
    assert process.returncode == 0


def test_an_inherited_pipe_is_of_the_systems_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Pipe()
    with system.inherited(os.dup(theirs.fileno())) as pipe:
        assert type(pipe) is connection.Connection

    class PipeConnection(connection.Connection):
        """What Windows has."""

    monkeypatch.setattr(connection, "PipeConnection", PipeConnection, raising=False)
    with ours, theirs, system.inherited(os.dup(theirs.fileno())) as pipe:
        assert type(pipe) is PipeConnection
        pipe.send(1)
        assert ours.recv() == 1
