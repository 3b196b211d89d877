"""The native modules with sanitizers: build them apart, and run a program with them. See docs/testing.md.

    python tools/sanitize.py                                    the whole test suite, in one process
    python tools/sanitize.py -- tools/fuzz_store.py pickles     another program
    python tools/sanitize.py --thread -- -m pytest -n 0 tests/store/test_file.py

AddressSanitizer and UndefinedBehaviorSanitizer, or with ``--thread`` ThreadSanitizer. A report ends the process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
SUITE = ("-m", "pytest", "-q", "-n", "0")
LIBRARIES = {"address,undefined": ("libasan.so", "libubsan.so"), "thread": ("libtsan.so",)}


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--thread", is_flag=True, help="Data races, instead of wrong accesses and undefined behaviour.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(thread: bool, arguments: tuple[str, ...]) -> None:
    """Run Python with ARGUMENTS, or else the test suite, on native modules with sanitizers."""
    kind = "thread" if thread else "address,undefined"
    base = ROOT / "build" / f"sanitize-{kind.partition(',')[0]}"
    build = [sys.executable, "setup.py", "-q", "build", "--build-base", str(base), "--build-lib", str(base / "lib")]
    subprocess.run(build, cwd=ROOT, check=True, env=os.environ | {"NATSBIN_SANITIZE": kind})
    found = [
        subprocess.run(["gcc", f"-print-file-name={name}"], check=True, capture_output=True, text=True).stdout.strip()
        for name in LIBRARIES[kind]
    ]
    os.environ |= {
        "PYTHONPATH": str(base / "lib"),
        "PYTHONMALLOC": "malloc",  # otherwise Python's own allocator hides what is freed
        "LD_PRELOAD": " ".join(found),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=64",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "TSAN_OPTIONS": f"halt_on_error=1:ignore_noninstrumented_modules=1:suppressions={ROOT / 'tools' / 'tsan.txt'}",
    }
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, *(arguments or SUITE)])


if __name__ == "__main__":
    main()
