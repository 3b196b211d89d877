"""The fast tests with the oldest or the newest libraries that pyproject.toml allows. See docs/testing.md.

    python -m pip install -e '.[release]'
    python tools/dependencies.py oldest --python python3.10
    python tools/dependencies.py oldest --python python3.10 --extra test  # without what needs a newer numpy
    python tools/dependencies.py newest --python python3.13 --wheel dist/natsbin-...-cp313-....whl -- -x tests/store

natsbin is built, unless a wheel of it is given, and installed without its sources. Torch is left out, as its oldest
release for Linux comes with two gigabytes of CUDA; tests that need it are skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("test", "test-adaptors")
RESOLUTIONS = {"oldest": "lowest-direct", "newest": "highest"}
FAST = ("-q", "-n", "1")
WARNINGS = ("-W", "default")  # libraries of different years warn of each other


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("which", type=click.Choice(list(RESOLUTIONS)))
@click.option("--python", default=sys.executable, help="The interpreter.")
@click.option("--extra", "extras", multiple=True, default=EXTRAS, help="What to install; again for more.")
@click.option("--wheel", type=click.Path(exists=True, path_type=Path), help="A wheel of natsbin for it.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(which: str, python: str, extras: tuple[str, ...], wheel: Path | None, arguments: tuple[str, ...]) -> None:
    """Install the oldest or newest libraries in a new environment, and run pytest with ARGUMENTS."""
    with tempfile.TemporaryDirectory() as folder:
        venv, pinned = Path(folder, "venv"), Path(folder, "pinned.txt")
        uv("venv", "--python", python, str(venv))
        own = str(venv / "bin" / "python")  # named each time: uv would otherwise install beside itself
        asked = [word for extra in extras for word in ("--extra", extra)]
        options = ("--no-build", "--no-header", "--no-annotate", "--resolution", RESOLUTIONS[which])
        uv("pip", "compile", *options, *asked, "-p", own, "-o", str(pinned), "pyproject.toml")
        click.echo(" ".join(pinned.read_text().split()))
        uv("pip", "install", "-p", own, "-r", str(pinned))
        uv("pip", "install", "-p", own, "--no-deps", str(wheel.absolute() if wheel else ROOT))
        done = subprocess.run(
            [own, "-m", "pytest", *WARNINGS, *(arguments or FAST)], cwd=ROOT, env=os.environ | {"PYTHONPATH": ""}
        )
    raise SystemExit(done.returncode)


def uv(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", "-q", *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
