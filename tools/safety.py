"""Everything about crashes, hangs, races and files of others, as one command that prints a table of figures.

    python tools/safety.py                       all of it: several hours on two quiet cores
    python tools/safety.py --only soak --only forged

Each row is a command that may be run by itself; its output is in ``build/safety``. Exit code 1 if one fails.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / "safety"

SANITIZED = ("tools/sanitize.py", "--")
FUZZ = "tools/fuzz_store.py"
RACES = ("tests/store/test_file.py", "tests/roads/test_threads.py", "tests/batch/test_input.py")
SOAK = ("tests/roads", "tests/store", "tests/_util")

STEPS: dict[str, tuple[str, ...]] = {
    "suite": ("tools/sanitize.py",),
    "threads": ("tools/sanitize.py", "--thread", "--", "-m", "pytest", "-q", "-n", "0", *RACES),
    "pickles": (*SANITIZED, FUZZ, "pickles", "--count", "10000"),
    "mutated": (*SANITIZED, FUZZ, "mutations", "--count", "10000"),
    "forged": (*SANITIZED, FUZZ, "mutations", "--forged", "--count", "5000"),
    "doors": (FUZZ, "doors", "--count", "2000"),
    "memory": (FUZZ, "mutations", "--forged", "--count", "5000"),
    "kills": (FUZZ, "kills"),
    "soak": ("-m", "pytest", "-q", "-n", "0", "-m", "soak", *SOAK),
}
"""The programs and their words, by name. ``memory`` is the same as ``forged`` where sanitizers take no memory."""


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(STEPS)), help="A row; may be repeated.  [default: all]")
def main(only: tuple[str, ...]) -> None:
    """Run the tests of safety, and print what they found."""
    LOGS.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in only or STEPS:
        begun = time.monotonic()
        log = LOGS / f"{name}.log"
        with log.open("wb") as out:
            code = subprocess.run([sys.executable, *STEPS[name]], cwd=ROOT, stdout=out, stderr=out).returncode
        failed |= code != 0
        state = "ok" if code == 0 else f"exit code {code}"
        click.echo(f"{name:8} {time.monotonic() - begun:7.0f} s  {state:14} {_said(log.read_text(errors='replace'))}")
    sys.exit(failed)


def _said(text: str) -> str:
    """The lines of a log that count something: outcomes of trials, passed tests, reports of sanitizers."""
    counted = re.findall(r"^ *[\d,]+ [a-z].*|^\d+ passed.*|^\d+ failed.*|^sanitizers .*", text, re.MULTILINE)
    return "; ".join(" ".join(line.split()) for line in counted) or text.strip().rpartition("\n")[2]


if __name__ == "__main__":
    main()
