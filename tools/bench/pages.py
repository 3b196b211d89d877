"""What the benchmarks wrote as JSON, as tables in Markdown: for the README, and for the page that the site has of it.

The site is built without what the benchmarks need, so this imports the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGES = ("natsbin", "nats_bench", "numpy", "h5py", "torch")
MB = 1e6

_SCALES = (("s", 1.0), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9))


def page(file: Path) -> str:
    """The tables of a file of results, under the machine on which they were measured."""
    found = json.loads(file.read_text(encoding="utf-8"))
    kinds = {"contenders": _compared, "figures": _figures, "sweeps": _searches, "methods": _methods}
    tables = [kinds[kind](found) for kind in kinds if kind in found]
    if not tables:
        raise ValueError(f"{file}: has none of {', '.join(kinds)}, which tools/bench writes")
    return "\n\n".join([f"{found['machine']['date'][:10]}: {machine_line(found['machine'])}", *map("\n".join, tables)])


def _compared(found: dict[str, Any]) -> Iterator[str]:
    """Warm times of each contender; opening; the most memory."""
    contenders = found["contenders"].values()
    yield from _head(f"a question, warm ({found['space']})", *(one["title"] for one in contenders))
    for work, count in found["counts"].items():
        spent = [one["work"].get(work, {}).get("warm") for one in contenders]
        if any(spent):
            yield _row(work, *("" if taken is None else duration(taken / count) for taken in spent))
    yield _row("import and open", *(duration(one["open"]["seconds"]) for one in contenders))
    most = (max(work["private"] for work in one["work"].values()) / MB for one in contenders)
    yield _row("private memory, at most", *(f"{size:,.0f} MB" for size in most))


def _figures(found: dict[str, Any]) -> Iterator[str]:
    """Figures beside their limits."""
    yield from _head("figure", "value", "limit", "")
    for one in found["figures"]:
        bound = "" if one["limit"] is None else f"{'≥' if one['least'] else '≤'} {number(one['limit'])} {one['unit']}"
        verdict = {None: "", True: "held", False: "**missed**"}[one["holds"]]
        yield _row(one["name"], f"{number(one['value'])} {one['unit']}", bound, verdict)


def _searches(found: dict[str, Any]) -> Iterator[str]:
    """All calls of each kind of search."""
    columns = ("mean", "median", "99%", "99.9%", "max")
    yield from _head(
        f"all calls of a search ({found['space']})", "mean", "median", "99 %", "99.9 %", "most", "nats_bench"
    )
    for sweep in found["sweeps"]:
        (row,) = (one for one in sweep["calls"] if one["method"] == "all")
        theirs = row["nats_bench"]
        yield _row(
            f"{sweep['program']}, hp {sweep['hp']}, {sweep['runs']} runs",
            *(duration(row[name]) for name in columns),
            "" if theirs is None else duration(theirs),
        )


def _methods(found: dict[str, Any]) -> Iterator[str]:
    """Every method on architectures that are new to the API object, and on known ones."""
    theirs = "nats_bench"
    title = f"a question ({found['space']}, hp {found['hp']})"
    yield from _head(title, "new", theirs, "", "known", theirs, "")
    for row in found["methods"]:
        cells = [
            cell
            for kind in ("first", "again")
            for cell in (
                duration(row["natsbin"][kind]),
                duration(row["nats_bench"][kind]),
                f"×{number(row['times'][kind])}",
            )
        ]
        yield _row(row["method"] if row["holds"] else f"**{row['method']}**", *cells)


def _head(*titles: str) -> tuple[str, str]:
    return _row(*titles), _row("---", *["---:"] * (len(titles) - 1))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    name, scale = next((one for one in _SCALES if seconds * one[1] >= 1), _SCALES[-1])
    return f"{seconds * scale:.3g} {name}" if seconds < 100 else f"{seconds:,.0f} s"


def number(value: float) -> str:
    """Three digits, or all of a larger one."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine_line(about: dict[str, Any]) -> str:
    """The machine, the load when the benchmark began, and the versions, as one line of text."""
    versions = ", ".join(f"{name} {about[name]}" for name in ("python", *PACKAGES) if name in about)
    return (
        f"{about['processor']}, {about['cores']} cores, {about['memory'] / 2**30:.0f} GB, "
        f"{about['system']}; load {about['load']:.1f}; {versions}"
    )
