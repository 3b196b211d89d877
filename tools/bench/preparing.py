"""What contenders read, made in processes of their own."""

from __future__ import annotations

from pathlib import Path

from contenders.table import prepare


def make_store(archive: str, store: str) -> None:
    """Convert an archive."""
    from natsbin.roads.convert import convert

    convert(archive, store)


def make_table(store: str, space: str, path: str) -> None:
    """Write the float32 array of a store."""
    prepare(Path(store), space, Path(path))
