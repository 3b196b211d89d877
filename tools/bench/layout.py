"""What a store's layout costs: its size beside the archive's, and the time of three patterns for sizes of chunks."""

from __future__ import annotations

import functools
import tempfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import click
import numpy as np
from measure import drop_from_cache, seconds
from report import Figure, figures_command

from natsbin.archive import open_archive
from natsbin.store import Store, StoreWriter, open_store
from natsbin.store import format as fmt
from natsbin.store.pack import pack, unpack
from natsbin.store.split import Splitter

POINTS = 10_000
CURVES = 200
REPEATS = 5
TOGETHER = 64  # architectures that are written at a time


@figures_command
@click.argument("archive", type=click.Path(path_type=Path, exists=True))
@click.argument("path", metavar="STORE", type=click.Path(path_type=Path, exists=True))
def sizes(archive: Path, path: Path) -> list[Figure]:
    """The bytes of STORE in both states, relative to the bz2 data of the ARCHIVE that it was made from."""
    compressed = open_archive(archive).compressed_bytes
    figures = [Figure("bz2 data of the archive", 1.0, "", note=f"{compressed:,} bytes")]
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(path)
        other = open_store((unpack if store.packed else pack)(path, Path(folder) / "other.h5"))
        for state in sorted((store, other), key=lambda one: one.packed):
            kinds = _bytes_by_kind(state)
            payload = kinds["accuracies, losses, times"] + kinds["parameters, FLOPs, latencies"]
            for kind, size in [("payload", payload), *kinds.items(), ("the file", kinds.total())]:
                name = f"{'packed' if state.packed else 'mapped'}: {kind}"
                figures.append(Figure(name, size / compressed, "", note=f"{size:,} bytes"))
    return figures


def _bytes_by_kind(store: Store) -> Counter[str]:
    """The bytes of a store's file by what they are for."""
    kinds: Counter[str] = Counter()
    for path in store.file.index.paths:
        name = path.rpartition("/")[2]
        if path in fmt.TEXTS:
            kind = "names and forms"
        elif name in fmt.SCALARS:
            kind = "parameters, FLOPs, latencies"
        elif fmt.ColumnKey.parse(name.removesuffix(fmt.TAIL)):
            kind = "accuracies, losses, times"
        else:
            kind = "indexes, seeds, numbers of forms"
        kinds[kind] += store.data(path).stored_bytes
    kinds["HDF5 metadata, index, seal, alignment"] = store.path.stat().st_size - kinds.total()
    return kinds


@figures_command
@click.argument("path", metavar="STORE", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--items", type=int, multiple=True, default=(1024, 8192, 65536), show_default=True, help="Values a chunk."
)
@click.option("--dataset", default="cifar100", show_default=True)
@click.option("--column", default="train_loss", show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where to write.  [default: a temporary one]")
def chunks(path: Path, items: tuple[int, ...], dataset: str, column: str, folder: Path | None) -> list[Figure]:
    """Write the trainings of STORE at its longest hp with each size of chunks, and time three patterns.

    points: 10,000 random trials at the last epoch; scan: all trials there; curves: all epochs of 200 random trials.
    Each when it comes from disk (cold), from the page cache and unchecked (first), and asked before (warm).
    """
    store = open_store(path)
    where = (max(store.hps, key=int), dataset, column)
    figures = []
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        for count in items:
            made = _rechunked(store, where[0], Path(scratch) / f"{count}.h5", count)
            data = open_store(made).data("/".join(where))
            note = f"{data.total:,} chunks of {'×'.join(map(str, data.chunk))}"
            for name in ("points", "scan", "curves"):
                for state in ("cold", "first", "warm"):
                    taken = min(_pattern_seconds(made, where, name, state) for _ in range(REPEATS))
                    figures.append(Figure(f"{count:,} values a chunk: {name}, {state}", taken * 1e3, "ms", note=note))
    return figures


def _rechunked(store: Store, hp: str, path: Path, items: int) -> Path:
    """A store of one hp of another, in chunks of at most ``items`` values."""
    splitter = Splitter()
    with (
        patch.object(fmt, "CHUNK_ITEMS", items),
        StoreWriter(path, store.space, store.space.architectures) as writer,
    ):
        for index in store.indexes.tolist():
            record = store.load(index)
            splitter.add(index, OrderedDict({hp: record[hp]}))
            if index % TOGETHER == 0:
                writer.add(splitter.take())
        writer.add(splitter.take())
        writer.write()
    return path


def _pattern_seconds(path: Path, where: tuple[str, str, str], name: str, state: str) -> float:
    """Seconds of a pattern: ``cold`` from disk, ``first`` from the page cache, ``warm`` asked before."""
    if state == "cold":
        drop_from_cache(path)
    work = _pattern(open_store(path), where, name)
    if state == "warm":
        work()
    return seconds(work)


def _pattern(store: Store, where: tuple[str, str, str], name: str) -> Callable[[], None]:
    """One way to ask a column."""
    hp, dataset, column = where
    read = store.table(hp, dataset).columns[fmt.ColumnKey(*column.rsplit("_", 1))]
    epochs, trials = read.epochs, read.trials
    rng = np.random.default_rng(0)
    if name == "curves":
        epoch = np.tile(np.arange(epochs), CURVES)
        trial = rng.integers(0, trials, CURVES).repeat(epochs)
    else:
        trial = np.arange(trials) if name == "scan" else rng.integers(0, trials, POINTS)
        epoch = np.full(len(trial), epochs - 1)
    return functools.partial(read.points, epoch.astype(np.int32), trial.astype(np.int32), np.empty(len(trial)))
