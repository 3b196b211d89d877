"""A store in xarray: ``xr.open_dataset("tss.h5", engine="natsbin", hp="200", dataset="cifar10")``, lazy and decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from natsbin._util.extras import missing
from natsbin.adaptors.opening import chosen_hp, open_batch
from natsbin.errors import QuestionError
from natsbin.store import Store, open_store
from natsbin.store import format as fmt
from natsbin.store.attached import attached_units, attached_values

try:
    import xarray as xr
    from xarray.backends import BackendArray, BackendEntrypoint
    from xarray.core import indexing
except ImportError as error:
    raise missing("natsbin.adaptors.xarray", "xarray", "xarray") from error

DIMS = ("set", "architecture", "seed", "epoch")

QUANTITIES = {
    "accuracy": ("percent", "top-1 accuracy after the epoch"),
    "loss": ("1", "mean loss after the epoch"),
    "cur_time": ("s", "time of the epoch: training, or evaluation of the set"),
    "all_time": ("s", "time of all epochs so far"),
}
COSTS = {"flops": "FLOPs (M)", "params": "parameters (M)", "latency": "latency of one batch"}

BLOCK = 1 << 20
"""Values that are asked for at a time."""


@dataclass(frozen=True)
class TableView:
    """One (hp, dataset) as labelled axes; pickles to the path of its store."""

    store: Store
    hp: str
    dataset: str
    sets: tuple[str, ...]  # ``train`` first
    seeds: tuple[int, ...]  # of any architecture, ascending
    epochs: int
    chunks: dict[str, dict[str, int]]  # by quantity: those along ``DIMS`` that come nearest to the file's

    @classmethod
    def of(cls, store: Store, hp: str, dataset: str) -> TableView:
        """Read the axes alone: they are few, and the table takes longer."""
        path, architectures = fmt.table_path(hp, dataset), len(store.indexes)
        names = {key.set for key in store.columns(hp, dataset)}
        trials = store.data(f"{path}/{fmt.SEED}").array("<i2", "<i8")
        seeds, epochs = np.unique(trials).tolist(), store.data(f"{path}/{fmt.EPOCH}").shape[0]
        chunks = {}
        for quantity in QUANTITIES:
            column = f"{path}/train_{'time' if 'time' in quantity else quantity}"
            *first, width = store.data(column).chunk if column in store.file.index else trials.shape
            wide = -(-architectures * min(width, len(trials)) // max(1, len(trials)))
            chunks[quantity] = dict(zip(DIMS, (1, wide, len(seeds), first[0] if first else epochs), strict=True))
        return cls(
            store,
            hp,
            dataset,
            tuple(sorted(names, key=lambda name: (name != "train", name))),
            tuple(seeds),
            epochs,
            chunks,
        )

    def values(self, quantity: str, key: tuple[Any, ...]) -> npt.NDArray[np.float64]:
        """What ``Batch.points`` gives for the chosen sets, architectures, seeds and epochs."""
        batch = open_batch(self.store)[1]
        labels: list[Any] = [
            np.arange(len(self.sets)),
            self.store.indexes,
            np.array(self.seeds),
            np.arange(self.epochs),
        ]
        axes = [axis[one] for axis, one in zip(labels, key, strict=True)]
        sets, index, seeds, epochs = (np.atleast_1d(axis) for axis in axes)
        if _is_whole(key[1], labels[1]) and _is_whole(key[2], labels[2]):
            rows = _all_rows(self.store, self.seeds)
        else:
            rows = _rows(index, seeds)
        step = max(1, BLOCK // max(1, len(rows[0])))
        blocks = [
            [
                batch.points(rows[0], self.dataset, self.sets[number], quantity, part, self.hp, rows[1])
                for part in (epochs[start : start + step] for start in range(0, len(epochs), step))
            ]
            for number in sets.tolist()
        ]
        shape = [len(axis) for axis in axes if axis.ndim]
        if len(blocks) == 1 == len(blocks[0]):
            return np.asarray(blocks[0][0]).reshape(shape)  # as most are: not copied once more
        found = [np.concatenate(row, axis=-1) for row in blocks if row]
        return np.stack(found).reshape(shape) if found else np.empty(shape)

    def costs(self, name: str, key: tuple[Any, ...]) -> npt.NDArray[np.float64]:
        """What ``Batch.get_cost_info`` gives, by architecture."""
        index = self.store.indexes[key]
        found: npt.NDArray[np.float64] = open_batch(self.store)[1].get_cost_info(index, self.dataset, self.hp)[name]
        return found

    def attached(self, name: str, key: tuple[Any, ...]) -> npt.NDArray[np.float64]:
        """The numbers of a side table, by architecture."""
        found: npt.NDArray[np.float64] = attached_values(self.store, name, self.dataset)[self.store.indexes[key]]
        return found

    def names(self, key: tuple[Any, ...]) -> npt.NDArray[np.str_]:
        """Architecture strings."""
        index = self.store.indexes[key]
        found = [self.store.meta_archs[one] for one in index.reshape(-1).tolist()]
        return np.array(found, self.name_type).reshape(index.shape)

    @property
    def name_type(self) -> np.dtype[Any]:
        """The type of a string of any architecture."""
        return np.dtype(f"<U{max(map(len, self.store.meta_archs))}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of ``DIMS``."""
        return len(self.sets), len(self.store.indexes), len(self.seeds), self.epochs

    def variables(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Variables and coordinates, of which nothing is read yet but the axes."""
        values = {
            name: _lazy(DIMS, self.shape, np.dtype(float), partial(self.values, name), units, text, self.chunks[name])
            for name, (units, text) in QUANTITIES.items()
        }
        along, n = ("architecture",), (len(self.store.indexes),)
        coords: dict[str, Any] = {
            "set": ("set", np.array(self.sets), {"long_name": "set that was evaluated"}),
            "architecture": ("architecture", self.store.indexes, {"long_name": "official index of the architecture"}),
            "seed": ("seed", np.array(self.seeds, np.int64), {"long_name": "random seed of the training"}),
            "epoch": ("epoch", np.arange(self.epochs), {"long_name": "epoch, counted from 0"}),
            "arch_str": _lazy(along, n, self.name_type, self.names, None, "architecture string"),
        }
        for name, text in COSTS.items():
            units = "s" if name == "latency" else "1e6"
            coords[name] = _lazy(along, n, np.dtype(float), partial(self.costs, name), units, text)
        for name, units in attached_units(self.store).items():
            coords[name] = _lazy(along, n, np.dtype(float), partial(self.attached, name), units, name)
        return values, coords


def _rows(index: npt.NDArray[Any], seeds: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Every architecture with every seed, as two columns."""
    shape = (len(index), len(seeds))
    pair = np.broadcast_to(index[:, None], shape), np.broadcast_to(seeds, shape)
    return pair[0].astype(np.int64).reshape(-1, 1), pair[1].astype(np.int64).reshape(-1, 1)


@lru_cache(maxsize=4)
def _all_rows(store: Store, seeds: tuple[int, ...]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The rows of a whole table. They are kept: to make them takes as long as what an epoch's values take."""
    return _rows(store.indexes, np.array(seeds))


def _is_whole(key: Any, axis: npt.NDArray[Any]) -> bool:
    """Whether a key takes all of an axis, in its order."""
    return isinstance(key, slice) and key.indices(len(axis)) == (0, len(axis), 1)


class LazyArray(BackendArray):
    """An array that is read where it is indexed."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], read: Callable[[tuple[Any, ...]], Any]) -> None:
        self.shape, self.dtype, self.read = shape, dtype, read

    def __getitem__(self, key: Any) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self.read)


def _lazy(
    dims: tuple[str, ...],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    read: Callable[[tuple[Any, ...]], Any],
    units: str | None,
    text: str,
    chunks: dict[str, int] | None = None,
) -> Any:
    attrs = {"long_name": text, **({} if units is None else {"units": units})}
    encoding = {} if chunks is None else {"preferred_chunks": chunks}
    return xr.Variable(dims, indexing.LazilyIndexedArray(LazyArray(shape, dtype, read)), attrs, encoding)


def _datasets(store: Store, keys: list[tuple[str, str]], drop: str | Iterable[str] | None) -> Iterator[Any]:
    attrs = {"Conventions": "CF-1.11", "title": f"NATS-Bench, {store.space.title} space"}
    for hp, dataset in keys:
        values, coords = TableView.of(store, hp, dataset).variables()
        found = xr.Dataset(values, coords, {**attrs, "hp": hp, "dataset": dataset})
        yield found.drop_vars([drop] if isinstance(drop, str) else drop or [])


class NatsbinBackend(BackendEntrypoint):
    """The engine ``natsbin`` of ``xarray.open_dataset``, ``open_datatree`` and ``open_groups``."""

    description: ClassVar[str] = "natsbin stores of NATS-Bench, as decoded values"
    open_dataset_parameters: ClassVar[tuple[str, ...]] = (
        "filename_or_obj",
        "drop_variables",
        "hp",
        "dataset",
        "setname",
    )
    supports_groups: ClassVar[bool] = True

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        hp: str | int | None = None,
        dataset: str | None = None,
        setname: str | None = None,
    ) -> Any:
        """One (hp, dataset) with the dimensions ``set``, ``architecture``, ``seed`` and ``epoch``.

        ``hp`` is that of most epochs where it is not given; ``setname`` chooses one set. Values that the store does not
        have are NaN. Raises QuestionError for what it does not have, StoreError where the file is no store.
        """
        store = open_store(Path(filename_or_obj))
        name = chosen_hp(store, hp)
        have = store.datasets(name)
        if dataset not in have:
            raise QuestionError(f"no dataset {dataset!r} with hp {name}: there are {', '.join(have)}")
        (found,) = _datasets(store, [(name, dataset)], drop_variables)
        if setname is not None:
            if setname not in found["set"].values:
                raise QuestionError(f"no set {setname!r}: there are {', '.join(found['set'].values)}")
            found = found.sel(set=setname)
        return found

    def open_groups_as_dict(
        self, filename_or_obj: Any, *, drop_variables: str | Iterable[str] | None = None
    ) -> dict[str, Any]:
        """All tables of a store, by ``/HP/DATASET``."""
        store = open_store(Path(filename_or_obj))
        tables = _datasets(store, store.keys, drop_variables)
        return {"/": xr.Dataset()} | {f"/{table.hp}/{table.dataset}": table for table in tables}

    def open_datatree(self, filename_or_obj: Any, *, drop_variables: str | Iterable[str] | None = None) -> Any:
        """The whole store as a tree: ``tree["200/cifar10"]``."""
        return xr.DataTree.from_dict(self.open_groups_as_dict(filename_or_obj, drop_variables=drop_variables))
