"""The native modules with sanitizers: build them apart, and run a program with them. See docs/testing.md.

    python tools/sanitize.py                                    the whole test suite, in two processes
    python tools/sanitize.py -- tools/fuzz_store.py pickles     another program
    python tools/sanitize.py --thread -- -m pytest -q -n 0 tests/store/test_file.py

AddressSanitizer and UndefinedBehaviorSanitizer, or with ``--thread`` ThreadSanitizer. A report ends the process that
it is about; reports of all processes are collected, printed at the end, and make the exit code 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = {"address,undefined": ("libasan.so", "libubsan.so", "libstdc++.so"), "thread": ("libtsan.so",)}

LEFT_OUT = {
    **dict.fromkeys(("adaptors", "compat", "explore", "sweep"), "Python over functions that other folders test"),
    **dict.fromkeys(("models", "synthetic"), "what makes archives; no native module runs there"),
    **dict.fromkeys(("tools/test_bench.py", "tools/test_pages.py"), "programs that take minutes"),
}
"""Tests that the suite leaves out, and why: with sanitizers it takes several times as long."""

SUITE = ("-m", "pytest", "-q", "-n", "2", *(f"--ignore=tests/{name}" for name in LEFT_OUT))


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
    reports = base / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir()
    log = f"log_path={reports / 'report'}"  # a test may expect a process to fail, and its words are not shown
    environment = {
        "PYTHONPATH": str(base / "lib"),
        "PYTHONMALLOC": "malloc",  # otherwise Python's own allocator hides what is freed
        "LD_PRELOAD": " ".join(found),
        # What was freed is kept for a while, to see who uses it; more than this and tests of memory limits fail
        "ASAN_OPTIONS": f"{log}:detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=16",
        "UBSAN_OPTIONS": f"{log}:halt_on_error=1:print_stacktrace=1",
        "TSAN_OPTIONS": f"{log}:halt_on_error=1:ignore_noninstrumented_modules=1:die_after_fork=0"
        f":suppressions={ROOT / 'tools' / 'tsan.txt'}",
    }
    code = subprocess.run([sys.executable, *(arguments or SUITE)], cwd=ROOT, env=os.environ | environment).returncode
    found_reports = sorted(reports.iterdir())
    for report in found_reports:
        click.echo(f"== {report.name}\n{report.read_text(errors='replace')}")
    click.echo(f"sanitizers ({kind}): {len(found_reports)} reports; exit code of the program: {code}")
    sys.exit(code or bool(found_reports))


if __name__ == "__main__":
    main()
