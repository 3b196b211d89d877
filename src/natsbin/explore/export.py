"""A site as files, for any web server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from natsbin._util.files import new_part
from natsbin.errors import NatsbinError, OutputError
from natsbin.explore.site import Site


def export_site(site: Site, folder: str | Path, *, show: Callable[[int, int | None], None] | None = None) -> int:
    """Write all files of a site to a new folder, which appears when it is whole. Returns the number of bytes.

    ``show`` is called with how many files are written, and of how many. Raises OutputError where ``folder`` exists or
    the disk refuses.
    """
    folder = Path(folder)
    size = 0
    try:
        if os.path.lexists(folder):
            raise OutputError(f"{folder}: exists already; expected the path of a new folder")
        if not folder.parent.is_dir():
            raise OutputError(f"{folder}: expected a new folder in one that exists")
        part = new_part(folder)
        part.mkdir()
        try:
            for done, (name, make) in enumerate(site.files.items(), 1):
                path = part / name
                path.parent.mkdir(parents=True, exist_ok=True)
                content = make()
                path.write_bytes(content)
                size += len(content)
                if show is not None:
                    show(done, len(site.files))
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except (OSError, ValueError) as error:
        if isinstance(error, NatsbinError):
            raise
        raise OutputError(f"{folder}: cannot be written: {error}") from error
    return size
