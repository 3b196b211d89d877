"""``natsbin attach``: a side table into a store."""

from __future__ import annotations

from pathlib import Path

import click

from natsbin.cli.common import force_option


@click.command(short_help="Add a table of numbers by architecture to a store.")
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="What the numbers are called, such as edgegpu_latency.")
@click.option("--unit", default="1", show_default=True, help="Their unit.")
@click.option("--column", help="The column with the numbers.  [default: NAME, or the only other one]")
@force_option
def attach(store: Path, table: Path, name: str, unit: str, column: str | None, force: bool) -> None:
    """Add the numbers in TABLE (.csv, .parquet, .json or .pickle) to STORE, beside the originals.

    TABLE has rows with a column architecture (index or string), perhaps dataset, and the numbers; or it is, in JSON or
    a pickle, {architecture: number} or {dataset: {architecture: number}}. The numbers are then limits, Pareto metrics,
    columns of frames and coordinates in xarray.
    """
    import natsbin

    count = natsbin.attach(store, table, name, unit, column=column, force=force)
    click.echo(f"{store}: {name} ({unit}) of {count:,} architectures")
