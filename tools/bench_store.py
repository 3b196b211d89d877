"""What a store's layout costs: its size against the archive, and the time of three patterns for some sizes of chunks.

python tools/bench_store.py sizes ARCHIVE STORE
python tools/bench_store.py chunks STORE --items 2048 --items 8192
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import numpy as np

from natsbin.archive import open_archive
from natsbin.store import Store, open_store
from natsbin.store import format as fmt
from natsbin.store.format import ColumnKey
from natsbin.store.pack import copy_dataset, is_scale, pack, stored_chunks, unpack
from natsbin.store.tree import Chunk, new_store

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
        elif ColumnKey.parse(name.removesuffix(fmt.TAIL)):
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
    read = store.table(hp, dataset).columns[ColumnKey(*column.rsplit("_", 1))]
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


def rechunked(store: Store, path: Path, where: tuple[str, str, str], items: int) -> Path:
    """A store of one table of ``store``, with a column in chunks of about ``items`` values."""
    table = "/".join(where[:2])
    data = store.file.data("/".join(where))
    epochs, trials = data.shape
    across = -(-trials // -(-trials // items))
    deep = max(1, items // across)
    chunk = (-(-epochs // -(-epochs // deep)), across)
    whole = np.full((*(n * c for n, c in zip(data.counts, data.chunk, strict=True)), data.size), 0xFF, np.uint8)
    for start, raw in stored_chunks(data):
        whole[tuple(slice(s, s + step) for s, step in zip(start, data.chunk, strict=True))] = raw
    whole = whole[:epochs, :trials]

    def chunks() -> Iterator[Chunk]:
        for epoch in range(0, epochs, chunk[0]):
            for trial in range(0, trials, chunk[1]):
                part = whole[epoch : epoch + chunk[0], trial : trial + chunk[1]]
                full = np.full((*chunk, data.size), 0xFF, np.uint8)
                full[: part.shape[0], : part.shape[1]] = part
                yield (epoch, trial), full

    kept = [name for name in store.file.paths() if "/" not in name or name.startswith(f"{table}/")]
    kept.remove("/".join(where))
    with new_store(path, fmt.MAPPED, force=True) as tree:
        tree.file.attrs.update(store.attrs)
        for name in sorted(kept, key=lambda name: not is_scale(store, name)):
            copy_dataset(store, tree, name)
        attrs = {name: data.attrs[name] for name in ("coding", "samples", "shift") if name in data.attrs}
        tree.dataset("/".join(where), data.kind, data.shape, chunk, chunks(), attrs=attrs)
    return path


@main.command()
@click.argument("path", metavar="STORE", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--items", type=int, multiple=True, default=(1024, 8192, 65536), show_default=True, help="Values a chunk."
)
@click.option("--hp", help="[default: the longest]")
@click.option("--dataset", default="cifar100", show_default=True)
@click.option("--column", default="train_loss", show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where to write.  [default: a temporary one]")
def chunks(path: Path, items: tuple[int, ...], hp: str | None, dataset: str, column: str, folder: Path | None) -> None:
    """Write a column of STORE with each size of chunks, and time three patterns, in milliseconds.

    points: 10,000 random trials at the last epoch; scan: all trials there; curves: all epochs of 200 random trials.
    Each when it comes from disk, when it is in the page cache but not yet checked, and when it was asked before.
    """
    click.echo("| values | chunk | chunks | " + " | ".join(_HEADS) + " |")
    click.echo("|---:|---|---:|" + "---:|" * len(_HEADS))
    store = open_store(path)
    where = (hp or max(store.hps, key=int), dataset, column)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        for count in items:
            made = rechunked(store, Path(scratch) / f"{count}.h5", where, count)
            data = open_store(made).file.data("/".join(where))
            times = [timed(made, name, where, state) * 1e3 for name in _PATTERNS for state in _STATES]
            cells = [f"{count:,}", "×".join(map(str, data.chunk)), f"{data.total:,}"]
            click.echo("| " + " | ".join([*cells, *(f"{value:.3f}" for value in times)]) + " |")


_PATTERNS, _STATES = ("points", "scan", "curves"), ("cold", "first", "warm")
_HEADS = [f"{name} {state}" for name in _PATTERNS for state in _STATES]

if __name__ == "__main__":
    main()
