"""Commands that are told to stop: nothing is left of them, and they say it with their exit code only."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.made import Made
from support.paths import run_python

from natsbin.spaces import SSS

CREATE = "import sys, natsbin; natsbin.create(sys.argv[1], 'sss', True, False)"
MOMENTS = [pytest.param(seed, marks=[pytest.mark.soak] if seed else []) for seed in range(12)]


@pytest.fixture(autouse=True)
def not_ignored() -> Iterator[None]:
    """Processes that start in a test listen to signals, even where ``nohup`` or ``&`` has this one ignore them."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("seed", MOMENTS)
@pytest.mark.parametrize("work", ["convert", "export", "create"])
def test_nothing_is_left(work: str, seed: int, number: signal.Signals, made: Made, tmp_path: Path) -> None:
    archive, store = made.archive(SSS, range(120)), made.store(SSS, range(120))
    (tmp_path / "a").symlink_to(archive)
    link = archive.with_name(f"{archive.name}.h5")
    words = {
        "convert": ["-m", "natsbin", "convert", archive, tmp_path / "x", "--quiet", "--jobs=2"],
        "export": ["-m", "natsbin", "export", store, tmp_path / "x", "--quiet", "--jobs=2"],
        "create": ["-c", CREATE, archive],
    }[work]
    if work == "convert":
        words[4] = tmp_path / "x.h5"
    began = set(tmp_path.iterdir()) | set(archive.parent.iterdir())
    process = subprocess.Popen(
        [sys.executable, *map(str, words)], start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    time.sleep(random.Random(f"{work} {seed} {number}").uniform(0.6, 3))
    os.killpg(process.pid, number)  # as a terminal does
    error = process.communicate(timeout=60)[1]
    finished = process.returncode == 0
    for path in (tmp_path / "x", tmp_path / "x.h5", link):
        if finished and path.exists():
            path.rename(path.with_name("finished")) if path == link else began.add(path)
    link.with_name("finished").unlink(missing_ok=True)
    assert process.returncode in (0, 128 + number, -number)
    if work != "create" or number != signal.SIGINT:  # a program's own KeyboardInterrupt is its own affair
        assert "Traceback" not in error
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    if process.returncode != -number:  # it ended before it had begun
        assert set(tmp_path.iterdir()) | set(archive.parent.iterdir()) == began


IN_A_FINALISER = """
import os, signal, time, weakref
from natsbin._util.signals import stoppable

class Thing:
    pass

def told(_):
    os.kill(os.getpid(), signal.SIGTERM)

with stoppable():
    thing = Thing()
    reference = weakref.ref(thing, told)
    del thing
    time.sleep(60)
"""

IN_A_LIBRARY = """
import os, signal
from natsbin._util.signals import stoppable

with stoppable():
    try:
        os.kill(os.getpid(), signal.SIGHUP)
    except BaseException:
        raise RuntimeError("a library failed")
"""


@pytest.mark.parametrize(("code", "number"), [(IN_A_FINALISER, signal.SIGTERM), (IN_A_LIBRARY, signal.SIGHUP)])
def test_a_signal_that_is_caught_by_others(code: str, number: int) -> None:
    """What a signal raises in a callback is forgotten by Python, or becomes another error in a library."""
    result = run_python(code)
    assert (result.returncode, result.stderr) == (128 + number, "")


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of each file, and nothing of each folder."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {name: b"" if path.is_dir() else path.read_bytes() for name, path in paths.items()}


OTHERS = {
    "attach": ["attach", "store.h5", "table.json", "--name=score"],
    "table": ["table", "store.h5", "x.csv", "--curves"],
    "explore": ["explore", "store.h5", "--export=x", "--quiet"],
    "pack": ["pack", "store.h5", "x.h5"],
}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", OTHERS)
def test_nothing_is_left_of_other_commands(command: str, number: signal.Signals, made: Made, tmp_path: Path) -> None:
    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    for folder in (stopped, whole):
        folder.mkdir()
        (folder / "store.h5").write_bytes(made.store(SSS, range(40)).read_bytes())
        (folder / "table.json").write_text('{"3": 1.0}')
    before = contents(stopped)
    words = [sys.executable, "-m", "natsbin", *OTHERS[command]]
    process = subprocess.Popen(words, cwd=stopped, stderr=subprocess.PIPE, text=True)
    time.sleep(random.Random(f"{command} {number}").uniform(0.6, 2))
    process.send_signal(number)
    error = process.communicate(timeout=60)[1]
    assert process.returncode in (0, 128 + number, -number)
    assert "Traceback" not in error
    if process.returncode and (found := contents(stopped)) != before:  # the signal came after the last step
        subprocess.run(words, cwd=whole, check=True)
        assert found == contents(whole)
