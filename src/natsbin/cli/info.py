"""``natsbin info``: what is in a store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from natsbin.cli.common import console, emit, json_option


@click.command(short_help="Show what is in a store.")
@click.argument("store", type=click.Path(path_type=Path))
@json_option
def info(store: Path, as_json: bool) -> None:
    """Show what is in STORE: architectures present and absent, trials, seeds, epochs, sets, sizes.

    STORE may also be an archive: its store is shown where it was converted, else what its files tell.
    """
    import natsbin
    from natsbin.roads.cache import caches
    from natsbin.store.file import is_store

    if not is_store(store):
        found = next(filter(is_store, caches(store)), None) if os.path.exists(store) else None
        if found is None:
            _show_archive(store, as_json)
            return
        store = found
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
    from rich.table import Table

    out = console()
    out.print(f"{store}: {opened.space.title} search space ({opened.space.name}), {summary['state']}", highlight=False)
    out.print(
        f"{len(opened.indexes):,} of {opened.total:,} architectures, {summary['absent']:,} absent; "
        f"{size / 1e6:,.1f} MB, of which {payload / 1e6:,.1f} MB are values",
        highlight=False,
    )
    out.print(f"from {summary['source'] or 'an unnamed archive'}, by {summary['writer']}", highlight=False)
    table = Table("hp", "dataset", "trials", "seeds", "epochs", "sets")
    for row in tables:
        seeds = ", ".join(f"{seed}: {count:,}" for seed, count in row["seeds"].items())
        table.add_row(
            row["hp"], row["dataset"], f"{row['trials']:,}", seeds, str(row["epochs"]), ", ".join(row["sets"])
        )
    out.print(table)


def _show_archive(path: Path, as_json: bool) -> None:
    """What is known of an archive without reading its records."""
    from natsbin.archive import open_archive

    archive = open_archive(path)
    count = None if archive.indexes is None else len(archive.indexes)
    summary = {"archive": str(path), "space": archive.space.name, "architectures": count}
    if as_json:
        emit(summary)
        return
    known = "one file, whose architectures are counted when it is converted" if count is None else f"{count:,}"
    console().print(
        f"{path}: {archive.space.title} search space ({archive.space.name}), original archive", highlight=False
    )
    console().print(f"architectures: {known}; `natsbin convert` makes a store of it", highlight=False)


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
