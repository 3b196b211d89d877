"""Forks, conversions and exports beside threads that ask."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.made import Made

import natsbin
from natsbin._util import workers
from natsbin.roads import convert
from natsbin.spaces import SSS, TSS

INDEXES = [2, 7]


@pytest.fixture
def asking(made: Made) -> Iterator[None]:
    """Two threads that open a store again and again, and ask it what it has not been asked yet."""
    store, end, errors = made.store(TSS, INDEXES), threading.Event(), []
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)  # more meetings; and each call that lets other threads run would wait for two turns

    def ask() -> None:
        try:
            while not end.wait(0.002):  # which leaves time to what runs beside them
                every_question(store)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    end.set()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(before)
    assert errors == []


def every_question(store: Path) -> None:
    api = natsbin.create(store, "tss", True, False)
    for index in INDEXES:
        for dataset in ("cifar10", "cifar100"):
            api.get_more_info(index, dataset, None, "12", False)
    natsbin.open_store(store).load(7)


@pytest.mark.parametrize("forks", [8, pytest.param(200, marks=pytest.mark.soak)])
def test_forks(asking: None, made: Made, forks: int) -> None:
    store = made.store(TSS, INDEXES)
    shared = natsbin.create(store, "tss", True, False)
    for _ in range(forks):
        pid = os.fork()
        if pid == 0:
            signal.alarm(60)  # a hang ends as a failure
            try:
                natsbin.open_store(store).load(7)
                shared.get_more_info(7, "cifar10", None, "12", False)
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.parametrize("times", [1, pytest.param(50, marks=pytest.mark.soak)])
def test_conversion_and_export(
    asking: None, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(workers, "FEW", 2)  # so that workers share a small archive
    monkeypatch.setattr(convert, "TOGETHER", 3)
    folder = made.archive(SSS, range(10))
    converted = natsbin.convert(folder, tmp_path / "y.h5", jobs=1).read_bytes()
    exported = content(natsbin.export(tmp_path / "y.h5", tmp_path / "y", jobs=1))
    for _ in range(times):
        store = natsbin.convert(folder, tmp_path / "x.h5", jobs=2, force=True)
        assert store.read_bytes() == converted
        assert content(natsbin.export(store, tmp_path / "x", jobs=2, force=True)) == exported
    assert natsbin.verify(store, tmp_path / "x", jobs=1).architectures == 10


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
