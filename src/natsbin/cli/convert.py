"""``natsbin convert``: an archive to a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from natsbin.cli.common import archs_option, emit, force_option, jobs_option, json_option, progress, quiet_option


@click.command(short_help="Convert a downloaded archive to a store.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SRC... [DST]")
@jobs_option
@force_option
@click.option("--space", type=click.Choice(["tss", "sss"]), help="Refuse an archive of the other search space.")
@click.option("--weights", is_flag=True, help="SRC is a full archive: write its trained weights beside the store too.")
@click.option("--hp", "hps", multiple=True, metavar="HP", help="With --weights: of this hp only; may be repeated.")
@click.option("--dataset", "datasets", multiple=True, metavar="NAME", help="With --weights: of this dataset only.")
@archs_option
@json_option
@quiet_option
def convert(
    paths: tuple[Path, ...],
    jobs: int | None,
    force: bool,
    space: str | None,
    weights: bool,
    hps: tuple[str, ...],
    datasets: tuple[str, ...],
    archs: list[int] | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Convert an archive to the store DST, losing nothing.

    SRC is an archive's folder, its .tar, the chunks of a split tar (several paths), a benchmark file (.pickle.pbz2),
    or of NAS-Bench-201 its file (.pth) or a folder of NNNNNN-FULL.pth. The last path is DST if it ends in .h5; without
    one, the store is written beside SRC.

    With --weights, rerun to resume an interrupted conversion; --hp, --dataset and --archs select a part of the weights.
    """
    import natsbin
    from natsbin.roads.cache import caches
    from natsbin.weights import weights_path

    if not weights and (hps or datasets or archs is not None):
        raise click.UsageError("--hp, --dataset and --archs go with --weights")
    sources, dst = paths, None
    if len(paths) > 1 and paths[-1].suffix == ".h5":
        sources, dst = paths[:-1], paths[-1]
    if dst is None:
        dst = next(caches(sources[0]))
    with progress(f"Converting {sources[0].name}", quiet) as show:
        if weights:
            part: dict[str, Any] = {"hps": hps or None, "datasets": datasets or None, "indexes": archs}
            natsbin.convert_weights(list(sources), dst, **part, space=space, force=force, jobs=jobs, progress=show)
        else:
            natsbin.convert(list(sources), dst, space=space, force=force, jobs=jobs, progress=show)
    store = natsbin.open_store(dst)
    summary: dict[str, Any] = {
        "store": str(dst),
        "space": store.space.name,
        "architectures": len(store.indexes),
        "absent": store.total - len(store.indexes),
        "bytes": dst.stat().st_size,
    }
    if weights:
        summary |= {"weights": str(weights_path(dst)), "weights_bytes": weights_path(dst).stat().st_size}
    if as_json:
        emit(summary)
        return
    absent = f", {summary['absent']:,} absent" if summary["absent"] else ""
    click.echo(f"{dst}: {summary['architectures']:,} architectures{absent}, {summary['bytes'] / 1e6:,.1f} MB")
    if weights:
        click.echo(f"{summary['weights']}: trained weights, {summary['weights_bytes'] / 1e6:,.1f} MB")
