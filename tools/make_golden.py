"""Write the golden stores and their answers: files of this format version that all later versions must read.

    python tools/make_golden.py

Only for a new format version, into a new folder; existing files are never written again.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import click
import numpy as np

from natsbin.spaces import SSS, TSS, SearchSpace
from natsbin.store import StoreWriter, open_store
from natsbin.store import format as fmt
from natsbin.store.pack import pack
from natsbin.store.split import Splitter
from natsbin.synthetic import make_states

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"
RECORDS: dict[str, tuple[SearchSpace, str, tuple[int, ...]]] = {"tss": (TSS, "200", (3, 8)), "sss": (SSS, "12", (5,))}
DATASETS = {"tss": ("ImageNet16-120",), "sss": ("cifar100",)}
EPOCHS = 8


def record(space: SearchSpace, hp: str, index: int, datasets: tuple[str, ...]) -> OrderedDict[str, dict[str, Any]]:
    """A generated record cut down to few datasets and epochs, with some irregular values."""
    state = make_states(space, index, 1)[hp]
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
    return OrderedDict({hp: state})


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


def write(name: str, folder: Path, scratch: Path) -> None:
    """The golden files of a space."""
    space, hp, indexes = RECORDS[name]
    splitter = Splitter()
    path = scratch / f"{name}.h5"
    with StoreWriter(path, space, space.architectures) as writer:
        for index in indexes:
            splitter.add(index, record(space, hp, index, DATASETS[name]))
        writer.add(splitter.take())
        writer.write(source="generated")
    for made in (path, pack(path, scratch / f"{name}.packed.h5")):
        data = gzip.compress(made.read_bytes(), mtime=0)
        (folder / f"{made.name}.gz").write_bytes(data)
        click.echo(f"{len(data):7,} {made.name}.gz")
    store = open_store(path)
    answers = {str(index): answer(store.load(index)) for index in indexes}
    (folder / f"{name}.json").write_text(json.dumps(answers, separators=(",", ":")) + "\n")


@click.command()
def main() -> None:
    """Write the golden stores of this format version; see the docstring."""
    folder = GOLDEN / f"v{fmt.FORMAT_VERSION}"
    folder.mkdir(parents=True)  # fails if it exists
    with tempfile.TemporaryDirectory() as scratch:
        for name in RECORDS:
            write(name, folder, Path(scratch))


if __name__ == "__main__":
    main()
