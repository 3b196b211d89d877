"""Write the golden stores and their answers: files of this format version that all later versions must read.

    python tools/make_golden.py

For a new format version, and for a store that it has no golden one of; existing files are never written again.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from natsbin.archive.nas_bench_201 import HPS, attributes_of, origin_of
from natsbin.spaces import SSS, TSS, SearchSpace
from natsbin.store import StoreWriter, open_store
from natsbin.store import format as fmt
from natsbin.store.pack import pack
from natsbin.store.split import Splitter
from natsbin.synthetic import make_states
from natsbin.synthetic.nas_bench_201 import make_infos

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"
RECORDS: dict[str, tuple[SearchSpace, str, tuple[int, ...]]] = {"tss": (TSS, "200", (3, 8)), "sss": (SSS, "12", (5,))}
NAS_BENCH_201 = "nas_bench_201"
NAS_BENCH_201_INDEXES = (3, 8)
NAMES = (*RECORDS, NAS_BENCH_201)
DATASETS = {"tss": ("ImageNet16-120",), "sss": ("cifar100",)}
EPOCHS = 8


def record(space: SearchSpace, hp: str, index: int, datasets: tuple[str, ...]) -> OrderedDict[str, dict[str, Any]]:
    """A generated record cut down to few datasets and epochs, with some irregular values."""
    return OrderedDict({hp: _cut(make_states(space, index, 1)[hp], datasets)})


def nas_bench_201_record(index: int) -> dict[str, dict[str, Any]]:
    """The same of NAS-Bench-201."""
    return {HPS[name]: _cut(state, ("cifar10",)) for name, state in make_infos(index, 1).items()}


def _cut(state: dict[str, Any], datasets: tuple[str, ...]) -> dict[str, Any]:
    results = {key: trial for key, trial in state["all_results"].items() if key[0] in datasets}
    state["dataset_seed"] = {name: seeds for name, seeds in state["dataset_seed"].items() if name in datasets}
    for trial in results.values():
        for field, curve in trial.items():
            if isinstance(curve, dict) and field not in ("arch_config",):
                trial[field] = type(curve)(_last_epochs(curve, trial["epochs"]))
        trial["epochs"] = EPOCHS
    state["all_results"] = results
    irregular = next(iter(results.values()))
    irregular["latency"], irregular["train_losses"][5] = -1, float("nan")
    irregular["train_times"][2] *= 2
    irregular["note"] = ("kept", [None, np.float32(0.5)])
    return state


def _last_epochs(curve: dict[Any, float], epochs: int) -> list[tuple[Any, float]]:
    """The last epochs, numbered anew from 0."""
    kept: list[tuple[Any, float]] = []
    for key, value in curve.items():
        name, _, text = str(key).rpartition("@")
        epoch = int(text) - (epochs - EPOCHS)
        if epoch >= 0:
            kept.append((f"{name}@{epoch}" if name else epoch, value))
    return kept


def answer(value: Any) -> Any:
    """A value as JSON that distinguishes types, orders and the bits of floats."""
    if isinstance(value, dict):
        return [type(value).__name__, [[answer(key), answer(item)] for key, item in value.items()]]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [answer(item) for item in value]]
    if isinstance(value, (float, np.generic)):
        return [type(value).__name__, np.asarray(value).tobytes().hex()]
    return value


def _records(name: str) -> Iterator[tuple[int, dict[str, dict[str, Any]]]]:
    if name == NAS_BENCH_201:
        for index in NAS_BENCH_201_INDEXES:
            yield index, nas_bench_201_record(index)
        return
    space, hp, indexes = RECORDS[name]
    for index in indexes:
        yield index, record(space, hp, index, DATASETS[name])


def _attributes() -> dict[str, str]:
    """Of a file that lists more architectures as evaluated than it has."""
    value = {"meta_archs": TSS.architectures, "arch2infos": {}, "evaluated_indexes": [3, 8, 9]}
    return attributes_of(origin_of(value, [*NAS_BENCH_201_INDEXES], NAS_BENCH_201))


def write(name: str, folder: Path, scratch: Path) -> None:
    """The golden files of a name."""
    path = scratch / f"{name}.h5"
    space = RECORDS[name][0] if name in RECORDS else TSS
    splitter = Splitter()
    with StoreWriter(path, space, space.architectures) as writer:
        for index, states in _records(name):
            splitter.add(index, states)
        writer.add(splitter.take())
        writer.write(source="generated", attributes=None if name in RECORDS else _attributes())
    for made in (path, pack(path, scratch / f"{name}.packed.h5")):
        data = gzip.compress(made.read_bytes(), mtime=0)
        (folder / f"{made.name}.gz").write_bytes(data)
        click.echo(f"{len(data):7,} {made.name}.gz")
    store = open_store(path)
    answers = {str(index): answer(store.load(index)) for index in store.indexes.tolist()}
    (folder / f"{name}.json").write_text(json.dumps(answers, separators=(",", ":")) + "\n")


@click.command()
def main() -> None:
    """Write the golden stores of this format version; see the docstring."""
    folder = GOLDEN / f"v{fmt.FORMAT_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name in NAMES:
            if (folder / f"{name}.json").exists():
                continue
            write(name, folder, Path(scratch))


if __name__ == "__main__":
    main()
