"""Every byte of a store against its checksums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from natsbin.errors import StoreError
from natsbin.store.reader import Store

Progress = Callable[[int, int], None]
"""Called with the number of datasets, or of architectures, that are done, and of all."""

MOST_FAULTS = 20
"""How many faults an error lists."""


@dataclass(frozen=True)
class Checked:
    """What was found in order."""

    datasets: int
    chunks: int
    bytes: int  # before compression


def check(store: Store, progress: Progress | None = None) -> Checked:
    """Compare every chunk of every dataset with its checksum, and read what queries need of every table.

    Raises StoreError that names each damaged place, up to ``MOST_FAULTS`` of them.
    """
    faults: list[str] = []
    paths = store.file.index.paths
    chunks = size = 0
    for done, path in enumerate(paths):
        if progress:
            progress(done, len(paths))
        try:
            data = store.data(path)
            for number in range(data.total):
                data.load(number)
            chunks += len(data.numbers)
            size += len(data.numbers) * data.chunk_bytes
        except StoreError as error:
            faults.append(str(error))
    if not faults:
        _read_tables(store, faults)
    if faults:
        more = f"\nand {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise StoreError("\n".join(faults[:MOST_FAULTS]) + more)
    if progress:
        progress(len(paths), len(paths))
    return Checked(len(paths), chunks, size)


def _read_tables(store: Store, faults: list[str]) -> None:
    try:
        store.regular  # noqa: B018 - read and checked on first use
        for key in store.keys:
            store.table(*key)
    except StoreError as error:
        faults.append(str(error))
