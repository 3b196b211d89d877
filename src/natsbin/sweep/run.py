"""Running a sweep: what is missing in its folder is computed and written, part by part."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from natsbin._util.files import only_one
from natsbin._version import __version__
from natsbin.errors import OutputError
from natsbin.sweep import parts
from natsbin.sweep.engines import find_engine
from natsbin.sweep.spec import Sweep, fingerprint
from natsbin.sweep.stores import Location, locate
from natsbin.sweep.unit import units_of

SPEC = "sweep.json"


def run(
    sweep: Sweep,
    out: Path,
    *,
    engine: str = "joblib",
    jobs: int | None = None,
    address: str | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Path:
    """Compute what of a sweep is not in the folder ``out`` yet, and return the folder.

    ``engine`` is serial, joblib, dask or ray, ``jobs`` the processes of a local one, ``address`` that of a cluster.
    ``progress`` is told how many searches are done, and of how many. Whatever ends a run, the parts that are there
    stay, and the next one goes on. OutputError for a folder of another sweep, or where the disk refuses.
    """
    compute = find_engine(engine)
    with _alone(out):
        units = units_of(sweep, _begin(sweep, out))
        missing = parts.missing_parts(out, units)
        total = sum(unit.count for unit in units)
        done = total - sum(unit.count for unit in missing)
        progress(done, total)
        if missing:
            for unit, files in compute(missing, jobs, address):
                parts.write_parts(out, unit, files)
                done += unit.count
                progress(done, total)
    return out


def _begin(sweep: Sweep, out: Path) -> dict[str, Location]:
    """Say in the folder what sweep it is of, or compare what it says."""
    before = read_spec(out) if (out / SPEC).exists() else None
    digests = {} if before is None else before["digests"]
    locations = {space: locate(url, digests.get(space)) for space, url in sweep.stores.items()}
    described = {
        **sweep.described(),
        "digests": {space: location.digest for space, location in locations.items()},
        "natsbin": __version__,
    }
    if before is None:
        content = {**described, "fingerprint": fingerprint(described)}
        parts.write_whole(out / SPEC, json.dumps(content, indent=2).encode())
    elif before.pop("fingerprint", None) != fingerprint(described):
        field = next((one for one in described if before.get(one) != described[one]), "fingerprint")
        raise OutputError(
            f"{out}: parts of another sweep: its {field} is {before.get(field)!r}, not {described.get(field)!r}"
        )
    return locations


def read_spec(out: Path) -> dict[str, Any]:
    """What ``sweep.json`` of a folder says. OutputError where it says nothing of the kind."""
    try:
        found = json.loads((out / SPEC).read_bytes())
    except (OSError, ValueError) as error:
        raise OutputError(f"{out / SPEC}: not a folder of a sweep: {error}") from error
    if not isinstance(found, dict) or "fingerprint" not in found or not isinstance(found.get("digests"), dict):
        raise OutputError(f"{out / SPEC}: expected a sweep with its digests and fingerprint")
    return found


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One run a folder at a time; the lock goes with the process."""

    def refuse() -> None:
        raise OutputError(f"{out}: another run of a sweep is writing here")

    try:
        out.mkdir(parents=True, exist_ok=True)
        with only_one(out / "run", waiting=refuse):
            yield
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise OutputError(f"{out}: cannot be a folder of a sweep: {error}") from error
