"""How much memory a hostile file takes: in a process of its own, which nothing else has used."""

from __future__ import annotations

from support.paths import run_python

MEGABYTE = 1 << 20

_MEASURED = """
import re, resource, sys
from pathlib import Path
from natsbin.errors import NatsbinError
{imports}

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

path = sys.argv[1]
before = peak()
try:
    {question}
except NatsbinError as error:
    print(peak() - before, error)
"""


def refused(imports: str, question: str, path: object) -> tuple[int, str]:
    """MB by which the peak memory of a process grew while it was refused an answer, and what it was told."""
    result = run_python(_MEASURED.format(imports=imports, question=question), path)
    assert result.returncode == 0, result.stderr
    kilobytes, _, message = result.stdout.partition(" ")
    return int(kilobytes) // 1024, message
