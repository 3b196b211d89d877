"""What a store's layout costs: its size against the archive, and the time of three patterns for some sizes of chunks.

python tools/bench_store.py sizes ARCHIVE STORE
python tools/bench_store.py chunks ARCHIVE --items 2048 --items 8192
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from natsbin.archive import open_archive
from natsbin.convert import convert
from natsbin.store import Store, open_store
from natsbin.store import format as fmt
from natsbin.store.pack import pack, unpack

POINTS = 10_000
CURVES = 200
REPEATS = 5


@click.group()
def main() -> None:
    """Sizes and times of a store's layout."""


# -- sizes --------------------------------------------------------------------------------------------------


def bytes_by_kind(store: Store) -> Counter[str]:
    """The bytes of a store's file by what they are for."""
    kinds: Counter[str] = Counter()
    for path in store.file.paths():
        name = path.rpartition("/")[2]
        if store.file.hdf5[path].chunks is None:
            continue
        if path in fmt.TEXTS:
            kind = "names and forms"
        elif name in fmt.SCALARS:
            kind = "parameters, FLOPs, latencies"
        elif name.removesuffix(fmt.TAIL).rpartition("_")[2] in fmt.UNITS:
            kind = "accuracies, losses, times"
        else:
            kind = "indexes, seeds, numbers of forms"
        kinds[kind] += store.file.data(path).stored_bytes
    kinds["HDF5 metadata, checksums, seal, alignment"] = store.path.stat().st_size - kinds.total()
    return kinds


@main.command()
@click.argument("archive", type=click.Path(path_type=Path, exists=True))
@click.argument("store", type=click.Path(path_type=Path, exists=True))
def sizes(archive: Path, store: Path) -> None:
    """The bytes of STORE in both states against the bz2 data of the ARCHIVE that it was made from."""
    compressed = open_archive(archive).compressed_bytes
    click.echo(f"{compressed:14,} 1.0000 bz2 data of the archive")
    with tempfile.TemporaryDirectory() as folder:
        opened = open_store(store)
        other = (unpack if opened.packed else pack)(store, Path(folder) / "other.h5")
        states = [open_store(other), opened] if opened.packed else [opened, open_store(other)]
        for state in states:
            kinds = bytes_by_kind(state)
            payload = kinds["accuracies, losses, times"] + kinds["parameters, FLOPs, latencies"]
            click.echo(f"\n{'packed' if state.packed else 'mapped'}")
            for kind, size in [("payload", payload), *kinds.items(), ("the file", kinds.total())]:
                click.echo(f"{size:14,} {size / compressed:.4f} {kind}")


# -- chunks -------------------------------------------------------------------------------------------------


def patterns(store: Store, hp: str, dataset: str, column: str) -> dict[str, Callable[[], None]]:
    """Three ways to ask one column; opened and read on first use."""
    rng = np.random.default_rng(0)
    read = store.table(hp, dataset).columns[column]
    epochs, trials = read.epochs, read.trials

    def asking(epoch: np.ndarray, trial: np.ndarray) -> Callable[[], None]:
        at, of, out = epoch.astype(np.int32), trial.astype(np.int32), np.empty(len(trial))
        return lambda: read.points(at, of, out)

    last = np.full(trials, epochs - 1)
    some = rng.integers(0, trials, POINTS)
    curves = rng.integers(0, trials, CURVES)
    return {
        "points": asking(last[:1].repeat(POINTS), some),
        "scan": asking(last, np.arange(trials)),
        "curves": asking(np.tile(np.arange(epochs), CURVES), curves.repeat(epochs)),
    }


def timed(path: Path, name: str, where: tuple[str, str, str], state: str) -> float:
    """The best of a pattern, in seconds: ``cold`` from disk, ``first`` from the page cache, ``warm`` asked before."""
    best = float("inf")
    for _ in range(REPEATS):
        if state == "cold":
            _forget(path)
        work = patterns(open_store(path), *where)[name]
        if state == "warm":
            work()
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def _forget(path: Path) -> None:
    """Have the operating system drop a file from its cache."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


@main.command()
@click.argument("archive", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--items", type=int, multiple=True, default=(1024, 8192, 65536), show_default=True, help="Values a chunk."
)
@click.option("--hp", help="[default: the longest]")
@click.option("--dataset", default="cifar100", show_default=True)
@click.option("--column", default="train_loss", show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where to write stores.  [default: a temporary one]")
def chunks(
    archive: Path, items: tuple[int, ...], hp: str | None, dataset: str, column: str, folder: Path | None
) -> None:
    """Convert ARCHIVE with each size of chunks, and time three patterns, in milliseconds.

    points: 10,000 random trials at the last epoch; scan: all trials there; curves: all epochs of 200 random trials.
    Each when it comes from disk, when it is in the page cache but not yet checked, and when it was asked before.
    """
    click.echo("| values | chunk | chunks | metadata | " + " | ".join(_HEADS) + " |")
    click.echo("|---:|---|---:|---:|" + "---:|" * len(_HEADS))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        for count in items:
            fmt.CHUNK_ITEMS = count
            path = convert(archive, Path(scratch) / "store.h5", force=True)
            store = open_store(path)
            where = (hp or max(store.hps, key=int), dataset, column)
            data = store.file.data("/".join(where))
            metadata = bytes_by_kind(store)["HDF5 metadata, checksums, seal, alignment"]
            times = [timed(path, name, where, state) * 1e3 for name in _PATTERNS for state in _STATES]
            cells = [f"{count:,}", "×".join(map(str, data.chunk)), f"{data.total:,}", f"{metadata / 1e6:.2f} MB"]
            click.echo("| " + " | ".join([*cells, *(f"{value:.3f}" for value in times)]) + " |")


_PATTERNS, _STATES = ("points", "scan", "curves"), ("cold", "first", "warm")
_HEADS = [f"{name} {state}" for name in _PATTERNS for state in _STATES]

if __name__ == "__main__":
    main()
