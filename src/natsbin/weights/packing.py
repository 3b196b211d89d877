"""The weights in a record of a full archive, as bytes of a weights file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from natsbin.errors import ArchiveError
from natsbin.weights import format as fmt


@dataclass(frozen=True)
class Selection:
    """Which weights to take; hps and datasets in the order of the file's head. Others are an error where all are."""

    hps: tuple[str, ...]
    datasets: tuple[str, ...]
    all_hps: bool = False
    all_datasets: bool = False

    def has(self, hp: str, dataset: str) -> bool:
        """Whether these weights are taken. ValueError where they should be and the file's head lacks the name."""
        for what, name, names, whole in (
            ("hp", hp, self.hps, self.all_hps),
            ("dataset", dataset, self.datasets, self.all_datasets),
        ):
            if name not in names:
                if whole:
                    raise ValueError(f"{what} {name!r}: the first architecture has only {', '.join(names)}")
                return False
        return True


@dataclass(frozen=True)
class Packed:
    """The weights of one architecture, sorted by hp, dataset and seed.

    ``entries`` have offsets from the start of ``payload`` and number ``structures``, which are JSON texts.
    """

    index: int
    entries: npt.NDArray[Any]
    structures: list[str]
    payload: bytes


def pack(index: int, states: Mapping[str, Mapping[str, Any]], selection: Selection, source: str) -> Packed:
    """The selected weights of a record. Raises ArchiveError, naming ``source``, where one does not fit the format."""
    rows: list[tuple[int, ...]] = []
    structures: dict[str, int] = {}
    parts: list[bytes] = []
    size = 0
    try:
        chosen = _chosen(states, selection)
    except ValueError as error:
        raise ArchiveError(f"{source}: {error}") from None
    for hp, dataset, seed, state_dict in chosen:
        try:
            structure = fmt.Structure.of(state_dict)
        except ValueError as error:
            where = f"hp {selection.hps[hp]!r}, {(selection.datasets[dataset], seed)!r}, net_state_dict"
            raise ArchiveError(f"{source}: {where}: {error}") from None
        data = b"".join(_bytes(array) for array in state_dict.values())
        number = structures.setdefault(structure.dumps(), len(structures))
        rows.append((index, hp, dataset, seed, number, 0, size, fmt.checksum(data)))
        parts.append(data)
        size += len(data)
    return Packed(index, np.array(rows, fmt.ENTRY), list(structures), b"".join(parts))


def _chosen(
    states: Mapping[str, Mapping[str, Any]], selection: Selection
) -> list[tuple[int, int, int, Mapping[str, npt.NDArray[Any]]]]:
    """Weights with the positions of their hp and dataset, and their seed, sorted by these."""
    found = [
        (selection.hps.index(hp), selection.datasets.index(dataset), seed, trial["net_state_dict"])
        for hp, state in states.items()
        for (dataset, seed), trial in state["all_results"].items()
        if trial["net_state_dict"] is not None and selection.has(hp, dataset)
    ]
    return sorted(found, key=lambda item: item[:3])


def _bytes(array: npt.NDArray[Any]) -> bytes:
    data = array.astype(fmt.DTYPES[array.dtype.name], copy=False).tobytes()  # in C order, whatever the strides
    return data.ljust(fmt.padded(len(data)), b"\0")
