"""Side tables of a store: named numbers by architecture, and by dataset if they differ, beside the originals.

Each is a dataset ``attached/NAME`` or ``attached/NAME@DATASET`` (escaped as in the paths of tables) along the axis of
the architectures that the store has, in float64 with its unit; NaN is a missing number. Nothing else of the store
changes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from natsbin._util.files import only_one
from natsbin.errors import NatsbinError, OutputError, QuestionError
from natsbin.store import format as fmt
from natsbin.store.file import reading
from natsbin.store.layouts import Floats
from natsbin.store.pack import copy_store
from natsbin.store.reader import Store, open_store
from natsbin.store.tree import TreeWriter

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_OWN = frozenset({"accuracy", "loss", "flops", "params", "latency", "time", "architecture", "dataset", "hp", "seed"})


def attached_units(store: Store) -> dict[str, str]:
    """The names of the side tables of a store, and their units."""
    found: dict[str, str] = {}
    for path in store.file.index.paths:
        group, _, name = path.partition("/")
        if group == fmt.ATTACHED and name.count("/") == 0:
            found[name.partition("@")[0]] = str(store.data(path).attrs.get("units", "1"))
    return found


def attached_values(store: Store, name: str, dataset: str) -> Floats:
    """The numbers of a side table for a dataset, by official index: shape (architectures of the space,), NaN for none.

    They are those of the dataset, of ``cifar10`` for ``cifar10-valid``, or those for all datasets, or NaN.
    QuestionError where there is no such table at all.
    """
    index = store.file.index
    places = [f"{fmt.ATTACHED}/{name}@{fmt.escape(one)}" for one in (dataset, dataset.removesuffix("-valid"))]
    path = next((one for one in (*places, f"{fmt.ATTACHED}/{name}") if one in index), None)
    values = np.full(store.total, np.nan)
    if path is None:
        if name not in (units := attached_units(store)):
            raise QuestionError(f"{store.path}: no numbers {name!r}: attached are {', '.join(units) or 'none'}")
        return values
    data = store.data(path)
    with reading(data.place):
        if data.shape != store.indexes.shape:
            raise ValueError(f"{data.shape} numbers of {store.indexes.shape} architectures")
        values[store.indexes] = data.array("<f8")
    return values


def write_attached(
    path: Path, name: str, unit: str, columns: Mapping[str | None, Floats], *, force: bool = False
) -> None:
    """Write a side table into the store at ``path``, which is replaced by a new file when that is complete.

    Others that attach to the same store wait: a new file has what the one before had.
    ``columns``: numbers by official index, by dataset, or under None for all datasets. Raises QuestionError for a name
    that cannot be, OutputError where the store has the name (unless ``force``), StoreError where it is damaged.
    """
    if not _NAME.fullmatch(name) or name in _OWN:
        raise QuestionError(
            f"name {name!r}: expected letters, digits, '_', '-' and '.', other than {', '.join(sorted(_OWN))}"
        )
    try:
        with only_one(Path(os.path.realpath(path))):
            _write(path, name, unit, columns, force)
    except OSError as error:
        if isinstance(error, NatsbinError):
            raise
        raise OutputError(f"{path}: cannot be written: {error}") from error


def _write(path: Path, name: str, unit: str, columns: Mapping[str | None, Floats], force: bool) -> None:
    store = open_store(path)
    old = {f"{fmt.ATTACHED}/{name}"} | {
        one for one in store.file.index.paths if one.startswith(f"{fmt.ATTACHED}/{name}@")
    }
    if not force and any(one in store.file.index for one in old):
        raise OutputError(f"{path}: has {name!r} attached already; say force (--force) to replace it")

    def add(tree: TreeWriter) -> None:
        for dataset, values in columns.items():
            place = f"{fmt.ATTACHED}/{name}" + (f"@{fmt.escape(dataset)}" if dataset else "")
            attrs = {"units": unit, "long_name": name, "coordinates": fmt.ARCHITECTURE}
            tree.array(place, values[store.indexes], dims=(fmt.ARCHITECTURE,), attrs=attrs)

    copy_store(path, path, str(store.attrs["state"]), force=True, without=old, add=add)
