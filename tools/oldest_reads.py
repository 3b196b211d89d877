"""Stores open with the oldest h5py and numpy that are allowed: written with those of today, read with the others.

    python tools/oldest_reads.py write FOLDER
    PYTHONPATH=OLDEST python tools/oldest_reads.py read FOLDER

``OLDEST`` is a folder that has the oldest h5py and numpy. ``write`` makes stores of both states from a golden one.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import h5py
import numpy

import natsbin
from natsbin.store.pack import pack, unpack

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden" / "v1" / "tss.h5.gz"
NAMES = ("mapped.h5", "packed.h5")


def write(folder: Path) -> None:
    """Write a store of each state to ``folder``."""
    golden = folder / "v1.h5"
    golden.write_bytes(gzip.decompress(GOLDEN.read_bytes()))
    for make, name in zip((unpack, pack), NAMES, strict=True):
        make(golden, folder / name)


def read(folder: Path) -> None:
    """Read all of both stores, with h5py alone and with natsbin."""
    assert h5py.__version__.startswith("3.10."), h5py.__version__
    assert numpy.__version__.startswith("1."), numpy.__version__
    for name in NAMES:
        with h5py.File(folder / name) as file:
            found: list[str] = []
            file.visit(found.append)
            datasets = [file[path] for path in found if isinstance(file[path], h5py.Dataset)]
            for dataset in datasets:
                dict(dataset.attrs), dataset[()]
        assert len(datasets) > 20, found
        store = natsbin.open_store(folder / name)
        assert all(store.load(index) for index in store.indexes.tolist())


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](Path(sys.argv[2]))
