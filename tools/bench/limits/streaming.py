"""Converting benchmark files: memory that does not grow with the file, and speed beside a folder's conversion."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click
import isolate
import memory
import timing
from report import Figure, figures_command, progress

WHOLE = 15_625
JOBS = len(os.sched_getaffinity(0))


@figures_command
@click.argument("small", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("large", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--jobs", default=JOBS, show_default=True)
def streaming(small: Path, large: Path, folder: Path, jobs: int) -> list[Figure]:
    """Converting the benchmark files SMALL and LARGE, and FOLDER, an archive of the same space."""
    figures: list[Figure] = []
    measured = {}
    for title, archive in (("small file", small), ("large file", large), ("folder", folder)):
        with progress.status(f"Converting the {title}"):
            count, seconds, peak = isolate.call("limits.streaming:measure", archive=str(archive), jobs=jobs)
        measured[title] = count, seconds, peak
        note = f"{count:,} architectures in {seconds:.1f} s"
        figures.append(Figure(f"{title}: peak, all processes", peak / memory.MB, "MB", note=note))
    (few, _, least), (many, streamed, most), (folded, folding, _) = measured.values()
    slope = max(0.0, (most - least) / (many - few))
    return [
        *figures,
        Figure("large less small", (most - least) / memory.MB, "MB", 150, note="issue 5: flat"),
        Figure(f"peak at {WHOLE:,}", (most + slope * (WHOLE - many)) / memory.MB, "MB", 1000, note="extrapolated"),
        Figure("speed beside the folder's", (many / streamed) / (folded / folding), "×", 0.5, least=True),
    ]


def measure(archive: str, jobs: int) -> tuple[int, float, int]:
    """In a fresh process: architectures, seconds, and the peak of what all processes hold together."""
    import h5py

    from natsbin.roads.convert import convert

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "store.h5")
        with memory.Watch(os.getpid()) as watch:
            seconds = timing.seconds(lambda: convert(archive, store, jobs=jobs))
        with h5py.File(store) as file:
            return len(file["architecture"]), seconds, max(watch.together, watch.peaks[os.getpid()])
