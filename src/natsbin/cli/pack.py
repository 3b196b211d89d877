"""``natsbin pack`` and ``natsbin unpack``: a store between its two states."""

from __future__ import annotations

from pathlib import Path

import click

from natsbin.cli.common import force_option


@click.command(short_help="Compress a store, for moving and keeping.")
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("dst", type=click.Path(path_type=Path))
@force_option
def pack(store: Path, dst: Path, force: bool) -> None:
    """Write STORE compressed to DST. The same programs read it; queries are slower until chunks are unpacked."""
    from natsbin.store.pack import pack as pack_store

    _report(store, pack_store(store, dst, force=force))


@click.command(short_help="Decompress a packed store.")
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("dst", type=click.Path(path_type=Path))
@force_option
def unpack(store: Path, dst: Path, force: bool) -> None:
    """Write the packed STORE uncompressed to DST, ready to be mapped."""
    from natsbin.store.pack import unpack as unpack_store

    _report(store, unpack_store(store, dst, force=force))


def _report(store: Path, dst: Path) -> None:
    before, after = store.stat().st_size, dst.stat().st_size
    click.echo(f"{dst}: {after / 1e6:,.1f} MB, {after / before:.2f} of {store}")
