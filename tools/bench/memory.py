"""What processes hold in memory, from /proc; all in bytes."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

MB = 1e6


@dataclass(frozen=True)
class Map:
    """One map of this process: ``sizes`` by their names in ``smaps``."""

    shared: bool
    path: str
    sizes: dict[str, int]


def _sizes(lines: Iterable[str]) -> dict[str, int]:
    """The ``Name: 12 kB`` lines, in bytes."""
    words = (line.split() for line in lines)
    return {word[0].rstrip(":"): int(word[1]) * 1024 for word in words if len(word) == 3 and word[2] == "kB"}


def _maps() -> Iterator[Map]:
    text = Path("/proc/self/smaps").read_text()
    for block in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", text, flags=re.MULTILINE)[1:]:
        head, *lines = block.splitlines()
        _, access, _, _, _, *path = head.split(maxsplit=5)
        yield Map(access.endswith("s"), path[0] if path else "", _sizes(lines))


def private() -> int:
    """The pages that only this process has.

    Pages of shared maps do not count: they are the page cache's, given back when memory is short, even while no other
    process happens to use them (``Private_Clean`` counts them then).
    """
    return sum(one.sizes["Private_Clean"] + one.sizes["Private_Dirty"] for one in _maps() if not one.shared)


def mapped(path: Path) -> tuple[int, int]:
    """Of one file's maps in this process: bytes in memory (Rss), and those divided by who shares them (Pss)."""
    found = [one.sizes for one in _maps() if one.path == str(path)]
    return sum(sizes["Rss"] for sizes in found), sum(sizes["Pss"] for sizes in found)


def peak(pid: int | str = "self") -> int:
    """The most that a process ever had mapped and in memory."""
    return _sizes(Path(f"/proc/{pid}/status").read_text().splitlines())["VmHWM"]


def _pss(pid: int) -> int:
    return _sizes(Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines())["Pss"]


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _family(int(child))
    return found


@dataclass
class Watch:
    """Samples a process and its descendants while it is entered.

    ``peaks`` is the peak of each by process id; ``together`` the highest sum of their private and shared pages, each
    page counted once (Pss).
    """

    pid: int
    pause: float = 0.1
    peaks: dict[int, int] = field(default_factory=dict)
    together: int = 0

    def __enter__(self) -> Watch:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()

    def _run(self) -> None:
        while not self._stop.wait(self.pause):
            self._sample()

    def _sample(self) -> None:
        together = 0
        # a process may end while it is looked at
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, KeyError):
            for pid in _family(self.pid):
                self.peaks[pid] = peak(pid)
                together += _pss(pid)
        self.together = max(self.together, together)
