"""``natsbin export``: a store back to the archive that it was made from."""

from __future__ import annotations

from pathlib import Path

import click

from natsbin.cli.common import force_option, jobs_option, progress, quiet_option


@click.command(short_help="Write the original archive back.")
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@jobs_option
@force_option
@quiet_option
def export(store: Path, folder: Path, jobs: int | None, force: bool, quiet: bool) -> None:
    """Write the pickles that STORE was made from to FOLDER; unpickled, they equal the source's."""
    import natsbin

    with progress(f"Exporting {store.name}", quiet) as show:
        natsbin.export(store, folder, jobs=jobs, force=force, progress=show)
    click.echo(str(folder))
