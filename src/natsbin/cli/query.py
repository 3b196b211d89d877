"""``natsbin query``: results of architectures, from the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from natsbin.api.nearest import unknown_architecture
from natsbin.cli.common import console, emit, json_option


@click.command(short_help="Ask for results of architectures.")
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("archs", nargs=-1, required=True, metavar="ARCH...")
@click.option(
    "--dataset", default="cifar10", show_default=True, help="cifar10, cifar10-valid, cifar100 or ImageNet16-120."
)
@click.option("--hp", help="Hyper-parameter set.  [default: the one of most epochs]")
@click.option("--epoch", type=int, help="Epoch, counted from 0.  [default: the last]")
@click.option("--seed", type=int, help="One seed.  [default: the mean over the seeds]")
@json_option
def query(
    store: Path,
    archs: tuple[str, ...],
    dataset: str,
    hp: str | None,
    epoch: int | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Print accuracy (percent), loss, times (seconds), FLOPs and parameters (millions) and latency of architectures.

    ARCH is an index or an architecture string. STORE may also be an archive, which is then converted once.
    """
    import natsbin
    from natsbin.archive import open_archive
    from natsbin.roads.cache import open_converted
    from natsbin.store.file import is_store

    if is_store(store) or not os.path.exists(store):
        opened = natsbin.open_store(store)
    else:
        opened = open_converted(store, open_archive(store).space, verbose=True)
    api = natsbin.create(opened, opened.space.name, fast_mode=True, verbose=False)
    hp = hp or opened.longest_hp
    rows = [_ask(api, arch, dataset, hp, epoch, seed) for arch in archs]
    if as_json:
        emit(rows)
        return
    from rich.table import Table

    names = list(dict.fromkeys(name for row in rows for name in row))
    table = Table("")
    for row in rows:
        table.add_column(str(row["index"]), overflow="fold")  # a string that is cut is of no use
    for name in names[1:]:
        table.add_row(name, *(_text(row.get(name)) for row in rows))
    console().print(table)


def _ask(api: Any, arch: str, dataset: str, hp: str, epoch: int | None, seed: int | None) -> dict[str, Any]:
    index = api.query_index_by_arch(int(arch) if arch.lstrip("-").isdigit() else arch)
    if index == -1:
        raise click.BadParameter(str(unknown_architecture(arch, api._space)))
    found = api.get_more_info(index, dataset, iepoch=epoch, hp=hp, is_random=False if seed is None else seed)
    found.pop("comment", None)
    return {"index": index, "architecture": api.arch(index), **found, **api.get_cost_info(index, dataset, hp=hp)}


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)
