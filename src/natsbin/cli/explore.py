"""``natsbin explore``: a search space in the browser."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from natsbin.cli.common import progress, quiet_option

EPOCHS = 12
CURVES = {"accuracy": ("accuracy",), "all": ("accuracy", "loss"), "none": ()}


@click.command(short_help="Look at a space in the browser, or write it as a static site.")
@click.argument("stores", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="STORE...")
@click.option("--sweep", type=click.Path(path_type=Path), metavar="DIR", help="Show the searches of a sweep, too.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen at.  [default: a free one]")
@click.option("--no-browser", is_flag=True, help="Open no browser; the address is printed.")
@click.option("--export", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Write a static site to DIR.")
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Epochs of each hp that a static site has columns of, the last among them.  [default: {EPOCHS}]",
)
@click.option(
    "--curves",
    type=click.Choice(list(CURVES)),
    help="Learning curves that a static site has; all of a space take several hundred MB.  [default: accuracy]",
)
@quiet_option
def explore(
    stores: tuple[Path, ...],
    sweep: Path | None,
    port: int,
    no_browser: bool,
    folder: Path | None,
    epochs: int | None,
    curves: str | None,
    quiet: bool,
) -> None:
    """Show all architectures of each STORE in the browser: trade-offs, filters, curves, ranks, neighbours.

    The server listens on this machine only, and at an address that holds a random token; stop it with Ctrl-C. With
    --export, the same is written to a new folder DIR that any web server can serve.
    """
    if folder is None and (epochs is not None or curves is not None):
        raise click.UsageError("--epochs and --curves are about a static site: use them with --export DIR")
    if folder is not None and (port or no_browser):
        raise click.UsageError("--port and --no-browser are about the server: leave them out with --export")
    try:
        from natsbin.explore import export_site, make_site, serve
    except ImportError as error:
        raise click.ClickException(str(error)) from error
    if folder is None:
        site = make_site(stores, sweep=sweep, parquet=True)
        serve(site, port=port, on_start=_show, browser=not no_browser)
        return
    site = make_site(stores, sweep=sweep, epochs=epochs or EPOCHS, curves=CURVES[curves or "accuracy"], level=6)
    with progress("writing files", quiet) as show:
        size = export_site(site, folder, show=show)
    click.echo(f"{folder}: {len(site.files)} files, {size / 1e6:.1f} MB; try it: python -m http.server -d {folder}")


def _show(address: str) -> None:
    click.echo(address)
    click.echo("Press Ctrl-C to stop.", err=True)
    sys.stdout.flush()
