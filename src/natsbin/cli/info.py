"""``natsbin info``: what is in a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from natsbin.cli.common import emit, json_option


@click.command(short_help="Show what is in a store.")
@click.argument("store", type=click.Path(path_type=Path))
@json_option
def info(store: Path, as_json: bool) -> None:
    """Show what is in STORE: architectures present and absent, trials, seeds, epochs, sets, sizes."""
    import natsbin

    opened = natsbin.open_store(store)
    tables = [_table(opened, hp, dataset) for hp, dataset in sorted(opened.keys)]
    payload = sum(table["bytes"] for table in tables)
    size = store.stat().st_size
    summary: dict[str, Any] = {
        "store": str(store),
        "space": opened.space.name,
        "state": str(opened.attrs["state"]),
        "format_version": int(opened.attrs["format_version"]),
        "writer": str(opened.attrs["writer"]),
        "source": str(opened.attrs["source"]),
        "source_digest": str(opened.attrs["source_digest"]),
        "architectures": len(opened.indexes),
        "absent": opened.total - len(opened.indexes),
        "bytes": size,
        "payload_bytes": payload,
        "tables": tables,
    }
    if as_json:
        emit(summary)
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(
        f"{store}: {opened.space.title} search space ({opened.space.name}), {summary['state']}", highlight=False
    )
    console.print(
        f"{len(opened.indexes):,} of {opened.total:,} architectures, {summary['absent']:,} absent; "
        f"{size / 1e6:,.1f} MB, of which {payload / 1e6:,.1f} MB are values",
        highlight=False,
    )
    console.print(f"from {summary['source'] or 'an unnamed archive'}, by {summary['writer']}", highlight=False)
    table = Table("hp", "dataset", "trials", "seeds", "epochs", "sets")
    for row in tables:
        seeds = ", ".join(f"{seed}: {count:,}" for seed, count in row["seeds"].items())
        table.add_row(
            row["hp"], row["dataset"], f"{row['trials']:,}", seeds, str(row["epochs"]), ", ".join(row["sets"])
        )
    console.print(table)


def _table(store: Any, hp: str, dataset: str) -> dict[str, Any]:
    import numpy as np

    table = store.table(hp, dataset)
    seeds, counts = np.unique(table.seed, return_counts=True)
    return {
        "hp": hp,
        "dataset": dataset,
        "trials": len(table.seed),
        "seeds": {str(seed): int(count) for seed, count in zip(seeds, counts, strict=True)},
        "epochs": table.epochs,
        "sets": sorted({key.set for key in table.columns}, key=lambda name: (name != "train", name)),
        "bytes": store.value_bytes(hp, dataset),
    }
