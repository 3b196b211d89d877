"""Coverage-guided fuzzing of what reads untrusted bytes, with atheris. See docs/testing.md.

    python tools/fuzz_coverage.py pickles CORPUS -max_total_time=600
    python tools/fuzz_coverage.py stores CORPUS -max_total_time=600
    python tools/fuzz_coverage.py torch_files CORPUS -max_total_time=600

Arguments after the target are libFuzzer's; new inputs are kept in the folder CORPUS. ``tests/fuzz`` has one to start
with. An input that is neither read nor refused by an ArchiveError or StoreError is a finding, and so are hangs and
memory above libFuzzer's limits. The Python code of natsbin guides the search; native code does too where it is built
with clang's ``-fsanitize=fuzzer-no-link``.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["natsbin", "fuzz_targets"]):
    from fuzz_targets import TARGETS

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: fuzz_coverage.py {'|'.join(TARGETS)} [CORPUS] [libFuzzer's options]")
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
