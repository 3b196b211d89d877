"""Benchmarks of natsbin: ``compare`` with other ways to ask, and what natsbin promises, with its limits."""

from __future__ import annotations

import click
from compare import compare
from limits.batches import batches
from limits.converting import converting
from limits.opening import opening
from limits.remembering import remembering
from limits.scalar import scalar
from limits.streaming import streaming
from tables import markdown


@click.group()
def main() -> None:
    """Benchmarks of natsbin: it beside other ways to ask, and its figures beside their limits."""


main.add_command(compare)
main.add_command(markdown)
main.add_command(scalar)
main.add_command(opening, "open")
main.add_command(converting, "convert")
main.add_command(remembering, "memory")
main.add_command(batches, "batch")
main.add_command(streaming, "stream")

if __name__ == "__main__":
    main()
