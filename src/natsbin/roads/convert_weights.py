"""A full archive to a weights file and, in the same pass, to the store beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from natsbin._util.signals import stoppable
from natsbin._util.system import cores
from natsbin._util.workers import ordered
from natsbin.archive import Archive, Fingerprint, fingerprint_of, open_archive
from natsbin.archive.files import ArchitectureTask, FilesArchive
from natsbin.archive.nas_bench_201 import BENCHMARK
from natsbin.errors import ArchiveError, NatsbinError, OutputError, QuestionError, StoreError
from natsbin.roads.simple_copy import SimpleCopy, remove_simple_copy
from natsbin.spaces import DATASETS
from natsbin.store import open_store
from natsbin.weights import format as fmt
from natsbin.weights.packing import Packed, Selection, pack
from natsbin.weights.writer import WeightsWriter

Progress = Callable[[int, int], None]
"""Called with the number of architectures done, and of all."""

AHEAD = 1  # packed architectures a process that may wait to be written: each has up to 100 MB


def convert_weights(
    src: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    dst: str | os.PathLike[str],
    *,
    space: str | None = None,
    hps: Iterable[str] | None = None,
    datasets: Iterable[str] | None = None,
    indexes: Iterable[int] | None = None,
    force: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the weights of the full archive ``src`` to a file beside the store ``dst``, and return its path.

    If there is no store ``dst`` it is made in the same pass; an existing one is not changed. ``space``
    ("tss" or "sss") is the expected search space. ``hps``, ``datasets`` and ``indexes`` select weights (all if
    None); a new store has the selected architectures, whole. ``jobs`` processes read (all cores if None),
    with memory for a few architectures each.

    Rerun to resume an interrupted conversion: what is done is kept in a file ``….weights.part`` and, while the
    store is being made, in a hidden folder beside it. The result is the same, byte for byte: where the archive was
    changed meanwhile, it is read again from the first changed architecture on. Raises
    ArchiveError for an archive that is not as published, QuestionError for a part that it does not have, and
    OutputError where the weights exist (unless ``force``) or cannot be written.
    """
    store, state = Path(dst), fingerprint_of(src)
    archive = open_archive(src, space, weights=True)
    path = fmt.weights_path(store)
    if path == store:
        raise OutputError(f"{store}: the name of a weights file; the store's was expected, as in {store.stem}.h5")
    tasks = _tasks(archive, indexes)
    selection = _selection(archive, next(iter(tasks.values())), hps, datasets)
    simple_copy = None if _is_there(store, archive, state) else SimpleCopy(store, archive)
    states = {index: task.member.state() for index, task in tasks.items()}
    there = states if simple_copy is None else {index: states[index] for index in simple_copy.leading(tasks)}
    with stoppable(), WeightsWriter(path, _head(archive, selection), there, force=force) as writer:
        work = _Work(selection, simple_copy, str(archive.path))
        left = list(tasks.values())[writer.done :]
        processes = min(jobs or cores(), len(left) or 1)
        try:
            if simple_copy is not None:
                simple_copy.begin()
            with closing(ordered(_pack, work, left, processes, AHEAD)) as packs:
                for packed in packs:
                    writer.add(packed, states[packed.index])
                    if progress:
                        progress(writer.done, len(tasks))
            if simple_copy is not None:
                simple_copy.make_store(tasks, jobs, state.text if indexes is None else "")
            writer.finish()
        except NatsbinError as error:
            kept = f"{writer.done} of {len(tasks)} architectures are done and kept in {writer.part}"
            raise type(error)(f"{error}; {kept}: run again to resume from there") from error
    return path


@dataclass(frozen=True)
class _Work:
    selection: Selection
    simple_copy: SimpleCopy | None
    source: str


def _pack(work: _Work, task: ArchitectureTask) -> Packed:
    (record,) = task.read()
    packed = pack(*record, work.selection, f"{work.source}: architecture {record.index}")
    if work.simple_copy is not None:
        work.simple_copy.write(*record)
    return packed


def _head(archive: Archive, selection: Selection) -> str:
    """The description in the file; a part is resumed only where this is the same."""
    head = {
        "format": "natsbin weights",
        "space": archive.space.name,
        "source": archive.path.name,
        "source_digest": archive.digest or "",
        "hps": selection.hps,
        "datasets": selection.datasets,
    }
    return json.dumps(head)


def _tasks(archive: Archive, indexes: Iterable[int] | None) -> dict[int, ArchitectureTask]:
    """What reads each architecture, in ascending order."""
    if archive.benchmark == BENCHMARK:
        raise ArchiveError(
            f"{archive.path}: a {archive.kind}, whose weights are read in place by NASBench201API.reload; "
            "a full archive of NATS-Bench was expected"
        )
    if not isinstance(archive, FilesArchive):
        raise ArchiveError(
            f"{archive.path}: a {archive.kind} has no weights; a full archive was expected, as a folder or a tar"
        )
    tasks = {task.index: task for task in archive.tasks()}
    if indexes is None:
        return tasks
    wanted = sorted(set(indexes))
    absent = next((index for index in wanted if index not in tasks), None)
    if absent is not None or not wanted:
        raise QuestionError(
            f"{archive.path}: no architecture {absent}; there are {len(tasks)} of {archive.total_archs}, "
            f"from {min(tasks)} to {max(tasks)}"
        )
    return {index: tasks[index] for index in wanted}


def _is_there(store: Path, archive: Archive, state: Fingerprint) -> bool:
    """Whether there is a store already; StoreError where it is of something else than the archive as it is now."""
    if not os.path.exists(store):
        return False
    opened = open_store(store)
    if opened.space is not archive.space:
        raise StoreError(f"{store}: of the {opened.space.title} space, the archive of {archive.space.title}")
    recorded = str(opened.attrs.get("source_fingerprint") or state.text)
    if recorded.startswith(f"{state.origin}: ") and recorded != state.text:
        raise StoreError(f"{store}: of an earlier state of {archive.path}; remove it, or convert the archive again")
    remove_simple_copy(store)  # an earlier run may have been killed just after it had made the store
    return True


def _selection(
    archive: Archive, first: ArchitectureTask, hps: Iterable[str] | None, datasets: Iterable[str] | None
) -> Selection:
    """What is asked for of the published names, and of those that the first architecture has."""
    (record,) = first.read()
    found = [dataset for state in record.states.values() for dataset in state["dataset_seed"]]
    hp_names = _chosen("hp", hps, dict.fromkeys([*sorted(archive.space.epochs), *record.states]))
    dataset_names = _chosen("dataset", datasets, dict.fromkeys([*DATASETS, *found]))
    return Selection(hp_names, dataset_names, all_hps=hps is None, all_datasets=datasets is None)


def _chosen(what: str, asked: Iterable[str] | None, known: Iterable[str]) -> tuple[str, ...]:
    known = tuple(known)
    if asked is None:
        return known
    wanted = set(asked)
    if not wanted or not wanted <= set(known):
        raise QuestionError(f"no {what} {sorted(wanted - set(known))}: expected one or more of {', '.join(known)}")
    return tuple(name for name in known if name in wanted)
