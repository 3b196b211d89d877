"""natsbin where Linux's and POSIX's own calls are missing: on Windows and macOS, and on file systems without locks."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.made import Made

import natsbin
from natsbin._batch import divided
from natsbin._util import workers
from natsbin.roads import convert
from natsbin.spaces import SSS

COUNT = 10

MAIN = """
import sys, threading
from pathlib import Path
from support import bare
bare.hide()
import numpy
import natsbin
from natsbin._util import files, system, workers
from natsbin.roads import convert

workers.FEW, convert.TOGETHER = 2, 3  # so that a small archive is shared by workers
archive, out = map(Path, sys.argv[1:])
natsbin.convert(archive, out / "a.h5", jobs=2)
natsbin.convert(archive, out / "a.h5", jobs=1, force=True)
api = natsbin.create(str(out / "a.h5"), "sss", fast_mode=True, verbose=False)
print(sum(api.get_more_info(index, "cifar10", hp="90", is_random=False)["test-accuracy"] for index in range(9)))
print(api.batch.points(numpy.arange(9), "cifar10", "ori-test").sum())
print(natsbin.verify(out / "a.h5", archive, jobs=2).architectures == 10)
natsbin.pack(out / "a.h5", out / "b.h5")
natsbin.export(out / "b.h5", out / "exported", jobs=2)
print(natsbin.verify(natsbin.open_store(out / "b.h5", mmap=False), out / "exported", jobs=1).architectures == 10)
try:
    natsbin.convert(archive, out / "a.h5", jobs=1, force=True)
except natsbin.OutputError as error:
    print("has it open" in str(error))
inside = []
def work():
    with files.only_one(out / "x"):
        inside.append(1)
        assert len(inside) == 1
        inside.pop()
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(system.user(), system.can_fork(), system.cores() > 0, len(system.STOPS))
print(sorted(path.name for path in out.iterdir()))
"""


def run(script: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    tests = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (tests, *sys.path)))
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path, **environment}, timeout=300
    )


def test_without_what_only_some_systems_have(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The road of an archive: convert, ask, verify, pack, export; equal to what it is with all of it."""
    archive = made.archive(SSS, range(COUNT))
    monkeypatch.setattr(workers, "FEW", 2)
    monkeypatch.setattr(convert, "TOGETHER", 3)
    store = natsbin.convert(archive, tmp_path / "store.h5", jobs=2)
    (tmp_path / "out").mkdir()
    api = natsbin.create(str(store), "sss", fast_mode=True, verbose=False)
    done = run(MAIN, archive, tmp_path / "out")
    accuracies = sum(
        api.get_more_info(index, "cifar10", hp="90", is_random=False)["test-accuracy"] for index in range(9)
    )
    points = api.batch.points(np.arange(9), "cifar10", "ori-test").sum()
    expected = [*(accuracies, points, True, True, True, "None False True 2", ["a.h5", "b.h5", "exported"])]
    assert (done.stdout.splitlines(), done.stderr) == (list(map(str, expected)), "")
    assert (tmp_path / "out" / "a.h5").read_bytes() == store.read_bytes()
    exported = {path.name: path.read_bytes() for path in (tmp_path / "out" / "exported").iterdir()}
    assert len(exported) == COUNT + 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "left_out"),
    [
        ("store/test_round_trip.py", ""),
        ("store/test_states.py", "not no_place and not every_difference and not flipped"),
    ],
)
def test_the_tests_themselves_without_what_only_some_systems_have(file: str, left_out: str) -> None:
    """Those that are left out replace a store while they have it open."""
    tests = Path(__file__).parents[1]
    script = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
    done = run(script, "-p", "support.bare", "-p", "no:cacheprovider", "-q", "-n", "0", "-k", left_out, tests / file)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_a_machine_of_the_other_byte_order_is_refused() -> None:
    done = run("import sys; sys.byteorder = 'big'; import natsbin")
    assert done.returncode == 1
    assert "ImportError: natsbin needs a little-endian machine" in done.stderr


def test_places_are_divided_as_pythons_integers() -> None:
    """By a product of 64 bits, as not every compiler has one of 128."""
    draw = random.Random(0)
    top = 2**31
    divisors = [1, 2, 3, 5, 7, 12, 100, 200, 15625, 2**15, 2**16 + 1, 2**30 + 1, top - 1, top, 2**40]
    divisors += [draw.randrange(1, most) for most in (50_000, top) for _ in range(300)]
    for by in divisors:
        near = [multiple * by + by_one for multiple in (0, 1, 2, (top - 1) // by) for by_one in (-1, 0, 1)]
        numbers = [n for n in (*near, top - 1, top - 2, *(draw.randrange(top) for _ in range(100))) if 0 <= n < top]
        found = np.empty(len(numbers), np.uint32)
        divided(np.array(numbers, np.uint32), by, found)
        assert found.tolist() == [n // by for n in numbers], by
