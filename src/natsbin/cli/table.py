"""``natsbin table``: a store as a file of rows."""

from __future__ import annotations

from pathlib import Path

import click

from natsbin.cli.common import archs_option, force_option


@click.command(short_help="Write a table for pandas, polars, DuckDB or R.")
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--hp", help="Hyper-parameter set.  [default: the one of most epochs]")
@click.option("--dataset", "datasets", multiple=True, help="A dataset; may be repeated.  [default: all]")
@click.option("--epoch", type=int, help="Epoch, counted from 0.  [default: the last]")
@archs_option
@click.option("--trials", is_flag=True, help="A row a training, instead of the mean over the seeds.")
@click.option("--curves", is_flag=True, help="A row an epoch, without costs and operations.")
@force_option
def table(
    store: Path,
    out: Path,
    hp: str | None,
    datasets: tuple[str, ...],
    epoch: int | None,
    archs: list[int] | None,
    trials: bool,
    curves: bool,
    force: bool,
) -> None:
    """Write accuracies (percent), losses, times (seconds) and costs of STORE to OUT, a row an architecture and dataset.

    OUT ends in .parquet, .csv, .arrow or .feather. The file is written a block at a time, however long it is.
    """
    try:
        from natsbin import frames
    except ImportError as error:
        raise click.ClickException(str(error)) from error
    count = frames.write_table(
        store,
        out,
        force=force,
        hp=hp,
        epoch=epoch,
        datasets=datasets or None,
        architectures=archs,
        trials=trials,
        curves=curves,
    )
    click.echo(f"{out}: {count} rows")
