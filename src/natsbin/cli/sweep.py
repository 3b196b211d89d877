"""``natsbin sweep``: searches over many seeds, and reports of them."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from natsbin._util.progress import progress
from natsbin.cli.common import emit, json_option, quiet_option


class _Sweep(click.Group):
    """``natsbin sweep SPEC …`` is ``natsbin sweep run SPEC …``."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["run", *args])


@click.group(cls=_Sweep, short_help="Run search algorithms over many seeds, and report.")
def sweep() -> None:
    """Run every search algorithm of a specification over many seeds, or report what came out.

    natsbin sweep SPEC.toml --out DIR runs (or goes on with) a sweep; natsbin sweep report DIR shows it.
    """


@sweep.command("run", short_help="Run a sweep, or go on with it.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the results.")
@click.option("--engine", default="joblib", show_default=True, help="serial, joblib, dask or ray.")
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes of a local engine.  [default: all cores]"
)
@click.option("--scheduler", metavar="URL", help="Scheduler of a Dask cluster, tcp://….  [default: a local one]")
@click.option("--address", help="Address of a Ray cluster.  [default: a local one]")
@click.option("--trajectories", is_flag=True, help="Keep every training of every run, too.")
@json_option
@quiet_option
def run_command(
    spec: Path,
    out: Path,
    engine: str,
    jobs: int | None,
    scheduler: str | None,
    address: str | None,
    trajectories: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run the sweep that SPEC (TOML) says; parts that are in the folder already are not computed again.

    An algorithm module:Class may be in a file beside SPEC.
    """
    _need("pyarrow")
    sys.path.insert(0, str(spec.parent.resolve()))
    from natsbin.sweep import load_sweep, run
    from natsbin.sweep.summary import summarize

    begun, seen = time.perf_counter(), []
    with progress("Searching", quiet, unit="runs") as show:

        def note(done: int, total: int | None) -> None:
            seen.append(done)
            show(done, total)

        wanted = load_sweep(spec, **({"trajectories": True} if trajectories else {}))
        try:
            run(wanted, out, engine=engine, jobs=jobs, address=scheduler or address, progress=note)
        except KeyboardInterrupt:
            raise click.ClickException(f"stopped; {out} keeps what is done, and the same command goes on") from None
    seconds, done = time.perf_counter() - begun, seen[-1] - seen[0]
    rows = summarize(out)
    if as_json:
        emit({"out": str(out), "runs": seen[-1], "computed": done, "seconds": seconds, "results": rows})
        return
    _print(rows)
    click.echo(f"{out}: {seen[-1]:,} runs, {done:,} of them now, in {seconds:,.1f} s ({done / seconds:,.0f} runs/s)")


@sweep.command("report", short_help="Write figures, tables and a page about a sweep.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the report.  [default: report/ in FOLDER]")
@click.option(
    "--spread",
    type=click.Choice(["quartiles", "bootstrap"]),
    default="quartiles",
    show_default=True,
    help="Median with quartiles, or mean with a 95 % bootstrap interval.",
)
def report_command(folder: Path, out: Path | None, spread: str) -> None:
    """Write report.html, figures (PNG, PDF) and tables (CSV, LaTeX) about the sweep in FOLDER."""
    for module in ("pyarrow", "pandas", "matplotlib", "scipy"):
        _need(module)
    from natsbin.sweep.report import write_report

    click.echo(str(write_report(folder, out or folder / "report", spread)))


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("space", "dataset", "hp", "algorithm", "runs", "trainings", "validation %", "test %", "regret")
    for row in rows:
        table.add_row(
            *(row[key] for key in ("space", "dataset", "hp", "algorithm")),
            f"{row['runs']:,}",
            f"{row['trainings'] / row['runs']:,.0f}",
            *(f"{row[name + '_mean']:.2f} ± {row[name + '_std']:.2f}" for name in ("valid", "test")),
            f"{row['test_regret']:.2f}",
        )
    Console().print(table)


def _need(module: str) -> None:
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise click.ClickException(f"{module} is not installed: pip install 'natsbin[sweep]'")
