"""A site: everything that the explorer in a browser asks for, by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path

from natsbin._version import __version__
from natsbin.errors import QuestionError
from natsbin.explore.resources import Resources
from natsbin.explore.space_files import QUANTITIES, SpaceFiles
from natsbin.store import Store, open_store

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".bin": "application/octet-stream",
}


@dataclass(frozen=True)
class Site:
    """``files`` by name, and the ``stores`` that they are about, by the name of their search space."""

    files: Resources
    stores: dict[str, Store]


def make_site(
    stores: Sequence[Store | str | Path],
    *,
    sweep: str | Path | None = None,
    epochs: int | None = None,
    curves: Sequence[str] = QUANTITIES,
    parquet: bool = False,
    level: int = 1,
) -> Site:
    """The site of stores, at most one of each search space, and of a sweep's folder.

    Args:
        stores: stores or their paths.
        sweep: the folder of a sweep.
        epochs: how many epochs of each hp have columns; None for all.
        curves: of which quantities there are learning curves of all seeds: ``accuracy``, ``loss``.
        parquet: whether a server is there that writes Parquet files.
        level: of gzip, 1 (fast) to 9 (small).

    Raises QuestionError for several stores of one space, StoreError and OutputError for what cannot be read.
    """
    opened: dict[str, Store] = {}
    for one in stores:
        store = one if isinstance(one, Store) else open_store(Path(one))
        if store.space.name in opened:
            raise QuestionError(f"{store.path}: a second store of the {store.space.title} space: expected one of each")
        opened[store.space.name] = store
    if not opened:
        raise QuestionError("no store: expected at least one")
    spaces = [SpaceFiles(store, epochs=epochs, curves=curves, level=level) for store in opened.values()]
    described: dict[str, object] = {
        "natsbin": __version__,
        "parquet": parquet,
        "spaces": [space.description() for space in spaces],
        "sweep": None,
    }
    files = _front()
    for space in spaces:
        files |= space.files()
    if sweep is not None:
        from natsbin.explore.sweep_files import SweepFiles  # needs the libraries of sweeps

        sweeps = SweepFiles(Path(sweep), level)
        described["sweep"] = sweeps.description()
        files |= sweeps.files()
    manifest = json.dumps(described).encode()
    files["data/manifest.json"] = lambda: manifest
    return Site(files, opened)


def _front() -> Resources:
    """The page, its scripts and styles."""
    folder = resources.files("natsbin.explore") / "front"
    return {one.name: partial(one.read_bytes) for one in folder.iterdir() if Path(one.name).suffix in MEDIA_TYPES}
