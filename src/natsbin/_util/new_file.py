"""An output that is whole or not there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from natsbin.errors import NatsbinError, OutputError


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[Path]:
    """The path to write to; what lies there takes the place of ``path`` when the block ends without an error.

    Raises OutputError where ``path`` exists and ``force`` is not said, and where the disk refuses.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError(f"{path}: expected the path of a new file in a folder that exists")
    if path.exists() and not force:
        raise OutputError(f"{path}: exists already; say force (--force) to replace it")
    part = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")  # writers look at the suffix
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        if isinstance(error, NatsbinError):
            raise
        raise OutputError(f"{path}: cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
