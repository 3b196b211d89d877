"""``natsbin plot``: figures of a store."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import click

from natsbin.cli.common import force_option

KINDS = ("architecture", "correlation", "curves", "operations", "tradeoff")


@click.command(short_help="Draw curves, trade-offs, correlations, architectures.")
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("archs", nargs=-1, type=int, metavar="[INDEX]...")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="A .png, .svg or .pdf file.")
@click.option("--hp", help="Hyper-parameter set.  [default: the one of most epochs]")
@click.option("--dataset", help="A dataset.  [default: cifar10, of curves cifar10-valid]")
@click.option("--set", "setname", help="The set that was evaluated.  [default: valid, of curves x-valid]")
@click.option("--cost", type=click.Choice(["flops", "params", "latency"]), help="Of a tradeoff.  [default: flops]")
@click.option("--place", help="Of operations, such as op_0_3 or channels_2.  [default: the first]")
@force_option
def plot(
    store: Path,
    kind: str,
    archs: tuple[int, ...],
    output: Path,
    hp: str | None,
    dataset: str | None,
    setname: str | None,
    cost: str | None,
    place: str | None,
    force: bool,
) -> None:
    """Draw a figure of STORE to a file: KIND is one of

    \b
    architecture   the cell or the channels of INDEX
    correlation    rank correlations between all datasets and hps
    curves         learning curves of each INDEX, with the spread over seeds
    operations     accuracy by operation or channels of a place
    tradeoff       accuracy against a cost, with the Pareto front
    """
    if (kind in ("architecture", "curves")) != bool(archs) or (kind == "architecture" and len(archs) != 1):
        raise click.UsageError(f"{kind}: expected {'indexes' if kind == 'curves' else 'one INDEX'} of architectures "
                               "for curves and architecture, and none for other kinds")  # fmt: skip
    try:
        import matplotlib

        matplotlib.use("agg")
        from natsbin import plot as plots
    except ImportError as error:
        raise click.ClickException("natsbin plot needs matplotlib: pip install 'natsbin[plot]'") from error
    from natsbin._util.files import new_file
    from natsbin.errors import OutputError
    from natsbin.store import open_store

    opened = open_store(store)
    given = {"hp": hp, "dataset": dataset, "cost": cost, "place": place}
    given["setname" if kind == "curves" else "metric_on_set"] = setname
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    first = {"architecture": (opened.space, *archs), "curves": (opened, list(archs))}.get(kind, (opened,))
    draw = getattr(plots, kind)
    unknown = set(chosen) - set(inspect.signature(draw).parameters)
    if unknown:
        raise click.UsageError(f"{kind} takes no {', '.join(sorted(unknown))}")
    ax = draw(*first, **chosen)
    with new_file(output, force) as (part, _):
        try:
            ax.figure.savefig(part, dpi=150, format=output.suffix[1:] or "png")
        except ValueError as error:  # of a suffix that matplotlib does not know
            raise OutputError(f"{output}: {error}") from error
    click.echo(str(output))
