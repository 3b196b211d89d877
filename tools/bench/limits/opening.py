"""What it takes to import natsbin and to open a store."""

from __future__ import annotations

import statistics
from pathlib import Path

import click
import isolate
import timing
from report import Figure, figures_command, progress


@figures_command
@click.argument("store", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--runs", default=11, show_default=True, help="Processes of each kind; the median counts.")
def opening(store: Path, runs: int) -> list[Figure]:
    """Importing natsbin, and create() on STORE, in fresh processes."""
    base, imports, creates = [], [], []
    with progress.status("Importing and opening"):
        for _ in range(runs):
            base.append(isolate.call("limits.opening:import_base"))
            imported, created = isolate.call("limits.opening:import_and_create", store=str(store))
            imports.append(imported)
            creates.append(created)
    return [
        Figure("import numpy, h5py", statistics.median(base) * 1e3, "ms"),
        Figure("import natsbin, with all that create() needs", statistics.median(imports) * 1e3, "ms"),
        Figure("the second in terms of the first", statistics.median(imports) / statistics.median(base), "×", 2),
        Figure("create()", statistics.median(creates) * 1e3, "ms", 20, note=f"{store.stat().st_size / 1e6:,.0f} MB"),
    ]


def import_base() -> float:
    """In a fresh process: seconds of importing numpy and h5py."""

    def load() -> None:
        import h5py  # noqa: F401
        import numpy  # noqa: F401

    return timing.seconds(load)


def import_and_create(store: str) -> tuple[float, float]:
    """In a fresh process: seconds of importing natsbin with its API and its store, and of opening a store."""

    def load() -> None:
        import natsbin
        import natsbin.store

        natsbin.create  # noqa: B018  # its module is imported when it is first asked for

    imported = timing.seconds(load)
    import h5py

    import natsbin

    with h5py.File(store) as file:
        space = str(file.attrs["space"])
    return imported, timing.seconds(lambda: natsbin.create(store, space, fast_mode=True, verbose=False))
