"""Benchmarks of natsbin: ``compare`` with other ways to ask, and what natsbin promises, with its limits."""

from __future__ import annotations

import compileall
import os
from pathlib import Path

import click
import compare
import layout
import limits
import methods
import sweep
import versions

import natsbin


@click.group()
def main() -> None:
    """Benchmarks of natsbin: it beside other ways to ask, and its figures beside their limits."""
    # Modules are read from bytecode, as they are where a package was installed.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(str(Path(natsbin.__file__).parent), quiet=2)


for name, command in {
    "compare": compare.compare,
    "markdown": compare.markdown,
    "sweep": sweep.sweep,
    "methods": methods.methods,
    "versions": versions.versions,
    "scalar": limits.scalar,
    "open": limits.opening,
    "convert": limits.converting,
    "memory": limits.remembering,
    "batch": limits.batches,
    "stream": limits.streaming,
    "sizes": layout.sizes,
    "chunks": layout.chunks,
}.items():
    main.add_command(command, name)

if __name__ == "__main__":
    main()
