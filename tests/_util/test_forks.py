"""Locks that a fork finds held."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from functools import cached_property
from pathlib import Path
from types import ModuleType

import pytest

import natsbin
from natsbin._util import forks


class Slow:
    """Something whose property one thread computes until it is told to end."""

    started, end = threading.Event(), threading.Event()

    @cached_property
    def value(self) -> int:
        self.started.set()
        self.end.wait(30)
        return 1


def in_child(work: object) -> int:
    pid = os.fork()
    if pid == 0:
        import signal

        signal.alarm(20)
        try:
            work()  # type: ignore[operator]
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_lock_is_free_in_a_child() -> None:
    lock = forks.Lock()

    def use() -> None:
        with lock:
            pass

    with lock:
        assert in_child(use) == 0


def test_a_property_that_a_thread_computes_can_be_computed_in_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("natsbin.tests_slow")
    monkeypatch.setattr(Slow, "__module__", module.__name__)
    module.Slow = Slow  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)
    one = Slow()
    thread = threading.Thread(target=lambda: one.value)
    thread.start()
    Slow.started.wait()

    def use() -> None:
        Slow.end.set()  # of the child's own copy
        assert Slow().value == 1

    try:
        assert in_child(use) == 0
    finally:
        Slow.end.set()
        thread.join()


def test_a_module_that_a_thread_imports_can_be_imported_in_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "natsbin.slow_to_import"
    code = "import sys, time\nsys.natsbin_begun.set()\ntime.sleep(0.5)\nwhole = True\n"
    (tmp_path / "slow_to_import.py").write_text(code)
    monkeypatch.setattr(natsbin, "__path__", [*natsbin.__path__, str(tmp_path)])
    begun = threading.Event()
    monkeypatch.setattr(sys, "natsbin_begun", begun, raising=False)
    thread = threading.Thread(target=importlib.import_module, args=[name])
    thread.start()
    begun.wait()

    def use() -> None:
        assert importlib.import_module(name).whole

    try:
        assert in_child(use) == 0
    finally:
        thread.join()
        del sys.modules[name]
