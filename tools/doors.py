"""Everything that opens a store for its users, to be asked of forged ones: commands, adaptors, explorer, searches."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr
from click.testing import CliRunner

import natsbin
from natsbin import frames
from natsbin.adaptors.xarray import NatsbinBackend
from natsbin.cli import main
from natsbin.errors import NatsbinError
from natsbin.explore import make_site
from natsbin.search import StoredSimulation
from natsbin.store import open_store

Door = Callable[[Path, Path], object]
"""Given the path of a store, and that of something to write."""


def _command(*words: object) -> None:
    """Run a command: it may fail, in words."""
    result = CliRunner().invoke(main, list(map(str, words)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if result.exit_code not in (0, 1):
        raise RuntimeError(f"exit code {result.exit_code}: {result.output}")


def _attach(path: Path, out: Path) -> None:
    table = out.with_suffix(".json")
    table.write_text('{"3": 1.0}')
    natsbin.attach(path, table, "score")


def _site(path: Path, out: Path) -> None:
    for make in make_site([path]).files.values():
        make()


def _scalar(path: Path, out: Path) -> None:
    api: Any = natsbin.create(path, open_store(path).space.name, True, False)
    questions: tuple[Callable[[], object], ...] = (
        lambda: api.get_more_info(3, "cifar10", None, "12", False),
        lambda: api.simulate_train_eval(8, "cifar10", 5, "12"),
        lambda: api.get_cost_info(5, "cifar100", "12"),
        lambda: api.query_info_str_by_arch(3, "12"),
        lambda: api.find_best("cifar10", "ori-test", hp="12"),
        lambda: api.statistics("cifar10", "12"),
    )
    for question in questions:
        try:
            question()
        except NatsbinError:  # the next question may find what this one did not come to
            continue


DOORS: dict[str, Door] = {
    "export": lambda path, out: natsbin.export(path, out, jobs=1),
    "pack": lambda path, out: natsbin.pack(path, out),
    "unpack": lambda path, out: natsbin.unpack(path, out),
    "attach": _attach,
    "frame": lambda path, out: frames.table(path, trials=True),
    "curves": lambda path, out: frames.table(path, curves=True),
    "xarray": lambda path, out: xr.open_dataset(path, engine=NatsbinBackend, hp="12", dataset="cifar10").load(),
    "explorer": _site,
    "info": lambda path, out: _command("info", path),
    "query": lambda path, out: _command("query", path, "3"),
    "verify": lambda path, out: _command("verify", path, "--quiet"),
    "plot": lambda path, out: _command("plot", path, "tradeoff", "-o", out.with_suffix(".svg")),
    "search": lambda path, out: StoredSimulation(open_store(path), "cifar10", "12"),
    "find_best": lambda path, out: natsbin.Batch(open_store(path)).find_best("cifar10", "train", hp="12"),
    "scalar": _scalar,
}


def ask(name: str, path: Path, out: Path) -> str:
    """``answered`` or ``refused``; whatever else is raised is a fault. ``out`` and its like are removed before."""
    for one in (out, out.with_suffix(".svg")):
        if one.is_dir():
            shutil.rmtree(one)
        one.unlink(missing_ok=True)
    try:
        DOORS[name](path, out)
    except NatsbinError:
        return "refused"
    return "answered"
