"""``natsbin verify``: whether a store is undamaged, and equal to its archive."""

from __future__ import annotations

import os
from pathlib import Path

import click

from natsbin.cli.common import emit, jobs_option, json_option, progress, quiet_option


@click.command(short_help="Check a store against its checksums and its archive.")
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("src", nargs=-1, type=click.Path(path_type=Path), metavar="[SRC]...")
@jobs_option
@json_option
@quiet_option
def verify(store: Path, src: tuple[Path, ...], jobs: int | None, as_json: bool, quiet: bool) -> None:
    """Compare every chunk of STORE with its checksum and, if the archive SRC is given, every value with it.

    A weights file beside STORE is compared with its checksums too.

    Exit code 1 and the places on stderr where anything differs.
    """
    import natsbin
    from natsbin.weights import open_weights, weights_path

    with progress(f"Verifying {store.name}", quiet) as show:
        found = natsbin.verify(store, list(src) or None, jobs=jobs, progress=show)
    checked, weights = found.checked, weights_path(store)
    there = os.path.exists(weights)
    if there:
        open_weights(weights).check()
    if as_json:
        emit({**vars(checked), "architectures": found.architectures, "weights": there})
        return
    click.echo(f"{store}: {checked.chunks:,} chunks, {checked.bytes / 1e6:,.1f} MB, match their checksums")
    if there:
        click.echo(f"{weights}: every network matches its checksum")
    if src:
        click.echo(f"{store}: {found.architectures:,} architectures equal those of {', '.join(map(str, src))}")
