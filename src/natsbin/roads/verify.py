"""Compare a store with its checksums and, where the archive is given, with every value in that."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from natsbin._util.compare import difference
from natsbin._util.system import cores
from natsbin._util.workers import few, ordered
from natsbin.archive import Task, open_archive
from natsbin.archive.simplify import simple_records
from natsbin.errors import StoreError
from natsbin.store import Store, open_store
from natsbin.store.verify import MOST_FAULTS, Checked, Progress, check


@dataclass(frozen=True)
class Verified:
    """What was found in order."""

    checked: Checked
    architectures: int  # compared with the archive's; 0 without one


def verify(
    store: Store | str | os.PathLike[str],
    archive: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Verified:
    """Compare every chunk with its checksum and, where ``archive`` is given, every record with the archive's.

    Records are equal where types, orders and the bits of every float are. ``jobs`` processes compare (all cores
    if None); ``progress`` counts datasets first, then architectures. Raises StoreError that lists the
    differences, up to ``MOST_FAULTS`` of them, and ArchiveError where the archive cannot be read.
    """
    if not isinstance(store, Store):
        store = open_store(Path(store))
    checked = check(store, progress)
    return Verified(checked, 0 if archive is None else _compare(store, archive, jobs or cores(), progress))


def _compare(
    store: Store,
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    jobs: int,
    progress: Progress | None,
) -> int:
    archive = open_archive(path, weights=True)
    faults: list[str] = []
    if archive.space is not store.space:
        raise StoreError(f"{store.path}: of the {store.space.title} space, the archive of {archive.space.title}")
    if archive.benchmark != store.benchmark:
        raise StoreError(f"{store.path}: of {store.benchmark}, the archive of {archive.benchmark}")
    if archive.meta_archs != store.meta_archs:
        faults.append(f"{store.path}: its list of architectures is not the archive's")
    seen: set[int] = set()
    if archive.indexes is None or few(len(archive.indexes)):  # a stream is one task
        jobs = 1
    for found in ordered(_differences, store, archive.tasks(), jobs):
        for index, fault in found:
            seen.add(index)
            if fault is not None:
                faults.append(fault)
        if progress:
            progress(len(seen), len(store.indexes))
    for name, value in archive.store_attributes.items():
        if store.attrs.get(name) != value:
            faults.append(f"{store.path}: its {name} is {store.attrs.get(name)!r:.200}, in the archive {value!r:.200}")
    extra = sorted(set(store.indexes.tolist()) - seen)
    if extra:
        faults.append(f"{store.path}: architecture {extra[0]} is not in the archive, nor {len(extra) - 1} others")
    if faults:
        more = f"\nand {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise StoreError("\n".join(faults[:MOST_FAULTS]) + more)
    return len(seen)


def _differences(store: Store, task: Task) -> list[tuple[int, str | None]]:
    """The architectures of a task, each with what is wrong with it."""
    found: list[tuple[int, str | None]] = []
    for index, states in simple_records(task):
        place = f"{store.path}: architecture {index}"
        try:
            found.append((index, difference(store.load(index), states, place)))
        except KeyError:
            found.append((index, f"{place}: absent, but in the archive"))
    return found
